import { AsyncLocalStorage } from 'node:async_hooks';
import type { AgentInputItem, OpenAIResponsesCompactionAwareSession, Session } from '@openai/agents-core';
import { SessionError } from '../port/errors.js';
import { dropWindow } from './compaction-wrapper.js';
import type { TenantSession } from './session.js';

/**
 * Puts the SDK's `OpenAIResponsesCompactionSession` around a session so that a crash cannot lose the conversation. That class
 * clears a session and then adds what is left of it; here both are one transaction, so that others see, and a
 * crash leaves, the old conversation or the new one.
 *
 * @param session - A session of a store. A window of it ends: the whole conversation is compacted.
 * @param wrap - Makes the SDK's session around the one it is given.
 * @returns What `wrap` made, to be handed to `run()`.
 * @throws SessionError `UNSUPPORTED` where the database has no interactive transactions.
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
  dropWindow(session);
  if (typeof session.replaceHistoryWithCompaction !== 'function') {
    throw new SessionError('UNSUPPORTED', 'This store cannot replace a conversation in one transaction.');
  }
  const underlying = new ReplacedSession(session);
  const wrapper = wrap(underlying);
  const runCompaction: Wrapper['runCompaction'] = wrapper.runCompaction.bind(wrapper);
  wrapper.runCompaction = (...args) => underlying.compact(async () => runCompaction(...args));
  return wrapper;
}

/** A session in which, during a compaction, clearing and adding are one replacement. */
class ReplacedSession implements Session {
  readonly #session: TenantSession;
  /** The compaction that a call belongs to: calls of others go on meanwhile. */
  readonly #compaction = new AsyncLocalStorage<{ cleared: boolean }>();

  constructor(session: TenantSession) {
    this.#session = session;
  }

  async compact<T>(call: () => Promise<T>): Promise<T> {
    const compaction = { cleared: false };
    const result = await this.#compaction.run(compaction, call);
    if (compaction.cleared) await this.#session.clearSession(); // nothing is left of the conversation
    return result;
  }

  getSessionId(): Promise<string> {
    return this.#session.getSessionId();
  }

  getItems(limit?: number): Promise<AgentInputItem[]> {
    return this.#session.getItems(limit);
  }

  async addItems(items: AgentInputItem[]): Promise<void> {
    const compaction = this.#compaction.getStore();
    if (!compaction?.cleared) return this.#session.addItems(items);
    await this.#session.replaceHistoryWithCompaction(items);
    compaction.cleared = false;
  }

  popItem(): Promise<AgentInputItem | undefined> {
    return this.#session.popItem();
  }

  async clearSession(): Promise<void> {
    const compaction = this.#compaction.getStore();
    if (!compaction) return this.#session.clearSession();
    compaction.cleared = true;
  }
}
