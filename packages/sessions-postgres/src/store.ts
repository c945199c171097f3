import {
  type RetryOptions,
  SessionError,
  SessionStore,
  type SessionSupport,
  type StoreOptions,
  type StoreTransaction,
  type TableNames,
  type TimeLimitOptions,
  type TransactionStore,
} from '@stackone/sessions-core';
import {
  type Awaitable,
  checkArgument,
  checkOptions,
  checkTarget,
  DEFAULT_TIMEOUT,
  isBoolean,
  isTableNames,
  RETRY_OPTION_CHECKS,
  readArgument,
  retry,
  STORE_OPTION_CHECKS,
  TIME_LIMIT_OPTION_CHECKS,
  tableNames,
  type WarningReporter,
} from '@stackone/sessions-core/backend';

import { PostgresBackend, type PostgresOwnTransactions } from './backend.js';
import {
  CONNECT_OPTION_CHECKS,
  type ConnectOptions,
  endPool,
  openPool,
  readPostgresUrl,
  surviveDrops,
} from './connect.js';
import { conversationStatements } from './conversation-statements.js';
import { distributedRunStatements } from './distributed-runs.js';
import { distributedStatements, historyByEquality, readsByEquality } from './distributed-statements.js';
import type {
  DrizzlePostgresDatabase,
  DrizzlePostgresTransaction,
  PostgresClient,
  PostgresPool,
} from './driver-types.js';
import { DrizzleExecutor, poolOf } from './drizzle-executor.js';
import { editStatements } from './edit-statements.js';
import { ClientExecutor, PoolExecutor, type PostgresExecutor } from './executor.js';
import { historyStatement } from './history-statements.js';
import { runStatements } from './runs.js';
import { isSchemaName } from './schema-name.js';
import { postgresNames, statements } from './statements.js';
import { type PreparedTables, prepareTables } from './tables.js';
import type { PostgresUrlValues } from './url-parameters.js';
import { usageStatements } from './usage.js';
import { wholeStatements } from './whole-statements.js';

/** Where the conversations are: a URL, a `pg` pool, or a Drizzle database on any driver. */
export type PostgresTarget = { url: string } | { pool: PostgresPool } | { db: DrizzlePostgresDatabase };

/** The options of a {@link PostgresSessionStore}. Those of {@link ConnectOptions} are for stores made from a URL. */
export interface PostgresStoreOptions extends StoreOptions, RetryOptions, TimeLimitOptions, ConnectOptions {
  /** Makes tables and indexes that are missing. Default `true`; with `false` no DDL is ever sent. */
  createTables?: boolean | undefined;
  /** The names of the tables. Default `agent_sessions` and `agent_messages`, as in the Python SDK. */
  tables?: TableNames | undefined;
  /**
   * Whether the tables are split over nodes by `session_id`, as Citus, CockroachDB, YugabyteDB and Aurora DSQL do it. Then every change is
   * made in simple statements on one conversation, and tables that the store makes have keys that begin with `session_id`.
   * Default: `true` where the primary key of the table of messages begins so.
   */
  distributed?: boolean | undefined;
  /** The schema of the tables. Default: where the `search_path` finds them, else its first schema. */
  schema?: string | undefined;
}

