import { StoreSession } from '@stackone/sessions-core';
import { hostOf } from '@stackone/sessions-core/backend';
import { MemorySessionStore } from '@stackone/sessions-memory';

/**
 * One conversation in the memory of this process, with a store of its own.
 *
 * @example
 * ```ts
 * const session = new InMemorySession('chat_123');
 * await run(agent, 'Hello', { session });
 * ```
 */
export class InMemorySession extends StoreSession implements AsyncDisposable {
  readonly #store: MemorySessionStore;

  /**
   * @param sessionId - A random one if absent.
   * @throws TypeError for an id that some database could not keep exactly.
   */
  constructor(sessionId: string = crypto.randomUUID()) {
    const store = new MemorySessionStore();
    super(sessionId, hostOf(store));
    this.#store = store;
  }

  /** Forgets the conversation. Later calls fail with `CLOSED`. */
  close(): Promise<void> {
    return this.#store.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
