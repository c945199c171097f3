import {
  SessionError,
  SessionStore,
  type SessionSupport,
  type StoreOptions,
  type StoreTransaction,
  type TableNames,
  type TransactionStore,
} from '@stackone/sessions-core';
import {
  type Awaitable,
  checkArgument,
  checkOptions,
  checkTarget,
  isBoolean,
  isOneOf,
  isTableNames,
  isWholeNumber,
  loadFailure,
  parseStoreUrl,
  readArgument,
  STORE_OPTION_CHECKS,
  tableNames,
  type WarningReporter,
} from '@stackone/sessions-core/backend';
import { SqliteBackend } from './backend.js';
import { openDatabase, type Synchronous } from './connect.js';
import { conversationStatements } from './conversation-statements.js';
import { isDriver, type SqliteDriverOption } from './driver.js';
import type { DrizzleSqliteDatabase, DrizzleSqliteTransaction, SqliteDatabase } from './driver-types.js';
import {
  type DrizzleRunner,
  type DrizzleSql,
  HandleExecutor,
  type SqliteExecutor,
  TransactionExecutor,
} from './executor.js';
import { historyStatement } from './history-statements.js';
import { IN_MEMORY, readSqliteUrl, sqliteLocation } from './location.js';
import { runStatements } from './runs.js';
import { sqliteNames, statements } from './statements.js';
import { prepareTables } from './tables.js';
import { usageStatements } from './usage.js';
import { wholeStatements } from './whole-statements.js';

/** Where the conversations are: a URL, a better-sqlite3 handle, or a Drizzle database on one. */
export type SqliteTarget = { url: string } | { database: SqliteDatabase } | { db: DrizzleSqliteDatabase };

/** The options of a {@link SqliteSessionStore}. */
export interface SqliteStoreOptions extends StoreOptions {
  /** Makes tables and indexes that are missing. Default `true`; with `false` no DDL is ever sent, and no file is made. */
  createTables?: boolean | undefined;
  /** The names of the tables. Default `agent_sessions` and `agent_messages`, as in the Python SDK. */
  tables?: TableNames | undefined;
  /**
   * `PRAGMA synchronous` of a database that the store opens. Default `full`: what was acknowledged survives a
   * power cut. With `normal` the last turns before one may be missing; the database stays intact.
   */
  synchronous?: Synchronous | undefined;
  /**
   * How long a call waits for the lock of another connection, in ms, for a database that the store opens. Default
   * 5000. SQLite waits synchronously.
   */
  busyTimeout?: number | undefined;
  /**
   * The driver itself, as `import Database from 'better-sqlite3'` gives it, for a database that the store opens: for
   * bundles (`better-sqlite3/linux-x64` and its like can be part of one), and for a `better-sqlite3` that is not
   * installed where this package looks for it. Default: the store imports it when it first opens the database.
   */
  driver?: SqliteDriverOption | undefined;
}

/** The checks of {@link SqliteStoreOptions}. */
export const SQLITE_OPTION_CHECKS = {
  ...STORE_OPTION_CHECKS,
  createTables: isBoolean,
  tables: isTableNames,
  synchronous: isOneOf('extra', 'full', 'normal'),
  busyTimeout: isWholeNumber(0),
  driver: isDriver,
};

const OPEN_OPTIONS = ['synchronous', 'busyTimeout', 'driver'] as const;

/**
 * Conversations in a SQLite database.
 *
 * The tables are those of the Python SDK's `SQLAlchemySession`. Files that it, Python's `SQLiteSession` or version
 * 0.4.1 of this project made can be opened too.
 *
 * @example
 * ```ts
 * const store = await SqliteSessionStore.fromUrl('sqlite:./sessions.db');
 * await run(agent, 'Hello', { session: store.session('chat_123') });
 * await store.close();
 * ```
 */
