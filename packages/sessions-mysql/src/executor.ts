import { SessionError } from '@stackone/sessions-core';
import { inTurn, withTimeLimit } from '@stackone/sessions-core/backend';
import {
  type Answer,
  abandon,
  type DrizzleMysqlTransaction,
  hasTransaction,
  isInTransaction,
  type PromiseConnection,
  queryText,
  type Send,
  toAnswer,
} from './driver-types.js';
import { type Cluster, tooLate } from './errors.js';
import { Line } from './line.js';

/** What the work of a transaction returns when it left everything as it was: then it is rolled back. */
export const NOTHING_CHANGED = Symbol('nothing changed');

/** The statements that begin and end a transaction, or what stands for one. */
export interface Brackets {
  readonly begin: string;
  readonly commit: string;
  readonly rollback: string;
  readonly savepoint: string;
  readonly release: string;
  readonly rollbackToSavepoint: string;
}

/** Runs statements for a backend. */
export interface MysqlExecutor {
  /**
   * Whether reads have to lock: inside a transaction of the application they would else see its snapshot, which may
   * be older than the session's lock.
   */
  readonly readsLock: boolean;
  /** Runs one statement by itself. */
  run(sql: string): Promise<Answer>;
  /** Runs `work` so that either all of its statements take effect or none. */
  atomically<T>(work: (send: Send) => Promise<T | typeof NOTHING_CHANGED>): Promise<T | undefined>;
}

/** Where connections come from. */
export interface ConnectionSource {
  take(): Promise<PromiseConnection>;
  /** @param broken - It may be inside a transaction, closed or to a server that was replaced: nobody may use it again. */
  give(connection: PromiseConnection, broken: boolean): void;
}

/** What begins a transaction, hands over what `store.with()` takes, and commits. */
export interface MysqlOwnTransactions {
  /** Whether it is the connection that all calls use. */
  readonly hasOneConnection: boolean;
  transact<T>(work: (transaction: object) => Promise<T>): Promise<T>;
}

/** Takes a connection of a pool for each call, and no second one inside it. */
export class PoolExecutor implements MysqlExecutor, MysqlOwnTransactions {
  readonly hasOneConnection = false;
  readonly readsLock = false;
  readonly #source: ConnectionSource;
  readonly #sql: Brackets;
  readonly #timeout: number;
  readonly #cluster: Cluster | undefined;

  /** @param timeout - How long a statement, and a connection, are waited for, in ms; 0 is for ever. */
  constructor(source: ConnectionSource, sql: Brackets, timeout: number, cluster?: Cluster) {
    this.#source = source;
    this.#sql = sql;
    this.#timeout = timeout;
    this.#cluster = cluster;
  }

  run(sql: string): Promise<Answer> {
    return this.#lend((line) => line.send(sql));
  }

  atomically<T>(work: (send: Send) => Promise<T | typeof NOTHING_CHANGED>): Promise<T | undefined> {
    return this.#lend((line) => transaction(line, this.#sql, this.#cluster, work));
  }

  transact<T>(work: (connection: object) => Promise<T>): Promise<T> {
    return this.#lend((line, connection) =>
      ownTransaction(line, this.#sql, this.#cluster, () => work(connection)),
    );
  }

  async #lend<T>(use: (line: Line, connection: PromiseConnection) => Promise<T>): Promise<T> {
    const source = this.#source;
    const connection = await withTimeLimit(this.#timeout, source.take(), tooLate, (late) =>
      source.give(late, false),
    );
    const line = new Line((sql) => queryText(connection, sql), this.#timeout);
    try {
      return await use(line, connection);
    } finally {
      this.#source.give(connection, line.broken || line.readOnly);
    }
  }
}

/** Takes turns on one connection of the application, so that no transaction lands inside another. */
export class ConnectionExecutor implements MysqlExecutor, MysqlOwnTransactions {
  readonly hasOneConnection = true;
  readonly readsLock = false;
  readonly #connection: PromiseConnection;
  readonly #sql: Brackets;
  readonly #timeout: number;
  readonly #cluster: Cluster | undefined;

  /** @param timeout - How long a statement, and a connection, are waited for, in ms; 0 is for ever. */
  constructor(connection: PromiseConnection, sql: Brackets, timeout: number, cluster?: Cluster) {
    this.#connection = connection;
    this.#sql = sql;
    this.#timeout = timeout;
    this.#cluster = cluster;
  }

  run(sql: string): Promise<Answer> {
    return this.#inTurn((line) => line.send(sql));
  }

