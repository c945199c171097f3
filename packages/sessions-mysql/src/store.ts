import {
  type RetryOptions,
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
  checkOptions,
  checkTarget,
  DEFAULT_TIMEOUT,
  isBoolean,
  isTableNames,
  isWholeNumber,
  RETRY_OPTION_CHECKS,
  readArgument,
  retry,
  STORE_OPTION_CHECKS,
  TIME_LIMIT_OPTION_CHECKS,
  tableNames,
  type WarningReporter,
} from '@stackone/sessions-core/backend';
import { MysqlBackend } from './backend.js';
import { openPools, readMysqlUrl } from './connect.js';
import { conversationStatements } from './conversation-statements.js';
import {
  copyStatements,
  distributedConversationStatements,
  distributedHistory,
  distributedRunStatements,
  distributedStatements,
} from './distributed-statements.js';
import { isDriver, type MysqlDriverOption } from './driver.js';
import {
  type DrizzleMysqlDatabase,
  type DrizzleMysqlTransaction,
  isConnection,
  isPool,
  type MysqlConnection,
  type MysqlPool,
  type MysqlTransactionClient,
  promiseConnection,
  promisePool,
  queryText,
  type Send,
} from './driver-types.js';
import { DrizzleTransactions } from './drizzle-transactions.js';
import {
  ConnectionExecutor,
  type MysqlExecutor,
  PoolExecutor,
  type PoolExecutorOptions,
  sendThrough,
  TransactionExecutor,
} from './executor.js';
import { historyStatement } from './history-statements.js';
import { askingAgain } from './killed-statements.js';
import { GivenPool } from './pools.js';
import { runStatements } from './runs.js';
import { isSchemaName } from './schema-name.js';
import { readSettings, SETTINGS_QUESTION } from './settings.js';
import { type MysqlStatements, mysqlNames, statements } from './statements.js';
import { prepareTables, tableQuestions } from './tables.js';
import { isMysqlTls, type MysqlTlsOptions } from './tls.js';
import type { MysqlUrlValues } from './url-parameters.js';
import { usageStatements } from './usage.js';
import { wholeStatements } from './whole-statements.js';

/** Where the conversations are: a URL, a mysql2 pool or connection, or a Drizzle database on one. */
export type MysqlTarget =
  | { url: string }
  | { pool: MysqlPool | MysqlConnection }
  | { db: DrizzleMysqlDatabase };

/** The options of a {@link MysqlSessionStore}. */
export interface MysqlStoreOptions extends StoreOptions, RetryOptions, TimeLimitOptions {
  /** Makes tables and indexes that are missing. Default `true`; with `false` no DDL is ever sent. */
  createTables?: boolean | undefined;
  /** The names of the tables. Default `agent_sessions` and `agent_messages`, as in the Python SDK. */
  tables?: TableNames | undefined;
  /**
   * Whether the tables are split over nodes by `session_id`, as TiDB, Vitess and ShardingSphere do it. Then each change is made in simple
   * statements on one conversation, never several in one text, and tables that the store makes have keys that begin with
   * `session_id`. Default: `true` where the primary key of the table of messages begins so.
   */
  distributed?: boolean | undefined;
  /** The database that holds the tables. Default: the one of the connection. */
  schema?: string | undefined;
  /** How long a connection to one server may take to be made, in ms, for a pool that the store opens. Default 10000. */
  connectionTimeout?: number | undefined;
  /** The most connections of a pool that the store opens. Default 10; 1 works. */
  max?: number | undefined;
  /**
   * TLS for a pool that the store opens: `true` to check the server against the authorities that Node trusts, or
   * what to trust and to show. It wins over what the URL says; without either the connection is not encrypted.
   */
  ssl?: boolean | MysqlTlsOptions | undefined;
  /**
   * The module `mysql2` itself, as `import mysql from 'mysql2'` gives it, for a pool that the store opens: for bundles,
   * and for a `mysql2` that is not installed where this package looks for it. Default: the store imports it when it
   * first connects.
   */
  driver?: MysqlDriverOption | undefined;
}

const POOL_OPTION_CHECKS = {
  connectionTimeout: isWholeNumber(1),
  max: isWholeNumber(1),
  ssl: isMysqlTls,
  driver: isDriver,
};

