import {
  checkOptions,
  isWholeNumber,
  parseStoreUrl,
  RETRY_OPTION_CHECKS,
  type RetryOptions,
  SessionError,
  type SessionStore,
} from '@stackone/sessions-core';
import { MEMORY_OPTION_CHECKS, MemorySessionStore, type MemoryStoreOptions } from '@stackone/sessions-memory';
import { SQLITE_OPTION_CHECKS, SqliteSessionStore, type SqliteStoreOptions } from '@stackone/sessions-sqlite';

/** Options that only concern stores on a server. */
export interface ServerOptions extends RetryOptions {
  /** How long a connection may take to be made, in ms. Default 10000. */
  connectionTimeout?: number;
}

/** The options of {@link openSessionStore}: those of every store. */
export type OpenStoreOptions = MemoryStoreOptions & SqliteStoreOptions & ServerOptions;

/** The checks of {@link OpenStoreOptions}. */
export const OPEN_STORE_OPTION_CHECKS = {
  ...MEMORY_OPTION_CHECKS,
  ...SQLITE_OPTION_CHECKS,
  ...RETRY_OPTION_CHECKS,
  connectionTimeout: isWholeNumber(1),
};

/**
 * Opens the store that a URL names: `sqlite::memory:`, `sqlite:./a.db`, `sqlite:///abs/a.db`, `file:`, `memory:`.
 * The store is yours to close. Options that the store of the URL does not have are not used, so that the URL can
 * name another store elsewhere.
 *
 * @throws SessionError `UNSUPPORTED_URL` for any other scheme, else whatever opening that store throws.
 * @throws TypeError for an option that no store has.
 * @example
 * ```ts
 * const store = await openSessionStore(process.env.SESSIONS_URL ?? 'sqlite:./sessions.db');
 * await run(agent, 'Hello', { session: store.session('chat_123') });
 * await store.close();
 * ```
 */
export async function openSessionStore(url: string, options: OpenStoreOptions = {}): Promise<SessionStore> {
  const { scheme } = parseStoreUrl(url);
  checkOptions('openSessionStore', options, OPEN_STORE_OPTION_CHECKS);
  switch (scheme) {
    case 'memory':
      return new MemorySessionStore(only(MEMORY_OPTION_CHECKS, options)).open();
    case 'sqlite':
      return SqliteSessionStore.fromUrl(url, only(SQLITE_OPTION_CHECKS, options));
    default:
      throw new SessionError('UNSUPPORTED_URL', `There is no store for ${scheme}: yet.`);
  }
}

/** The options that are among the checked ones. */
function only(checks: object, options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(checks, name)));
}
