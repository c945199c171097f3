import { SessionError } from '@stackone/sessions-core';
import {
  hasConnection,
  inTurn,
  refuseWhenEnded,
  waitsForConnection,
  withTimeLimit,
} from '@stackone/sessions-core/backend';
import {
  type Answer,
  abandon,
  type DrizzleMysqlTransaction,
  hasTransaction,
  isInTransaction,
  type PromiseConnection,
  queryText,
  queryTexts,
  type Send,
  toAnswer,
} from './driver-types.js';
import { type Cluster, tooLate } from './errors.js';
import { Line } from './line.js';
import {
  type Brackets,
  bracketed,
  Ending,
  NOT_OPEN_MESSAGE,
  ownTransaction,
  transaction,
  type Work,
} from './transactions.js';

type AtOnce = (statements: readonly string[], repeatable: boolean) => Promise<void>;

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
  atomically<T>(work: Work<T>): Promise<T | undefined>;
  /**
   * Runs a transaction without a look at the answers before its end. Absent where a text can only be one statement.
   *
   * @param repeatable - Whether it may be repeated after anything. Then the commit goes out in the same text on any connection; else
   * only where the server answered lately, as a lost connection is `OUTCOME_UNKNOWN` then from the beginning.
   * @throws SessionError `OUTCOME_UNKNOWN`; any other one says that nothing was written.
   */
  readonly atOnce?: AtOnce | undefined;
}

/** Where connections come from. */
export interface ConnectionSource {
  take(): Promise<PromiseConnection>;
  /** Whether the server answered on a connection so lately that nobody has ended it since for having been idle. */
  answeredLately?(connection: PromiseConnection): boolean;
  /** @param broken - It may be inside a transaction, closed or to a server that was replaced: nobody may use it again. */
  give(connection: PromiseConnection, broken: boolean): void;
}

/** What begins a transaction, hands over what `store.with()` takes, and commits. */
export interface MysqlOwnTransactions {
  /** Whether it is the connection that all calls use. */
  readonly hasOneConnection: boolean;
  transact<T>(work: (transaction: object) => Promise<T>): Promise<T>;
}

/** What a {@link PoolExecutor} may know. */
export interface PoolExecutorOptions {
  /** Where the connections come from that the application gets. */
  readonly ofApplication?: ConnectionSource | undefined;
  /** What the server is part of. */
  readonly cluster?: Cluster | undefined;
  /** Whether a text can be several statements. */
  readonly takesSeveral?: boolean | undefined;
}

/** Takes a connection of a pool for each call, and no second one inside it. */
export class PoolExecutor implements MysqlExecutor, MysqlOwnTransactions {
  readonly hasOneConnection = false;
  readonly readsLock = false;
  readonly atOnce: AtOnce | undefined;
  /** Whether it is worth asking if a text can be several statements: the connections are the store's own. */
  readonly mayTakeSeveral: boolean;
  readonly #source: ConnectionSource;
  readonly #ofApplication: ConnectionSource;
  readonly #sql: Brackets;
  readonly #timeout: number;
  readonly #cluster: Cluster | undefined;
  readonly #takesSeveral: boolean;

  /** @param timeout - How long a statement, and a connection, are waited for, in ms; 0 is for ever. */
  constructor(source: ConnectionSource, sql: Brackets, timeout: number, options: PoolExecutorOptions = {}) {
    this.#source = source;
    this.#ofApplication = options.ofApplication ?? source;
    this.mayTakeSeveral = options.ofApplication !== undefined;
    this.#sql = sql;
    this.#timeout = timeout;
    this.#cluster = options.cluster;
    this.#takesSeveral = options.takesSeveral ?? false;
    if (this.#takesSeveral)
      this.atOnce = (statements, repeatable) =>
        this.#lend((line, connection) =>
          transaction(line, sql, options.cluster, async (_send, together) => {
            if (repeatable || source.answeredLately?.(connection)) return new Ending(statements, undefined);
            await together?.(...statements);
            return undefined;
          }),
        );
  }

  run(sql: string): Promise<Answer> {
    return this.#lend((line) => line.send(sql));
  }

  /**
   * Asks in one text, where that may be.
   *
   * @returns The answers, or none, where a statement failed or a proxy refused the text; and whether such texts are taken.
   */
  askTogether(
    statements: readonly string[],
  ): Promise<{ readonly answers: readonly Answer[]; readonly takesSeveral: boolean }> {
    return lend(this.#source, this.#timeout, true, (line) => line.askTogether(statements));
  }

  atomically<T>(work: Work<T>): Promise<T | undefined> {
    return this.#lend((line) => transaction(line, this.#sql, this.#cluster, work));
  }

  transact<T>(work: (connection: object) => Promise<T>): Promise<T> {
    return lend(this.#ofApplication, this.#timeout, false, (line, connection) =>
      ownTransaction(line, this.#sql, this.#cluster, () => work(connection)),
    );
  }

  #lend<T>(use: (line: Line, connection: PromiseConnection) => Promise<T>): Promise<T> {
    return lend(this.#source, this.#timeout, this.#takesSeveral, use);
  }
}

async function lend<T>(
  source: ConnectionSource,
  timeout: number,
  takesSeveral: boolean,
  use: (line: Line, connection: PromiseConnection) => Promise<T>,
): Promise<T> {
  waitsForConnection();
  const connection = await withTimeLimit(timeout, source.take(), tooLate, (late) => source.give(late, false));
  const line = new Line(
    (sql) => queryText(connection, sql),
    timeout,
    takesSeveral ? (statements, onAnswer) => queryTexts(connection, statements, onAnswer) : undefined,
  );
  try {
    hasConnection();
    return await use(line, connection);
  } finally {
    source.give(connection, line.broken || line.readOnly);
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

  atomically<T>(work: Work<T>): Promise<T | undefined> {
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
    this.#send = async (sql) => {
      refuseWhenEnded();
      return send(sql);
    };
    this.#sql = sql;
    this.#timeout = timeout;
  }

  run(sql: string): Promise<Answer> {
    return inTurn(this.#owner, () => new Line(this.#send, this.#timeout).send(sql));
  }

  /** A savepoint, so that a failed call leaves nothing behind even if the application goes on. */
  atomically<T>(work: Work<T>): Promise<T | undefined> {
    return inTurn(this.#owner, async () => {
      const line = new Line(this.#send, this.#timeout);
      const begun = await line.send(this.#sql.savepoint);
      // also after a deadlock, which ends the whole transaction: from there on each statement would commit by itself
      if (!isInTransaction(begun)) throw new SessionError('NOT_OPEN', NOT_OPEN_MESSAGE);
      return bracketed(line, work, {
        keep: async ({ statements, check }) => {
          check(await line.sendAll(...statements));
          await line.send(this.#sql.release);
        },
        undo: () => line.send(this.#sql.rollbackToSavepoint),
      });
    });
  }
}

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