/** The checks of {@link MysqlStoreOptions}. */
export const MYSQL_OPTION_CHECKS = {
  ...STORE_OPTION_CHECKS,
  ...RETRY_OPTION_CHECKS,
  ...TIME_LIMIT_OPTION_CHECKS,
  ...POOL_OPTION_CHECKS,
  createTables: isBoolean,
  tables: isTableNames,
  distributed: isBoolean,
  schema: isSchemaName,
};

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

/**
 * Conversations in a MySQL or MariaDB database.
 *
 * The tables are those that the Python SDK's `SQLAlchemySession` works with.
 *
 * @example
 * ```ts
 * const store = await MysqlSessionStore.fromUrl('mysql://user:password@localhost:3306/app');
 * await run(agent, 'Hello', { session: store.session('chat_123') });
 * await store.close();
 * ```
 */
export class MysqlSessionStore extends SessionStore {
  /**
   * No I/O: connects and makes the tables at the first call.
   *
   * @param target - `{ url }`: the store opens and closes a pool. `{ pool }`, `{ db }`: it stays yours.
   * @throws TypeError for an unknown option or a wrong target. SessionError `UNSUPPORTED_URL`.
   */
  constructor(target: MysqlTarget, options: MysqlStoreOptions = {}) {
    checkOptions('MysqlSessionStore', options, MYSQL_OPTION_CHECKS);
    const { messages: table } = tableNames(options.tables);
    const open = backendOpener(target, options);
    super({ name: 'mysql', table, supports: SUPPORTS, open }, options);
  }

  /**
   * Opens a database by its URL, `mysql://user:password@host:3306/database` or `mariadb://...` (over a socket file:
   * `?socketPath=/run/mysqld/mysqld.sock`), with a pool of its own. The pool keeps no process alive; `close()` ends it.
   * With several hosts, `mysql://user:password@a:3306,b:3306/database`, the first one is used that takes writes.
   * Parameters of mysql2, MySQL and Prisma are honoured or refused by name, see docs/url-parameters.md.
   *
   * @throws SessionError such as `CONNECTION_FAILED`, `AUTHENTICATION_FAILED`, `TLS_FAILED`, `DATABASE_NOT_FOUND`,
   * `PERMISSION_DENIED`, `READ_ONLY`, `TABLE_MISSING`, `SCHEMA_MISMATCH`, `UNSUPPORTED_URL`, `DRIVER_MISSING`,
   * `DRIVER_FAILED`.
   * @example
   * ```ts
   * const store = await MysqlSessionStore.fromUrl('mysql://user:password@db.example.com/app', { ssl: { ca } });
   * ```
   */
  static fromUrl(url: string, options?: MysqlStoreOptions): Promise<MysqlSessionStore> {
    return opened({ url }, options);
  }

  /**
   * Uses a pool of yours, of `mysql2` or `mysql2/promise`, or one connection, on which calls take turns. `close()`
   * leaves it open.
   *
   * @throws TypeError for anything else; SessionError as {@link fromUrl}.
   * @example
   * ```ts
   * const store = await MysqlSessionStore.fromPool(createPool({ host, user, password, database }));
   * ```
   */
  static fromPool(
    pool: MysqlPool | MysqlConnection,
    options?: MysqlStoreOptions,
  ): Promise<MysqlSessionStore> {
    return opened({ pool }, options);
  }

  /**
   * Uses a Drizzle database of yours on mysql2, over a pool or one connection. `close()` leaves it open.
   *
   * @throws TypeError for a Drizzle database on anything else; SessionError as {@link fromUrl}.
   * @example
   * ```ts
   * const store = await MysqlSessionStore.fromDrizzle(drizzle({ client: pool }));
   * ```
   */
  static fromDrizzle(db: DrizzleMysqlDatabase, options?: MysqlStoreOptions): Promise<MysqlSessionStore> {
    return opened({ db }, options);
  }

  /**
   * As in every store: begins a transaction, and commits when the promise of `work` is resolved. `tx.client` is the connection of
   * `mysql2/promise` that the transaction is on, or Drizzle's `tx` in a store made by `fromDrizzle`. A store over one connection
   * lets its other calls wait meanwhile.
   *
   * @example
   * ```ts
   * await store.transaction(async (tx) => {
   *   await tx.client.query('INSERT INTO orders (id) VALUES (?)', [7]);
   *   await tx.session('chat_123').addItems(items);
   * });
   * ```
   */
  override transaction<T, Client extends object = MysqlTransactionClient>(
    work: (tx: StoreTransaction<Client>) => Awaitable<T>,
  ): Promise<T> {
    return super.transaction(work as (tx: StoreTransaction) => Awaitable<T>);
  }

