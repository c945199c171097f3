import type { AgentInputItem, Session } from '@openai/agents';
import type { StoreSession } from '@stackone/sessions-core';

/**
 * A conversation in which the items from a place on are to be replaced. The agent sees what is kept; what it adds is kept here until
 * {@link commit} puts it in place of the rest, in one transaction. Until then, and if the run fails, the conversation is as it was.
 */
export class Draft implements Session {
  readonly #session: StoreSession;
  readonly #operationId: string;
  readonly #items: AgentInputItem[];
  readonly #kept: number;
  readonly #replaced: AgentInputItem[];

  /**
   * @param items - All of the conversation.
   * @param keep - How many of them stay.
   * @param operationId - However often it is committed under this id, the first time counts.
   */
  constructor(session: StoreSession, items: readonly AgentInputItem[], keep: number, operationId: string) {
    this.#session = session;
    this.#operationId = operationId;
    this.#items = items.slice(0, keep);
    this.#kept = keep;
    this.#replaced = items.slice(keep);
  }

  /**
   * @throws SessionError `SUFFIX_MISMATCH` if the conversation is not what it was, `OPERATION_CONFLICT` if something else was committed
   * under the id. Nothing is changed then.
   */
  async commit(): Promise<void> {
    await this.#session.applyHistoryTransaction({
      operationId: this.#operationId,
      transaction: {
        type: 'replace_suffix',
        expectedSuffix: this.#replaced,
        replacement: this.#items.slice(this.#kept),
      },
    });
  }

  getSessionId(): Promise<string> {
    return this.#session.getSessionId();
  }

  async getItems(limit = Infinity): Promise<AgentInputItem[]> {
    return structuredClone(limit > 0 ? this.#items.slice(-limit) : []);
  }

  async addItems(items: AgentInputItem[]): Promise<void> {
    this.#items.push(...structuredClone(items));
  }

  async popItem(): Promise<AgentInputItem | undefined> {
    return this.#items.length > this.#kept ? this.#items.pop() : undefined;
  }

  async clearSession(): Promise<void> {
    this.#items.length = this.#kept;
  }
}