export class SqliteSessionStore extends SessionStore {
  /**
   * No I/O: connects and makes the tables at the first call.
   *
   * @param target - `{ url }`: the store opens and closes the database. `{ database }`, `{ db }`: it stays yours.
   * @throws TypeError for an unknown option or a wrong target. SessionError `UNSUPPORTED_URL`.
   */
  constructor(target: SqliteTarget, options: SqliteStoreOptions = {}) {
    checkOptions('SqliteSessionStore', options, SQLITE_OPTION_CHECKS);
    const open = backendOpener(target, options);
    const { messages: table } = tableNames(options.tables);
    super({ name: 'sqlite', table, supports: support(target), open }, options);
  }

  /**
   * Opens a database by its URL: `sqlite:./a.db`, `sqlite:///abs/a.db`, `file:`, `sqlite::memory:`. Parameters of SQLite
   * and Prisma are honoured or refused by name, see docs/url-parameters.md.
   *
   * @throws SessionError such as `DATABASE_NOT_FOUND`, `PERMISSION_DENIED`, `READ_ONLY`, `INVALID_DATABASE`,
   * `BUSY`, `TABLE_MISSING`, `DRIVER_MISSING`, `DRIVER_FAILED`.
   * @example
   * ```ts
   * await using store = await SqliteSessionStore.fromUrl('sqlite:./sessions.db');
   * await run(agent, 'Hello', { session: store.session('chat_123') });
   * ```
   */
  static fromUrl(url: string, options?: SqliteStoreOptions): Promise<SqliteSessionStore> {
    return opened({ url }, options);
  }

  /**
   * Uses a better-sqlite3 handle of yours. `close()` leaves it open; its pragmas are not touched.
   *
   * @example
   * ```ts
   * const database = new Database('app.db'); // of better-sqlite3
   * const store = await SqliteSessionStore.fromDatabase(database);
   * ```
   */
  static fromDatabase(database: SqliteDatabase, options?: SqliteStoreOptions): Promise<SqliteSessionStore> {
    return opened({ database }, options);
  }

  /**
   * Uses a Drizzle database of yours on better-sqlite3. `close()` leaves it open.
   *
   * @example
   * ```ts
   * const db = drizzle({ client: new Database('app.db') });
   * const store = await SqliteSessionStore.fromDrizzle(db);
   * ```
   */
  static fromDrizzle(db: DrizzleSqliteDatabase, options?: SqliteStoreOptions): Promise<SqliteSessionStore> {
    return opened({ db }, options);
  }

  /**
   * The same store inside a transaction of yours. better-sqlite3's transactions are synchronous, so each call is
   * done, or has thrown, when it returns; there is nothing to await in the callback.
   *
   * @example
   * ```ts
   * db.transaction((tx) => {
   *   tx.insert(orders).values(order).run();
   *   store.with(tx).session('chat_123').addItems(items);
   * });
   * ```
   */
  override with(transaction: DrizzleSqliteTransaction): TransactionStore {
    return super.with(transaction);
  }

  /**
   * As in every store: begins a transaction, and commits when the promise of `work` is resolved. `tx.client` is the better-sqlite3
   * handle, or the Drizzle database that the store was made from.
   *
   * SQLite has one connection here, and the transaction holds it: other calls of this store wait until it is over, and
   * everything else that goes through a handle of yours meanwhile is inside the transaction. So give the store a handle of its own.
   *
   * @example
   * ```ts
   * await store.transaction(async (tx) => {
   *   tx.client.prepare('INSERT INTO orders (id) VALUES (?)').run(7);
   *   await tx.session('chat_123').addItems(items);
   * });
   * ```
   */
  override transaction<T, Client extends object = SqliteDatabase>(
    work: (tx: StoreTransaction<Client>) => Awaitable<T>,
  ): Promise<T> {
    return super.transaction(work as (tx: StoreTransaction) => Awaitable<T>);
  }
}

/** Async, so that a mistake in the arguments is a rejection too. */
async function opened(
  target: SqliteTarget,
  options: SqliteStoreOptions | undefined,
): Promise<SqliteSessionStore> {
  return new SqliteSessionStore(target, options).open();
}

interface Connected {
  readonly database: SqliteDatabase;
  readonly join: (transaction: unknown) => SqliteExecutor;
  /** What the application runs statements of its own on, in a transaction of the store. */
  readonly client: unknown;
  readonly close: () => void;
}

