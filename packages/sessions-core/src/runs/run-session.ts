import type { AgentInputItem, RunContext, Session, SessionHistoryTransactionArgs } from '@openai/agents-core';
import { canonicalText } from '../items/item-codec.js';
import { SessionError } from '../port/errors.js';
import type { StoreSession } from '../session/session.js';

/** What a run wrote: items that are added, and a history that takes the place of all that was there before them. */
export interface RunTurn {
  readonly replacement: readonly AgentInputItem[] | undefined;
  readonly items: readonly AgentInputItem[];
}

/**
 * The session that the SDK's runner is given for a run: it shows the conversation as it was when the run began to read it, and keeps
 * what the runner writes until the run ends.
 */
export class RunSession implements Session {
  /** As that of the session behind it. */
  declare readonly acceptsRunContext?: true;
  readonly #session: StoreSession;
  readonly #applied = new Set<string>();
  #history: Promise<AgentInputItem[]> | undefined;
  #replacement: AgentInputItem[] | undefined;
  #items: AgentInputItem[] = [];

  constructor(session: StoreSession) {
    this.#session = session;
    if (session.acceptsRunContext)
      Object.defineProperty(this, 'acceptsRunContext', { value: true, enumerable: true });
    // the runner looks whether it is there
    if (typeof session.applyHistoryTransaction !== 'function')
      Object.defineProperty(this, 'applyHistoryTransaction', { value: undefined });
  }

  /** What the runner wrote until now. */
  get turn(): RunTurn {
    return { replacement: this.#replacement, items: this.#items };
  }

  getSessionId(): Promise<string> {
    return this.#session.getSessionId();
  }

  async getItems(limit?: number, runContext?: RunContext<unknown>): Promise<AgentInputItem[]> {
    this.#history ??= this.#session.getItems(undefined, runContext);
    const items = structuredClone([...(this.#replacement ?? (await this.#history)), ...this.#items]);
    return limit === undefined ? items : items.slice(Math.max(items.length - Math.max(limit, 0), 0));
  }

  async addItems(items: AgentInputItem[]): Promise<void> {
    this.#items.push(...structuredClone(items));
  }

  async popItem(): Promise<AgentInputItem | undefined> {
    return this.#items.pop();
  }

  async clearSession(): Promise<void> {
    this.#replacement = [];
    this.#items = [];
  }

  async replaceHistoryWithCompaction(items: AgentInputItem[]): Promise<void> {
    this.#replacement = structuredClone(items);
    this.#items = [];
  }

  async applyHistoryTransaction({ operationId, transaction }: SessionHistoryTransactionArgs): Promise<void> {
    if (this.#applied.has(operationId)) return;
    const expected = transaction.type === 'replace_suffix' ? transaction.expectedSuffix : [];
    const start = this.#items.length - expected.length;
    const isSame = expected.every(
      (item, at) => canonicalText(item) === canonicalText(this.#items[start + at]),
    );
    if (start < 0 || !isSame) {
      throw new SessionError(
        'SUFFIX_MISMATCH',
        'Session history suffix no longer matches the transaction precondition.',
      );
    }
    const added = transaction.type === 'replace_suffix' ? transaction.replacement : transaction.items;
    this.#items.splice(start, expected.length, ...structuredClone(added));
    this.#applied.add(operationId);
  }
}
