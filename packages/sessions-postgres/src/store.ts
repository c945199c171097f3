import {
  type RetryOptions,
  SessionStore,
  type SessionSupport,
  type StoreOptions,
  type TableNames,
  type TransactionStore,
} from '@stackone/sessions-core';
import {
  checkOptions,
  isBoolean,
  isTableNames,
  isWholeNumber,
  type OptionCheck,
  parseStoreUrl,
  RETRY_OPTION_CHECKS,
  retry,
  STORE_OPTION_CHECKS,
  type WarningReporter,
} from '@stackone/sessions-core/backend';
import { PostgresBackend } from './backend.js';
import { type ConnectOptions, endPool, isTls, openPool, surviveDrops } from './connect.js';
import { conversationStatements } from './conversation-statements.js';
import type {
  DrizzlePostgresDatabase,
  DrizzlePostgresTransaction,
  PostgresClient,
  PostgresPool,
} from './driver-types.js';
import { ClientExecutor, DrizzleExecutor, PoolExecutor, type PostgresExecutor } from './executor.js';
import { postgresNames, statements } from './statements.js';
import { prepareTables } from './tables.js';

/** Where the conversations are: a URL, a `pg` pool, or a Drizzle database on any driver. */
export type PostgresTarget = { url: string } | { pool: PostgresPool } | { db: DrizzlePostgresDatabase };

/** The options of a {@link PostgresSessionStore}. Those of {@link ConnectOptions} are for stores made from a URL. */
export interface PostgresStoreOptions extends StoreOptions, RetryOptions, ConnectOptions {
  /** Makes tables and indexes that are missing. Default `true`; with `false` no DDL is ever sent. */
  createTables?: boolean;
  /** The names of the tables. Default `agent_sessions` and `agent_messages`, as in the Python SDK. */
  tables?: TableNames;
  /** The schema of the tables. Default: where the `search_path` finds them, else its first schema. */
  schema?: string;
}

const isSchemaName: OptionCheck = (value) =>
  isTableNames({ sessions: value }) === undefined ? undefined : 'a name of 1 to 63 bytes, without NUL';

const CONNECT_OPTION_CHECKS = { connectionTimeout: isWholeNumber(1), max: isWholeNumber(1), ssl: isTls };

/** The checks of {@link PostgresStoreOptions}. */
export const POSTGRES_OPTION_CHECKS = {
  ...STORE_OPTION_CHECKS,
  ...RETRY_OPTION_CHECKS,
  ...CONNECT_OPTION_CHECKS,
  createTables: isBoolean,
  tables: isTableNames,
  schema: isSchemaName,
};

/**
 * Conversations in a PostgreSQL database.
 *
 * The tables are those of the Python SDK's `SQLAlchemySession`. Tables that it or version 0.4.1 of this project
 * made can be opened too. Works through PgBouncer in transaction mode.
 *
 * @example
 * ```ts
 * const store = await PostgresSessionStore.fromUrl('postgres://user:password@host:5432/database');
 * await run(agent, 'Hello', { session: store.session('chat_123') });
 * await store.close();
 * ```
 */
export class PostgresSessionStore extends SessionStore {
  /**
   * No I/O: connects and makes the tables at the first call.
   *
   * @param target - `{ url }`: the store opens and ends the pool. `{ pool }`, `{ db }`: it stays yours.
   * @throws TypeError for an unknown option. SessionError `UNSUPPORTED_URL`.
   */
  constructor(target: PostgresTarget, options: PostgresStoreOptions = {}) {
    checkOptions('PostgresSessionStore', options, POSTGRES_OPTION_CHECKS);
    super({ name: 'postgres', supports: SUPPORTS, open: backendOpener(target, options) }, options);
  }

  /**
   * Opens a database by its URL: `postgres://user:password@host:5432/database`. The URL may carry `sslmode`,
   * `sslrootcert`, `sslcert`, `sslkey`, `application_name`, `options`, `statement_timeout`, `lock_timeout`.
   *
   * @throws SessionError such as `CONNECTION_FAILED`, `AUTHENTICATION_FAILED`, `DATABASE_NOT_FOUND`, `TLS_FAILED`,
   * `PERMISSION_DENIED`, `READ_ONLY`, `TABLE_MISSING`, `SCHEMA_MISMATCH`, `DRIVER_MISSING`.
   */
  static fromUrl(url: string, options?: PostgresStoreOptions): Promise<PostgresSessionStore> {
    return opened({ url }, options);
  }

  /** Uses a `pg` pool of yours. `close()` leaves it open. */
  static fromPool(pool: PostgresPool, options?: PostgresStoreOptions): Promise<PostgresSessionStore> {
    return opened({ pool }, options);
  }

