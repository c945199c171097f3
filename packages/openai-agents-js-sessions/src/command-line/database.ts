import type { Conversations, SessionStore, StoreSession } from '@stackone/sessions-core';
import type { OpenStoreOptions } from '../open-store.js';
import { databaseUrl, type UrlSources, variable } from './database-url.js';
import { CommandFailure, EXIT } from './exit-codes.js';
import { interruptible } from './interruption.js';
import { Output } from './terminal/output.js';
import { UsageError } from './usage-error.js';

/** What every command on a database takes. */
export interface DatabaseOptions extends Omit<UrlSources, 'argument'> {
  /** The options of the store, as JSON. */
  readonly store?: string;
  readonly tenant?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What a command works with. */
export interface Database {
  readonly store: SessionStore;
  /** The conversations that are meant: those of the tenant, or those without one. */
  readonly sessions: Conversations;
  session(id: string): StoreSession;
  readonly output: Output;
  /** Ends the work between two calls. */
  readonly signal: AbortSignal;
}

/**
 * Opens a database that is there, does something with it, and closes it. Nothing is made: no file, no table.
 *
 * @param argument - The URL that the command was given; without, it is looked for elsewhere.
 */
export async function onDatabase(
  argument: string | undefined,
  options: DatabaseOptions,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  const url = databaseUrl({ ...options, argument });
  const output = new Output(options);
  await interruptible(async (signal) => {
    const store = await openStore(url, { ...storeOptions(options), createTables: false }, output);
    try {
      const scope = options.tenant === undefined ? store : store.scoped(options.tenant);
      const { sessions } = scope;
      await work({ store, sessions, session: (id) => scope.session(id), output, signal });
    } finally {
      await store.close();
    }
  });
}

/** Opens a store, of whose warnings the first of each kind goes to standard error. The stores are loaded here. */
async function openStore(url: string, options: OpenStoreOptions, output: Output): Promise<SessionStore> {
  // Node would print them in a form of its own
  process.removeAllListeners('warning').on('warning', ({ name, message, ...warning }) => {
    const { code = name } = warning as { code?: string };
    output.note(`warning: ${code}: ${message}`);
  });
  const { openSessionStore } = await import('../open-store.js');
  return openSessionStore(url, options);
}

/** What `--store` and the environment say. */
function storeOptions({ store, env }: Pick<DatabaseOptions, 'store' | 'env'>): OpenStoreOptions {
  const given = store === undefined ? {} : parsedOptions(store);
  const keys = variable(['SESSIONS_ENCRYPTION_KEY'], env)?.split('\n').filter(Boolean);
  const [key, ...older] = keys ?? [];
  if (key === undefined) return given;
  return { ...given, encryption: { ...given.encryption, key: undefined, keys: [key, ...older] } };
}

/** The options of a store, as JSON. @throws UsageError that does not quote it. */
function parsedOptions(json: string): OpenStoreOptions {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // the parser's own message would quote it
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError('--store must be a JSON object.');
  return value;
}

/** @throws CommandFailure for a conversation that is not there. */
export function noSuchConversation(): never {
  throw new CommandFailure(
    'There is no conversation with this id. "sessions list" shows those that are there; those of a tenant need --tenant.',
    EXIT.notFound,
  );
}
