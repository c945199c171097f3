import { AsyncLocalStorage } from 'node:async_hooks';
import type { AgentInputItem, OpenAIResponsesCompactionAwareSession, Session } from '@openai/agents-core';
import { SessionError } from '../port/errors.js';
import { changed } from '../turns/history-changes.js';
import { dropWindow } from './compaction-wrapper.js';
import type { TenantSession } from './session.js';

/**
 * Puts the SDK's `OpenAIResponsesCompactionSession` around a session so that neither a crash nor the turns of others can
 * lose anything. That class reads a session, has it compacted, clears it and adds what is left; here the last two are one
 * transaction, which replaces what was read, and nothing else: turns that others added meanwhile stay behind it.
 *
 * Where the conversation no longer begins with what was read, nothing is replaced, and `runCompaction` fails with
 * `HISTORY_CHANGED`. So does a `run()` whose turn led to the compaction; the turn is stored.
 *
 * @param session - A session of a store. A window of it ends: the whole conversation is compacted.
 * @param wrap - Makes the SDK's session around the one it is given.
 * @returns What `wrap` made, to be handed to `run()`.
 * @throws SessionError `UNSUPPORTED` where the database has no interactive transactions. TypeError for anything but these two.
 * @example
 * ```ts
 * const session = atomicCompaction(
 *   store.session('chat_123'),
 *   (underlyingSession) => new OpenAIResponsesCompactionSession({ underlyingSession }),
 * );
 * await run(agent, 'Hello', { session });
 * ```
 */
export function atomicCompaction<Wrapper extends OpenAIResponsesCompactionAwareSession>(
  session: TenantSession,
  wrap: (underlyingSession: Session) => Wrapper,
): Wrapper {
  if (typeof session?.getSessionId !== 'function' || typeof wrap !== 'function') {
    throw new TypeError(
      'atomicCompaction takes a session of a store, and a function that makes one around it.',
    );
  }
  dropWindow(session);
  if (typeof session.replaceBeginning !== 'function') {
    throw new SessionError('UNSUPPORTED', 'This store cannot replace a conversation in one transaction.');
  }
  const underlying = new ReplacedSession(session);
  const wrapper = wrap(underlying);
  const runCompaction: Wrapper['runCompaction'] = wrapper.runCompaction.bind(wrapper);
  wrapper.runCompaction = (...args) =>
    underlying.compact(async () => {
      forgetItems(wrapper);
      return runCompaction(...args);
    });
  return wrapper;
}

/** What the SDK's class calls the items that it remembers from one compaction to the next (seen in 0.15 and 0.20). */
const REMEMBERED = ['sessionItems', 'compactionCandidateItems'];

/** Makes the SDK's class read the conversation again: what it remembers lacks the turns of others. */
function forgetItems(wrapper: object): void {
  for (const name of REMEMBERED) if (Object.hasOwn(wrapper, name)) Reflect.set(wrapper, name, undefined);
}

/** A compaction under way. */
interface Compaction {
  /** What was read first: what is compacted. */
  read?: readonly AgentInputItem[];
  /** The arrays that were handed out: where one comes back, the SDK's class restores what it takes for lost. */
  readonly handedOut: Set<readonly AgentInputItem[]>;
  /** How often the conversation had been cleared when it began. */
  readonly clears: number;
  /** Whether the conversation is to be cleared, and what it is replaced by is still to come. */
  cleared: boolean;
  /** Whether it was replaced, or could not be: there is nothing to be restored then. */
  ended: boolean;
}

/** A session in which, during a compaction, clearing and adding are one replacement of what was read. */
class ReplacedSession implements Session {
  readonly #session: TenantSession;
  /** The compaction that a call belongs to: calls of others go on meanwhile. */
  readonly #current = new AsyncLocalStorage<Compaction>();
  #last: Promise<unknown> = Promise.resolve();
  /** How often the conversation was cleared by this session. */
  #clears = 0;

  constructor(session: TenantSession) {
    this.#session = session;
  }

  /** One at a time: what a compaction remembers is forgotten before the next. */
  compact<T>(call: () => Promise<T>): Promise<T> {
    const done = this.#last.then(() => this.#compact(call));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #compact<T>(call: () => Promise<T>): Promise<T> {
    const compaction: Compaction = {
      handedOut: new Set(),
      clears: this.#clears,
      cleared: false,
      ended: false,
    };
    const result = await this.#current.run(compaction, call);
    if (compaction.cleared && !compaction.ended) await this.#replace(compaction, []); // nothing is left of it
    return result;
  }

  getSessionId(): Promise<string> {
    return this.#session.getSessionId();
  }

  async getItems(limit?: number): Promise<AgentInputItem[]> {
    const items = await this.#session.getItems(limit);
    const compaction = this.#current.getStore();
    const areAll = limit === undefined || items.length < limit;
    if (compaction && areAll) compaction.read ??= structuredClone(items);
    compaction?.handedOut.add(items);
    return items;
  }

  async addItems(items: AgentInputItem[]): Promise<void> {
    const compaction = this.#current.getStore();
    if (!compaction?.cleared) return this.#session.addItems(items);
    if (!compaction.ended && !compaction.handedOut.has(items)) await this.#replace(compaction, items);
    compaction.ended = true;
  }

  popItem(): Promise<AgentInputItem | undefined> {
    return this.#session.popItem();
  }

  async clearSession(): Promise<void> {
    const compaction = this.#current.getStore();
    if (compaction) {
      compaction.cleared = true;
      return;
    }
    await this.#session.clearSession();
    this.#clears++; // from now on the SDK's class remembers that nothing is there
  }

  async #replace(compaction: Compaction, items: readonly AgentInputItem[]): Promise<void> {
    compaction.ended = true;
    const { read, clears } = compaction;
    if (!read || clears !== this.#clears) throw changed('The conversation was cleared meanwhile.');
    await this.#session.replaceBeginning(read, items);
  }
}