/** The checks of {@link PostgresStoreOptions}. */
export const POSTGRES_OPTION_CHECKS = {
  ...STORE_OPTION_CHECKS,
  ...RETRY_OPTION_CHECKS,
  ...TIME_LIMIT_OPTION_CHECKS,
  ...CONNECT_OPTION_CHECKS,
  createTables: isBoolean,
  tables: isTableNames,
  schema: isSchemaName,
  distributed: isBoolean,
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
   * @throws TypeError for an unknown option or a wrong target. SessionError `UNSUPPORTED_URL`.
   */
  constructor(target: PostgresTarget, options: PostgresStoreOptions = {}) {
    checkOptions('PostgresSessionStore', options, POSTGRES_OPTION_CHECKS);
    const { messages: table } = tableNames(options.tables);
    const open = backendOpener(target, options);
    super({ name: 'postgres', table, supports: SUPPORTS, open }, options);
  }

  /**
   * Opens a database by its URL: `postgres://user:password@host:5432/database`, or `postgres://user:password@a:5432,b:5432/database`
   * for several servers, of which the one that takes writes is used. After a `?` it may carry parameters of libpq, `pg` and
   * Prisma: each is honoured or refused by name, see docs/url-parameters.md.
   *
   * @throws SessionError such as `CONNECTION_FAILED`, `AUTHENTICATION_FAILED`, `DATABASE_NOT_FOUND`, `TLS_FAILED`,
   * `PERMISSION_DENIED`, `READ_ONLY`, `TABLE_MISSING`, `SCHEMA_MISMATCH`, `DRIVER_MISSING`, `DRIVER_FAILED`.
   * @example
   * ```ts
   * await using store = await PostgresSessionStore.fromUrl('postgres://user:password@host:5432/database', { max: 5 });
   * await run(agent, 'Hello', { session: store.session('chat_123') });
   * ```
   */
  static fromUrl(url: string, options?: PostgresStoreOptions): Promise<PostgresSessionStore> {
    return opened({ url }, options);
  }

  /**
   * Uses a `pg` pool of yours. `close()` leaves it open.
   *
   * @example
   * ```ts
   * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
   * const store = await PostgresSessionStore.fromPool(pool);
   * ```
   */
  static fromPool(pool: PostgresPool, options?: PostgresStoreOptions): Promise<PostgresSessionStore> {
    return opened({ pool }, options);
  }

  /**
   * Uses a Drizzle database of yours, on any driver for PostgreSQL. `close()` leaves it open. Over one connection
   * (a `pg` client, PGlite) the store's calls take turns; do not begin transactions of your own on it meanwhile.
   *
   * @example
   * ```ts
   * const db = drizzle({ client: pool });
   * const store = await PostgresSessionStore.fromDrizzle(db);
   * ```
   */
  static fromDrizzle(
    db: DrizzlePostgresDatabase,
    options?: PostgresStoreOptions,
  ): Promise<PostgresSessionStore> {
    return opened({ db }, options);
  }

  /**
   * As in every store: begins a transaction, and commits when the promise of `work` is resolved. `tx.client` is the `pg` client that
   * the transaction is on, or Drizzle's `tx` in a store made by `fromDrizzle`.
   *
   * @example
   * ```ts
   * await store.transaction(async (tx) => {
   *   await tx.client.query('INSERT INTO orders (id) VALUES ($1)', [7]);
   *   await tx.session('chat_123').addItems(items);
   * });
   * ```
   */
  override transaction<T, Client extends object = PostgresClient>(
    work: (tx: StoreTransaction<Client>) => Awaitable<T>,
  ): Promise<T> {
    return super.transaction(work as (tx: StoreTransaction) => Awaitable<T>);
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
  history: true,
  metadata: true,
  copying: true,
  restoring: true,
  watching: true,
  usage: true,
  runs: true,
  erasure: true,
  retention: true,
  transactions: true,
  ownTransactions: true,
};

interface Connector {
  /** What the parameters of the URL say. */
  readonly url?: PostgresUrlValues;
  readonly connect: () => Promise<Connected>;
}

interface Connected {
  /** @param timeout - How long a statement is waited for, in ms; 0 is for ever. */
  readonly executorFor: (timeout: number) => OwnExecutor;
  readonly close: () => Promise<void>;
}

type OwnExecutor = PoolExecutor | DrizzleExecutor;

function connector(target: PostgresTarget, options: PostgresStoreOptions): Connector {
  checkTarget('PostgresSessionStore', target, ['url', 'pool', 'db']);
  if ('url' in target) {
    const url = readPostgresUrl(target.url, options);
    const connect = async (): Promise<Connected> => {
      const pool = await openPool(url, options);
      return { executorFor: (timeout) => new PoolExecutor(pool, timeout), close: () => endPool(pool) };
    };
    return { url: url.values, connect };
  }
  for (const name of Object.keys(CONNECT_OPTION_CHECKS) as (keyof ConnectOptions)[]) {
    if (options[name] !== undefined)
      throw new TypeError(`PostgresSessionStore: "${name}" is for stores made from a URL.`);
  }
  const [emitter, executorFor] = ownExecutor(target);
  const connect = async (): Promise<Connected> => {
    surviveDrops(emitter);
    return { executorFor, close: async () => undefined };
  };
  return { connect };
}

/** What the application handed over: what may emit errors, and the connection over it. */
function ownExecutor(
  target: Exclude<PostgresTarget, { url: string }>,
): [emitter: unknown, Connected['executorFor']] {
  if ('pool' in target) {
    const { pool } = target;
    checkArgument(
      'PostgresSessionStore: this is not a pool of pg.',
      () => typeof pool?.connect === 'function' && typeof pool.totalCount === 'number',
    );
    return [pool, (timeout) => new PoolExecutor(pool, timeout)];
  }
  const { db } = target;
  checkArgument(
    'PostgresSessionStore: this is not a Drizzle database for PostgreSQL.',
    () => typeof db?.execute === 'function' && typeof db.transaction === 'function',
  );
  const pool = poolOf(db);
  if (pool) return [pool, (timeout) => new PoolExecutor(pool, timeout)];
  return [Reflect.get(db, '$client'), (timeout) => new DrizzleExecutor(db, 'write', timeout)];
}

/** What begins transactions: a Drizzle database hands out a transaction of Drizzle, whatever the store itself uses. */
function ownTransactions(
  target: PostgresTarget,
  executor: OwnExecutor,
  timeout: number,
): PostgresOwnTransactions {
  const own =
    'db' in target && executor instanceof PoolExecutor
      ? new DrizzleExecutor(target.db, 'write', timeout)
      : executor;
  return { transact: (work) => own.transact(work), hasOneConnection: own.hasOneConnection };
}

function joinTransaction(transaction: unknown, timeout: number): PostgresExecutor {
  const problem = 'PostgresSessionStore: this is neither a Drizzle transaction nor a client of pg.';
  const { execute, query } = readArgument(problem, () => {
    const given = (transaction ?? {}) as { execute?: unknown; query?: unknown };
    return { execute: given.execute, query: given.query };
  });
  if (typeof execute === 'function')
    return new DrizzleExecutor(transaction as DrizzlePostgresTransaction, 'undone', timeout);
  if (typeof query === 'function') return new ClientExecutor(transaction as PostgresClient, timeout);
  throw new TypeError(problem);
}

/** A driver without transactions has nothing but statements that do all at once, which engines of one node take for all tables. */
function isDistributed(wanted: boolean | undefined, prepared: PreparedTables): boolean {
  if (wanted && !prepared.transactions) {
    throw new SessionError(
      'UNSUPPORTED',
      'The driver of this store has no transactions, which "distributed: true" needs. Use one that has them.',
    );
  }
  return wanted ?? (prepared.isKeyedBySession && prepared.transactions);
}

/**
 * What opens the backend of a target. Its connection is tried as often as the options say.
 *
 * @throws SessionError `UNSUPPORTED_URL`, TypeError for a wrong target.
 */
export function backendOpener(
  target: PostgresTarget,
  options: PostgresStoreOptions = {},
): (warn: WarningReporter) => Promise<PostgresBackend> {
  const { url, connect } = connector(target, options);
  const wanted = postgresNames(options.tables, options.schema ?? url?.schema);
  const { timeout = url?.socket_timeout ?? DEFAULT_TIMEOUT, createTables = true } = options;
  const open = async (warn: WarningReporter) => {
    const { executorFor, close } = await connect();
    const executor = executorFor(timeout);
    try {
      const maker = createTables ? executorFor(0) : undefined;
      const prepared = await prepareTables(executor, wanted, warn, maker, options.distributed);
      const { names, operations, metadata, usage, runs, erasures, readCommitted, transactions } = prepared;
      const distributed = isDistributed(options.distributed, prepared);
      return new PostgresBackend({
        executor,
        sql: { ...statements(names, erasures), ...(distributed && readsByEquality(names)) },
        conversationSql: conversationStatements(names, { metadata, runs }),
        editSql: editStatements(names, { withOperations: operations, withErasures: erasures }),
        historySql: distributed ? historyByEquality(names) : historyStatement(names),
        distributed: distributed
          ? {
              sql: distributedStatements(names, { metadata, erasures, runs }),
              runSql: distributedRunStatements(names),
            }
          : undefined,
        usageSql: usageStatements(names, erasures),
        wholeSql: wholeStatements(names, { operations, metadata, usage, erasures, runs }),
        runSql: runStatements(names, erasures),
        supports: {
          ...SUPPORTS,
          operations,
          metadata: metadata && transactions,
          copying: transactions,
          usage,
          runs: runs && transactions,
          erasure: erasures,
          retention: erasures && transactions,
          transactions,
          ownTransactions: transactions,
          edit: transactions,
        },
        metadata,
        usage,
        runs,
        readCommitted,
        retry: options,
        join: (transaction) => joinTransaction(transaction, timeout),
        own: transactions ? ownTransactions(target, executor, timeout) : undefined,
        close,
      });
    } catch (error) {
      await close();
      throw error;
    }
  };
  return (warn) => retry(() => open(warn), options);
}