  /**
   * Uses a Drizzle database of yours, on any driver for PostgreSQL. `close()` leaves it open. Over one connection
   * (a `pg` client, PGlite) the store's calls take turns; do not begin transactions of your own on it meanwhile.
   */
  static fromDrizzle(
    db: DrizzlePostgresDatabase,
    options?: PostgresStoreOptions,
  ): Promise<PostgresSessionStore> {
    return opened({ db }, options);
  }

  /**
   * The same store inside a transaction of yours: Drizzle's `tx`, or a `pg` client after its `BEGIN`. A turn and your
   * own rows commit or roll back together. Nothing is tried again in there.
   *
   * @example
   * ```ts
   * await db.transaction(async (tx) => {
   *   await tx.insert(orders).values(order);
   *   await store.with(tx).session('chat_123').addItems(items);
   * });
   * ```
   */
  override with(transaction: DrizzlePostgresTransaction | PostgresClient): TransactionStore {
    return super.with(transaction);
  }
}

/** Async, so that a mistake in the arguments is a rejection too. */
async function opened(
  target: PostgresTarget,
  options: PostgresStoreOptions | undefined,
): Promise<PostgresSessionStore> {
  return new PostgresSessionStore(target, options).open();
}

const SUPPORTS: SessionSupport = {
  durable: true,
  shared: true,
  edit: true,
  operations: true,
  listing: true,
  conversations: true,
  transactions: true,
};

interface Connected {
  readonly executor: PostgresExecutor;
  readonly close: () => Promise<void>;
}

function connector(target: PostgresTarget, options: PostgresStoreOptions): () => Promise<Connected> {
  if ('url' in target) {
    const url = parseStoreUrl(target.url, 'postgres');
    return async () => {
      const pool = await openPool(url, options);
      surviveDrops(pool);
      return { executor: new PoolExecutor(pool), close: () => endPool(pool) };
    };
  }
  for (const name of Object.keys(CONNECT_OPTION_CHECKS) as (keyof ConnectOptions)[]) {
    if (options[name] !== undefined)
      throw new TypeError(`PostgresSessionStore: "${name}" is for stores made from a URL.`);
  }
  const [emitter, executor] = ownExecutor(target);
  return async () => {
    surviveDrops(emitter);
    return { executor, close: async () => undefined };
  };
}

/** What the application handed over: what may emit errors, and the connection over it. */
function ownExecutor(target: Exclude<PostgresTarget, { url: string }>): [unknown, PostgresExecutor] {
  if ('pool' in target) {
    const { pool } = target;
    if (typeof pool?.connect !== 'function' || typeof pool.totalCount !== 'number')
      throw new TypeError('PostgresSessionStore: this is not a pool of pg.');
    return [pool, new PoolExecutor(pool)];
  }
  const { db } = target;
  if (typeof db?.execute !== 'function' || typeof db.transaction !== 'function')
    throw new TypeError('PostgresSessionStore: this is not a Drizzle database for PostgreSQL.');
  return [Reflect.get(db, '$client'), new DrizzleExecutor(db, 'write')];
}

function joinTransaction(transaction: unknown): PostgresExecutor {
  const { execute, query } = (transaction ?? {}) as { execute?: unknown; query?: unknown };
  if (typeof execute === 'function')
    return new DrizzleExecutor(transaction as DrizzlePostgresTransaction, 'undone');
  if (typeof query === 'function') return new ClientExecutor(transaction as PostgresClient);
  throw new TypeError('PostgresSessionStore: this is neither a Drizzle transaction nor a client of pg.');
}

/**
 * What opens the backend of a target. Its connection is tried as often as the options say.
 *
 * @throws SessionError `UNSUPPORTED_URL`, TypeError for a target that is none.
 */
export function backendOpener(
  target: PostgresTarget,
  options: PostgresStoreOptions = {},
): (warn: WarningReporter) => Promise<PostgresBackend> {
  const connect = connector(target, options);
  const wanted = postgresNames(options.tables, options.schema);
  const open = async (warn: WarningReporter) => {
    const { executor, close } = await connect();
    try {
      const prepared = await prepareTables(executor, wanted, options.createTables ?? true, warn);
      const { names, operations, readCommitted, transactions } = prepared;
      return new PostgresBackend({
        executor,
        sql: statements(names),
        conversationSql: conversationStatements(names),
        supports: { ...SUPPORTS, operations, transactions, edit: transactions },
        readCommitted,
        retry: options,
        join: joinTransaction,
        close,
      });
    } catch (error) {
      await close();
      throw error;
    }
  };
  return (warn) => retry(() => open(warn), options);
}