  atomically<T>(work: (send: Send) => Promise<T | typeof NOTHING_CHANGED>): Promise<T | undefined> {
    return this.#inTurn(async (line) => {
      // START TRANSACTION would commit what the application has begun
      if (hasTransaction(await line.send('DO 0')))
        throw new SessionError('TRANSACTION_OPEN', TRANSACTION_OPEN_MESSAGE);
      return transaction(line, this.#sql, this.#cluster, work);
    });
  }

  /** Calls inside take turns on the connection: so it is not held, and the store lets its other calls wait. */
  async transact<T>(work: (connection: object) => Promise<T>): Promise<T> {
    const connection = this.#connection;
    if (hasTransaction(await this.run('DO 0')))
      throw new SessionError('TRANSACTION_OPEN', TRANSACTION_OPEN_MESSAGE);
    const line = new Line((sql) => queryText(connection, sql), this.#timeout);
    try {
      return await ownTransaction(line, this.#sql, this.#cluster, () => work(connection));
    } finally {
      if (line.broken) abandon(connection);
    }
  }

  #inTurn<T>(use: (line: Line) => Promise<T>): Promise<T> {
    const connection = this.#connection;
    return inTurn(connection.connection, async () => {
      const line = new Line((sql) => queryText(connection, sql), this.#timeout);
      try {
        return await use(line);
      } finally {
        // else the application could commit what a call has left
        if (line.broken) abandon(connection);
      }
    });
  }
}

const TRANSACTION_OPEN_MESSAGE =
  'The connection is inside a transaction of the application. Use store.with(connection) there.';

/** A transaction of the application: a Drizzle one, or the one that is open on a connection. */
export class TransactionExecutor implements MysqlExecutor {
  readonly readsLock = true;
  readonly #owner: object;
  readonly #send: Send;
  readonly #sql: Brackets;
  readonly #timeout: number;

  /** @param timeout - How long a statement is waited for, in ms; 0 is for ever. */
  constructor(owner: object, send: Send, sql: Brackets, timeout: number) {
    this.#owner = owner;
    this.#send = send;
    this.#sql = sql;
    this.#timeout = timeout;
  }

  run(sql: string): Promise<Answer> {
    return inTurn(this.#owner, () => new Line(this.#send, this.#timeout).send(sql));
  }

  /** A savepoint, so that a failed call leaves nothing behind even if the application goes on. */
  atomically<T>(work: (send: Send) => Promise<T | typeof NOTHING_CHANGED>): Promise<T | undefined> {
    return inTurn(this.#owner, async () => {
      const line = new Line(this.#send, this.#timeout);
      const begun = await line.send(this.#sql.savepoint);
      // also after a deadlock, which ends the whole transaction: from there on each statement would commit by itself
      if (!isInTransaction(begun)) throw new SessionError('NOT_OPEN', NOT_OPEN_MESSAGE);
      return bracketed(line, work, {
        keep: () => line.send(this.#sql.release),
        undo: () => line.send(this.#sql.rollbackToSavepoint),
      });
    });
  }
}

/** For a transaction that is over. */
export const NOT_OPEN_MESSAGE =
  'No transaction is open here: it was not begun, it has ended, or the database rolled it back after a conflict.';

/** The statements that go to a transaction of the application. */
export function sendThrough(transaction: DrizzleMysqlTransaction): Send {
  return async (sql) => {
    const [result, fields] = (await transaction.execute(sql)) as [unknown, { readonly name: string }[]];
    return toAnswer(Array.isArray(result) ? withNames(result, fields) : result);
  };
}

/** Rows by the names of their columns. The pool under Drizzle may make lists of them, or names with those of the tables. */
function withNames(rows: readonly object[], fields: readonly { readonly name: string }[]): readonly object[] {
  const names = fields.map(({ name }) => name);
  const hasNames = (row: object) => !Array.isArray(row) && names.every((name) => name in row);
  return rows.map((row) => {
    if (hasNames(row)) return row;
    const nested = Object.assign({}, ...Object.values(row));
    if (hasNames(nested)) return nested;
    const values = Object.values(row);
    return Object.fromEntries(names.map((name, index) => [name, values[index]]));
  });
}

/**
 * One request a statement: several in one text are not understood by every proxy, and after a statement that failed
 * and ended the transaction the following ones would each commit by themselves.
 */
async function transaction<T>(
  line: Line,
  sql: Brackets,
  cluster: Cluster | undefined,
  work: (send: Send) => Promise<T | typeof NOTHING_CHANGED>,
): Promise<T | undefined> {
  // a connection that is destroyed takes its transaction along
  const undo = async () => line.broken || line.send(sql.rollback);
  const all = async (send: Send) => {
    // inside, as a proxy may have begun the transaction and then told an error
    await send(sql.begin);
    return work(send);
  };
  return bracketed(line, all, { keep: () => line.commit(sql.commit, cluster), undo });
}

/** A transaction for work of the application, which may end it, or swallow a conflict after which the server did. */
async function ownTransaction<T>(
  line: Line,
  sql: Brackets,
  cluster: Cluster | undefined,
  work: () => Promise<T>,
): Promise<T> {
  let result: T | undefined;
  await transaction(line, sql, cluster, async (send) => {
    result = await work();
    if (!isInTransaction(await send('DO 0'))) throw new SessionError('NOT_OPEN', NOT_OPEN_MESSAGE);
    return undefined;
  });
  return result as T;
}

/** Runs `work`, and then keeps or undoes all it did. */
async function bracketed<T>(
  line: Line,
  work: (send: Send) => Promise<T | typeof NOTHING_CHANGED>,
  { keep, undo }: { keep: () => Promise<unknown>; undo: () => Promise<unknown> },
): Promise<T | undefined> {
  let result: T | typeof NOTHING_CHANGED;
  try {
    result = await work(line.send);
    if (result !== NOTHING_CHANGED) await keep();
  } catch (error) {
    // undoing fails where the server has done it already and the savepoint is gone, or when it cannot be reached any
    // more and so does it; the first error says why
    await undo().catch(() => {
      line.broken = true;
    });
    throw error;
  }
  if (result !== NOTHING_CHANGED) return result;
  await undo();
  return undefined;
}
