import { parseStoreUrl, SessionError, type SessionStore } from '@stackone/sessions-core';
import { MemorySessionStore, type MemoryStoreOptions } from '@stackone/sessions-memory';
import { SqliteSessionStore, type SqliteStoreOptions } from '@stackone/sessions-sqlite';

/** Options that only concern stores on a server. Embedded stores accept and ignore them, so that a URL can change. */
export interface ServerOptions {
  /** How often a failed connection is tried again. Default 3. */
  maxRetries?: number;
  /** The longest wait before that, in ms. Default 1000. */
  retryDelay?: number;
  /** How long a connection may take to be made, in ms. Default 10000. */
  connectionTimeout?: number;
}

/** The options of {@link openSessionStore}: those of the store that the URL names. */
export type OpenStoreOptions = MemoryStoreOptions & SqliteStoreOptions & ServerOptions;

/**
 * Opens the store that a URL names: `sqlite::memory:`, `sqlite:./a.db`, `sqlite:///abs/a.db`, `file:`, `memory:`.
 * The store is yours to close.
 *
 * @throws SessionError `UNSUPPORTED_URL` for any other scheme, else whatever opening that store throws.
 * @throws TypeError for an option that the store does not have.
 * @example
 * ```ts
 * await using store = await openSessionStore(process.env.SESSIONS_URL ?? 'sqlite:./sessions.db');
 * await run(agent, 'Hello', { session: store.session('chat_123') });
 * ```
 */
export async function openSessionStore(url: string, options: OpenStoreOptions = {}): Promise<SessionStore> {
  const { scheme } = parseStoreUrl(url);
  const { maxRetries, retryDelay, connectionTimeout, ...embedded } = options;
  switch (scheme) {
    case 'memory': {
      const { createTables, tables, ...memory } = embedded;
      return new MemorySessionStore(memory).open();
    }
    case 'sqlite':
      return SqliteSessionStore.fromUrl(url, embedded);
    default:
      throw new SessionError('UNSUPPORTED_URL', `There is no store for ${scheme}: yet.`);
  }
}
