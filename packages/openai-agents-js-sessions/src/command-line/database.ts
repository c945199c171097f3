import type { Conversations, Runs, SessionStore, StoreSession } from '@stackone/sessions-core';
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
  /** The runs of the tenant; without one, those of all. */
  readonly runs: Runs;
  readonly output: Output;
  /** Ends the work between two calls. */
  readonly signal: AbortSignal;
}

/** What a command wants of its store. */
interface CommandNeeds {
  /** Whether tables that are missing are made. */
  readonly makesTables?: boolean;
  /** Looks at the options of the store, and may change them. */
  readonly changes?: (given: OpenStoreOptions) => OpenStoreOptions;
}

/**
 * Opens a database, does something with it, and closes it. It has to be there: no file and no table is made, unless the command
 * makes them.
 *
 * @param argument - The URL that the command was given; without, it is looked for elsewhere.
 */
export async function onDatabase(
  argument: string | undefined,
  options: DatabaseOptions,
  work: (database: Database) => Promise<void>,
  { makesTables = false, changes = (given) => given }: CommandNeeds = {},
): Promise<void> {
  const url = databaseUrl({ ...options, argument });
  const output = new Output(options);
  await output.getReady();
  await interruptible(async (signal) => {
    const given = changes(storeOptions(options));
    const store = await openStore(url, makesTables ? given : { ...given, createTables: false }, output);
    try {
      const scope = options.tenant === undefined ? store : store.scoped(options.tenant);
      const { sessions, runs } = scope;
      await work({ store, sessions, runs, session: (id) => scope.session(id), output, signal });
    } finally {
      await store.close();
    }
  });
}

/** Opens a store, of whose warnings the first of each kind goes to standard error. The stores are loaded here. */
export async function openStore(
  url: string,
  options: OpenStoreOptions,
  output: Output,
  onWarning: (warning: string) => void = () => {},
): Promise<SessionStore> {
  // Node would print them in a form of its own
  process.removeAllListeners('warning').on('warning', ({ name, message, ...warning }) => {
    const { code = name } = warning as { code?: string };
    onWarning(`${code}: ${message}`);
    output.note(`warning: ${code}: ${message}`);
  });
  const { openSessionStore } = await import('../open-store.js');
  return openSessionStore(url, options);
}

/** Where the options of a store come from. */
export interface StoreOptionSources {
  /** JSON. */
  readonly store?: string | undefined;
  readonly env?: string | undefined;
  /** The variable that has the keys, one on each line, the newest first. Default `SESSIONS_ENCRYPTION_KEY`. */
  readonly key?: string;
  /** What the option is called that has the JSON. Default `--store`. */
  readonly option?: string;
}

/** The options of a store, as the command line and the environment say. */
export function storeOptions({
  store,
  env,
  key: name = 'SESSIONS_ENCRYPTION_KEY',
  option = '--store',
}: StoreOptionSources): OpenStoreOptions {
  const given = store === undefined ? {} : parsedOptions(store, option);
  const [key, ...older] = variable([name], env)?.split('\n').filter(Boolean) ?? [];
  if (key === undefined) return given;
  return { ...given, encryption: { ...given.encryption, key: undefined, keys: [key, ...older] } };
}

/** @throws UsageError that does not quote it. */
function parsedOptions(json: string, option: string): OpenStoreOptions {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // the parser's own message would quote it
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`${option} must be a JSON object.`);
  return value;
}

/** @throws CommandFailure for a conversation that is not there. */
export function noSuchConversation(): never {
  throw new CommandFailure(
    'There is no conversation with this id. "sessions list" shows those that are there; those of a tenant need --tenant.',
    EXIT.notFound,
  );
}