  /**
   * The same store inside a transaction of yours: a turn and your own rows commit or roll back together. Nothing is
   * repeated there: after `TRANSACTION_CONFLICT` the database has rolled back all of it, so begin again.
   *
   * @param transaction - What Drizzle hands to the callback of `db.transaction()`, or a mysql2 connection on which a
   * transaction has begun.
   * @throws SessionError `NOT_OPEN` before {@link open}, `CLOSED` after {@link close}. Calls inside fail with
   * `NOT_OPEN` where no transaction is open.
   * @example
   * ```ts
   * await db.transaction(async (tx) => {
   *   await tx.insert(orders).values(order);
   *   await store.with(tx).session('chat_123').addItems(items);
   * });
   * ```
   */
  override with(transaction: DrizzleMysqlTransaction | MysqlConnection): TransactionStore {
    return super.with(transaction);
  }
}

/** Async, so that a mistake in the arguments is a rejection too. */
async function opened(
  target: MysqlTarget,
  options: MysqlStoreOptions | undefined,
): Promise<MysqlSessionStore> {
  return new MysqlSessionStore(target, options).open();
}

interface Connected {
  /**
   * @param timeout - How long a statement is waited for, in ms; 0 is for ever.
   * @param known - What the server is part of, once it is known, and whether its connections take texts of several statements.
   */
  readonly executorFor: (
    timeout: number,
    known?: Pick<PoolExecutorOptions, 'cluster' | 'takesSeveral'>,
  ) => PoolExecutor | ConnectionExecutor;
  readonly close: () => Promise<void>;
}

interface Connector {
  /** What the parameters of the URL say. */
  readonly url?: MysqlUrlValues;
  readonly connect: (sql: MysqlStatements) => Promise<Connected>;
}

function connector(target: MysqlTarget, options: MysqlStoreOptions): Connector {
  checkTarget('MysqlSessionStore', target, ['url', 'pool', 'db']);
  if ('url' in target) {
    const { max, connectionTimeout, ssl, driver } = options;
    const url = readMysqlUrl(target.url, ssl);
    const connect = async (sql: MysqlStatements): Promise<Connected> => {
      const { ofStore, ofApplication } = await openPools(url, { max, connectionTimeout, ssl, driver });
      const executorFor: Connected['executorFor'] = (timeout, known) =>
        new PoolExecutor(ofStore, sql, timeout, { ...known, ofApplication });
      return {
        executorFor,
        close: async () => {
          await Promise.all([ofStore.close(), ofApplication.close()]);
        },
      };
    };
    return { url: url.values, connect };
  }
  const misplaced = Object.keys(POOL_OPTION_CHECKS).find(
    (name) => options[name as keyof typeof options] !== undefined,
  );
  if (misplaced) throw new TypeError(`MysqlSessionStore: "${misplaced}" is for pools opened by URL.`);
  const problem =
    'MysqlSessionStore: this is not a mysql2 pool or connection, nor a Drizzle database on one.';
  const client: unknown = readArgument(problem, () => ('pool' in target ? target.pool : target.db?.$client));
  const close = async () => undefined;
  if (readArgument(problem, () => isPool(client))) {
    const pool = new GivenPool(promisePool(client as MysqlPool));
    return {
      connect: async (sql) => ({
        executorFor: (timeout, known) => new PoolExecutor(pool, sql, timeout, { cluster: known?.cluster }),
        close,
      }),
    };
  }
  if (readArgument(problem, () => isConnection(client))) {
    const connection = promiseConnection(client as MysqlConnection);
    return {
      connect: async (sql) => ({
        executorFor: (timeout, known) => new ConnectionExecutor(connection, sql, timeout, known?.cluster),
        close,
      }),
    };
  }
  throw new TypeError(problem);
}

function joiner(sql: MysqlStatements, timeout: number): (transaction: unknown) => MysqlExecutor {
  const problem = 'store.with() takes a Drizzle transaction on mysql2, or a mysql2 connection.';
  return (transaction) => {
    if (readArgument(problem, () => isConnection(transaction))) {
      const connection = promiseConnection(transaction as MysqlConnection);
      return new TransactionExecutor(
        connection.connection,
        (text) => queryText(connection, text),
        sql,
        timeout,
      );
    }
    const { execute } = readArgument(problem, () => ({
      execute: (transaction as Partial<DrizzleMysqlTransaction> | undefined)?.execute,
    }));
    if (typeof execute === 'function') {
      const drizzle = transaction as DrizzleMysqlTransaction;
      return new TransactionExecutor(drizzle, sendThrough(drizzle), sql, timeout);
    }
    throw new TypeError(problem);
  };
}

