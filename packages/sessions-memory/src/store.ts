import { SessionStore, type StoreOptions } from '@stackone/sessions-core';
import { checkOptions, STORE_OPTION_CHECKS } from '@stackone/sessions-core/backend';
import { MEMORY_SUPPORT, MemoryBackend } from './backend.js';

/** The options of a {@link MemorySessionStore}: those of every store. */
export type MemoryStoreOptions = StoreOptions;

/** The checks of {@link MemoryStoreOptions}. */
export const MEMORY_OPTION_CHECKS = STORE_OPTION_CHECKS;

/**
 * Conversations in the memory of this process: for tests, and for conversations that may be forgotten. Behaves as
 * the database stores do, copies and refusals included.
 *
 * @example
 * ```ts
 * const store = new MemorySessionStore();
 * await run(agent, 'Hello', { session: store.session('chat_123') });
 * ```
 */
export class MemorySessionStore extends SessionStore {
  /** @throws TypeError for an unknown option. */
  constructor(options: MemoryStoreOptions = {}) {
    checkOptions('MemorySessionStore', options, MEMORY_OPTION_CHECKS);
    super({ name: 'memory', supports: MEMORY_SUPPORT, open: () => new MemoryBackend() }, options);
  }
}
