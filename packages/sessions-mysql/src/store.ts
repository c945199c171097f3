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
import { MysqlBackend } from './backend.js';
import { GivenPool, type MysqlTlsOptions, openPool, TLS_KEYS, tlsOfUrl } from './connect.js';
import { conversationStatements } from './conversation-statements.js';
import {
  type DrizzleMysqlDatabase,
  type DrizzleMysqlTransaction,
  isConnection,
  isPool,
  type MysqlConnection,
  type MysqlPool,
  promiseConnection,
  promisePool,
  queryText,
} from './driver-types.js';
import {
  ConnectionExecutor,
  type MysqlExecutor,
  PoolExecutor,
  sendThrough,
  TransactionExecutor,
} from './executor.js';
import { readSettings } from './settings.js';
import { type MysqlStatements, mysqlNames, statements } from './statements.js';
import { prepareTables } from './tables.js';

/** Where the conversations are: a URL, a mysql2 pool or connection, or a Drizzle database on one. */
export type MysqlTarget =
  | { url: string }
  | { pool: MysqlPool | MysqlConnection }
  | { db: DrizzleMysqlDatabase };

/** The options of a {@link MysqlSessionStore}. */
export interface MysqlStoreOptions extends StoreOptions, RetryOptions {
  /** Makes tables and indexes that are missing. Default `true`; with `false` no DDL is ever sent. */
  createTables?: boolean;
  /** The names of the tables. Default `agent_sessions` and `agent_messages`, as in the Python SDK. */
  tables?: TableNames;
  /** The database that holds the tables. Default: the one of the connection. */
  schema?: string;
  /** How long a connection may take to be made, in ms, for a pool that the store opens. Default 10000. */
  connectionTimeout?: number;
  /** The most connections of a pool that the store opens. Default 10; 1 works. */
  max?: number;
  /**
   * TLS for a pool that the store opens: `true` to check the server against the authorities that Node trusts, or
   * what to trust and to show. It wins over what the URL says; without either the connection is not encrypted.
   */
  ssl?: boolean | MysqlTlsOptions;
}

const isSchemaName: OptionCheck = (value) =>
  typeof value === 'string' && /^[^\0]{1,64}$/u.test(value)
    ? undefined
    : 'a name of 1 to 64 characters, without NUL';

const isTls: OptionCheck = (value) => {
  if (typeof value === 'boolean') return undefined;
  const known =
    typeof value === 'object' && value !== null && Object.keys(value).every((key) => TLS_KEYS.includes(key));
  return known
    ? undefined
    : `true, false or an object with some of ${TLS_KEYS.map((key) => `"${key}"`).join(', ')}`;
};

const POOL_OPTION_CHECKS = { connectionTimeout: isWholeNumber(1), max: isWholeNumber(1), ssl: isTls };

/** The checks of {@link MysqlStoreOptions}. */
export const MYSQL_OPTION_CHECKS = {
  ...STORE_OPTION_CHECKS,
  ...RETRY_OPTION_CHECKS,
  ...POOL_OPTION_CHECKS,
  createTables: isBoolean,
  tables: isTableNames,
  schema: isSchemaName,
};

const SUPPORTS: SessionSupport = {
  durable: true,
  shared: true,
  edit: true,
  operations: true,
  listing: true,
  conversations: true,
  transactions: true,
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
   * @throws TypeError for an unknown option or a target that is none. SessionError `UNSUPPORTED_URL`.
   */
  constructor(target: MysqlTarget, options: MysqlStoreOptions = {}) {
    checkOptions('MysqlSessionStore', options, MYSQL_OPTION_CHECKS);
    super({ name: 'mysql', supports: SUPPORTS, open: backendOpener(target, options) }, options);
  }

  /**
   * Opens a database by its URL, `mysql://user:password@host:3306/database` or `mariadb://...` (over a socket file:
   * `?socketPath=/run/mysqld/mysqld.sock`), with a pool of its own. The pool keeps no process alive; `close()` ends it.
   *
   * @throws SessionError such as `CONNECTION_FAILED`, `AUTHENTICATION_FAILED`, `TLS_FAILED`, `DATABASE_NOT_FOUND`,
   * `PERMISSION_DENIED`, `READ_ONLY`, `TABLE_MISSING`, `SCHEMA_MISMATCH`, `UNSUPPORTED_URL`, `DRIVER_MISSING`.
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
  readonly executor: MysqlExecutor;
  readonly close: () => Promise<void>;
}

function connect(
  target: MysqlTarget,
  options: MysqlStoreOptions,
  sql: MysqlStatements,
): () => Promise<Connected> {
  if ('url' in target) {
    const url = parseStoreUrl(target.url, 'mysql');
    const { max = 10, connectionTimeout = 10_000, ssl = tlsOfUrl(url) } = options;
    return async () => {
      const pool = await openPool(url, { max, connectionTimeout, ssl });
      return { executor: new PoolExecutor(pool, sql), close: () => pool.close() };
    };
  }
  const misplaced = Object.keys(POOL_OPTION_CHECKS).find(
    (name) => options[name as keyof typeof options] !== undefined,
  );
  if (misplaced) throw new TypeError(`MysqlSessionStore: "${misplaced}" is for pools opened by URL.`);
  const client: unknown = 'pool' in target ? target.pool : target.db.$client;
  const close = async () => undefined;
  if (isPool(client)) {
    const executor = new PoolExecutor(new GivenPool(promisePool(client)), sql);
    return async () => ({ executor, close });
  }
  if (isConnection(client)) {
    const executor = new ConnectionExecutor(promiseConnection(client), sql);
    return async () => ({ executor, close });
  }
  throw new TypeError(
    'MysqlSessionStore: this is not a mysql2 pool or connection, nor a Drizzle database on one.',
  );
}

function joiner(sql: MysqlStatements): (transaction: unknown) => MysqlExecutor {
  return (transaction) => {
    if (isConnection(transaction)) {
      const connection = promiseConnection(transaction);
      return new TransactionExecutor(connection.connection, (text) => queryText(connection, text), sql);
    }
    if (typeof (transaction as Partial<DrizzleMysqlTransaction> | undefined)?.execute === 'function') {
      const drizzle = transaction as DrizzleMysqlTransaction;
      return new TransactionExecutor(drizzle, sendThrough(drizzle), sql);
    }
    throw new TypeError('store.with() takes a Drizzle transaction on mysql2, or a mysql2 connection.');
  };
}

/**
 * What opens the backend of a target.
 *
 * @throws SessionError `UNSUPPORTED_URL`, TypeError for a target that is none.
 */
export function backendOpener(
  target: MysqlTarget,
  options: MysqlStoreOptions = {},
): (warn: WarningReporter) => Promise<MysqlBackend> {
  const { tables, schema, createTables = true, maxRetries = 3, retryDelay = 1000 } = options;
  const names = mysqlNames(tables, schema);
  const sql = statements(names);
  const connecting = connect(target, options, sql);
  const retries = { maxRetries, retryDelay };
  return async (warn) => {
    const { executor, close } = await connecting();
    try {
      return await retry(async () => {
        const send = (text: string) => executor.run(text);
        const settings = await readSettings(send);
        const { operations, newestIndex } = await prepareTables(send, names, settings, createTables, warn);
        return new MysqlBackend({
          executor,
          sql: statements(names, newestIndex),
          conversationSql: conversationStatements(names),
          supports: { ...SUPPORTS, operations },
          maxPacket: settings.maxPacket,
          retries,
          close,
          join: joiner(sql),
        });
      }, retries);
    } catch (error) {
      await close();
      throw error;
    }
  };
}