function connector(target: SqliteTarget, options: SqliteStoreOptions): () => Promise<Connected> {
  checkTarget('SqliteSessionStore', target, ['url', 'database', 'db']);
  if ('url' in target) {
    const url = readSqliteUrl(parseStoreUrl(target.url, 'sqlite'));
    const { synchronous = 'full', busyTimeout = 5000, driver, createTables = true } = options;
    // an empty file would be left behind, of no use without tables
    const mustExist =
      url.mustExist ?? (createTables ? undefined : 'the store may make none: createTables is false');
    return async () => {
      const database = await openDatabase({ ...url, mustExist }, { synchronous, busyTimeout, driver });
      return { database, join: joinNothing, client: database, close: () => void database.close() };
    };
  }
  for (const name of OPEN_OPTIONS) {
    if (options[name] !== undefined)
      throw new TypeError(`SqliteSessionStore: "${name}" is for databases opened by URL.`);
  }
  const problem = 'SqliteSessionStore: this is not a better-sqlite3 database, nor a Drizzle database on one.';
  const database = readArgument(problem, () => {
    const given = 'database' in target ? target.database : target.db?.$client;
    return typeof given?.prepare === 'function' ? given : undefined;
  });
  if (!database) throw new TypeError(problem);
  const join = 'db' in target ? joinDrizzle : async () => joinNothing;
  const client = 'db' in target ? target.db : database;
  return async () => ({ database, join: await join(), client, close: () => undefined });
}

/** Drizzle is loaded only where the application uses it itself: it takes ten times as long as the driver. */
async function joinDrizzle(): Promise<Connected['join']> {
  const sql = await drizzleTag();
  return (transaction) => {
    checkArgument('SqliteSessionStore: this is not a Drizzle transaction on better-sqlite3.', () => {
      const { all, run } = (transaction ?? {}) as Partial<DrizzleRunner>;
      return typeof all === 'function' && typeof run === 'function';
    });
    return new TransactionExecutor(transaction as DrizzleRunner, sql);
  };
}

async function drizzleTag(): Promise<DrizzleSql> {
  try {
    return (await import('drizzle-orm/sql')).sql;
  } catch (cause) {
    throw loadFailure('drizzle-orm', cause);
  }
}

function joinNothing(): never {
  throw new SessionError(
    'UNSUPPORTED',
    'To join transactions, open the store with SqliteSessionStore.fromDrizzle(db).',
  );
}

function support(target: SqliteTarget): SessionSupport {
  const inMemory = 'url' in target && sqliteLocation(parseStoreUrl(target.url, 'sqlite')) === IN_MEMORY;
  return {
    durable: !inMemory,
    shared: !inMemory,
    edit: true,
    operations: true,
    transactions: 'db' in target,
    ownTransactions: true,
    listing: true,
    conversations: true,
    history: true,
    metadata: true,
    copying: true,
    usage: true,
    runs: true,
    erasure: true,
    restoring: true,
    watching: true,
    retention: true,
  };
}

/**
 * What opens the backend of a target.
 *
 * @throws SessionError `UNSUPPORTED_URL`, TypeError for a wrong target.
 */
export function backendOpener(
  target: SqliteTarget,
  options: SqliteStoreOptions = {},
): (warn: WarningReporter) => Promise<SqliteBackend> {
  const connect = connector(target, options);
  const names = sqliteNames(options.tables);
  return async (warn) => {
    const { database, join, client, close } = await connect();
    try {
      const executor = new HandleExecutor(database);
      const sideTables = prepareTables(executor, names, options.createTables ?? true, warn);
      const supports = { ...support(target), ...sideTables, retention: sideTables.erasure };
      const sql = statements(names);
      const conversationSql = conversationStatements(names, sideTables);
      const historySql = historyStatement(names);
      const usageSql = usageStatements(names);
      const wholeSql = wholeStatements(names);
      const runSql = runStatements(names);
      const own = { handle: executor, client };
      return new SqliteBackend({
        executor,
        sql,
        conversationSql,
        historySql,
        usageSql,
        wholeSql,
        runSql,
        supports,
        join,
        own,
        close,
      });
    } catch (error) {
      close();
      throw error;
    }
  };
}