/**
 * Asks all that has to be known about a server and its tables in one text, where its connections may take one.
 *
 * @returns What sends a statement, unless it has been answered already, and whether texts of several statements are taken.
 */
async function askAtOnce(
  executor: PoolExecutor | ConnectionExecutor,
  questions: readonly string[],
  distributed: boolean,
): Promise<{ readonly send: Send; readonly takesSeveral: boolean }> {
  const run: Send = (text) => executor.run(text);
  // a sharding proxy was seen to run the first statement of a text, to drop the others and to say nothing
  if (distributed || !(executor instanceof PoolExecutor && executor.mayTakeSeveral))
    return { send: run, takesSeveral: false };
  const { answers, takesSeveral } = await executor.askTogether(questions);
  const known = new Map(answers.map((answer, at) => [questions[at], answer]));
  const send: Send = (text) => {
    const answer = known.get(text);
    // what was changed since then is looked at again
    known.delete(text);
    return answer ? Promise.resolve(answer) : run(text);
  };
  return { send, takesSeveral };
}

/**
 * What opens the backend of a target.
 *
 * @throws SessionError `UNSUPPORTED_URL`, TypeError for a wrong target.
 */
export function backendOpener(
  target: MysqlTarget,
  options: MysqlStoreOptions = {},
): (warn: WarningReporter) => Promise<MysqlBackend> {
  const { url, connect } = connector(target, options);
  const {
    tables,
    schema = url?.schema,
    createTables = true,
    timeout = url?.socket_timeout ?? DEFAULT_TIMEOUT,
    distributed,
    maxRetries = 3,
    retryDelay = 1000,
  } = options;
  const names = mysqlNames(tables, schema);
  const sql = statements(names);
  const retries = { maxRetries, retryDelay };
  return async (warn) => {
    const { executorFor, close } = await connect(sql);
    try {
      return await retry(async () => {
        const questions = [SETTINGS_QUESTION, ...tableQuestions(names)];
        const { send, takesSeveral } = await askAtOnce(executorFor(timeout), questions, distributed === true);
        // of large tables a change may take long
        const change = (text: string) => executorFor(0).run(text);
        const settings = await readSettings(send, distributed);
        const prepared = await prepareTables(send, change, names, settings, createTables, warn, distributed);
        const { isDistributed, createMetadata, createUsage, createRuns, newestIndex, changedIndex, now } =
          prepared;
        const { operations, metadata, usage, runs, erasures } = prepared.sideTables;
        const { cluster } = settings;
        // a node may roll a transaction back between two statements, for one of another node: Galera was seen to run the rest of a text
        // then, each statement by itself
        const executor = executorFor(timeout, {
          cluster,
          takesSeveral: takesSeveral && cluster === undefined && !isDistributed,
        });
        const own =
          'db' in target
            ? new DrizzleTransactions(target.db, executor.hasOneConnection, timeout, settings.cluster)
            : executor;
        const supports = {
          ...SUPPORTS,
          operations,
          metadata,
          usage,
          runs,
          erasure: erasures,
          retention: erasures,
        };
        const sure = settings.server === 'mariadb' ? askingAgain : (one: MysqlExecutor) => one;
        const join = joiner(sql, timeout);
        return new MysqlBackend({
          executor: sure(executor),
          own,
          sql: (isDistributed ? distributedStatements : statements)(names, newestIndex, now),
          conversationSql: (isDistributed ? distributedConversationStatements : conversationStatements)(
            names,
            { metadata, runs },
            changedIndex,
          ),
          historySql: (isDistributed ? distributedHistory : historyStatement)(names, newestIndex),
          distributed: isDistributed
            ? { copySql: copyStatements(names, newestIndex), runSql: distributedRunStatements(names) }
            : undefined,
          usageSql: usageStatements(names),
          wholeSql: wholeStatements(names, supports, newestIndex),
          runSql: runStatements(names),
          supports,
          createMetadata,
          createUsage,
          createRuns,
          maxPacket: settings.maxPacket,
          undoneStaysLocked: settings.server === 'mysql' && changedIndex !== undefined,
          retries,
          close,
          join: (transaction) => sure(join(transaction)),
        });
      }, retries);
    } catch (error) {
      await close();
      throw error;
    }
  };
}
