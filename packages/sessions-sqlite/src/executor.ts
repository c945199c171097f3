import { SessionError } from '@stackone/sessions-core';
import type { SqliteDatabase, SqliteStatement } from './driver-types.js';
import { toCommitError, toSessionError } from './errors.js';

/** Runs statements for a backend, all of them at once, before it returns. */
export interface SqliteExecutor {
  /** The rows of a statement, as objects. */
  all(sql: string, parameters: readonly unknown[]): unknown[];
  /** Runs a statement for its effect. */
  run(sql: string, parameters: readonly unknown[]): void;
  /** Runs `work` so that either all of it takes effect or nothing. */
  atomically<T>(work: () => T): T;
}

/** Runs what the driver does, and turns what it throws into a `SessionError`. */
function guarded<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw toSessionError(error);
  }
}

/** Runs one statement and answers its rows as objects. */
type Reader = (parameters: readonly unknown[]) => Record<string, unknown>[];

/**
 * The driver makes a function from text for rows that it returns as objects. A process may forbid that, and few rows
 * come sooner without. Numbers are numbers, whatever the application has set for its own statements.
 */
function readerOf(statement: SqliteStatement): Reader {
  const names = statement.columns().map(({ name }) => name);
  return (parameters) =>
    (statement.all(...parameters) as unknown[][]).map((values) => {
      const row: Record<string, unknown> = {};
      for (const [index, name] of names.entries()) row[name] = values[index];
      return row;
    });
}

/** A connection over a database handle. Each statement is prepared once and kept as long as the handle. */
export class HandleExecutor implements SqliteExecutor {
  readonly #database: SqliteDatabase;
  readonly #prepared = new Map<string, SqliteStatement>();
  readonly #readers = new Map<string, Reader>();

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  all(sql: string, parameters: readonly unknown[] = []): unknown[] {
    return guarded(() => this.#reader(sql)(parameters));
  }

  run(sql: string, parameters: readonly unknown[] = []): void {
    guarded(() => this.#statement(sql).run(...parameters));
  }

  /** IMMEDIATE takes the write lock at once: a deferred transaction that reads first can fail when it writes. */
  atomically<T>(work: () => T): T {
    this.run('BEGIN IMMEDIATE');
    let result: T;
    try {
      result = work();
    } catch (error) {
      this.#rollBack();
      throw error;
    }
    this.#commit();
    return result;
  }

  /**
   * As {@link atomically}, for work that takes its time: whatever goes over the handle meanwhile is inside the transaction.
   *
   * @throws SessionError `TRANSACTION_OPEN` where the application has begun one, `NOT_OPEN` where it, or SQLite, has ended this one.
   */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    if (this.#database.inTransaction) throw new SessionError('TRANSACTION_OPEN', TRANSACTION_OPEN);
    this.run('BEGIN IMMEDIATE');
    let result: T;
    try {
      result = await work();
      if (!this.#database.inTransaction) throw new SessionError('NOT_OPEN', ENDED);
    } catch (error) {
      this.#rollBack();
      throw error;
    }
    this.#commit();
    return result;
  }

  /** Where a failed COMMIT leaves the transaction open, nothing is stored. Where it ends it, the disk knows. */
  #commit(): void {
    try {
      this.#statement('COMMIT').run();
    } catch (error) {
      const isOpen = this.#database.inTransaction;
      this.#rollBack();
      throw isOpen ? toSessionError(error) : toCommitError(error);
    }
  }

  #rollBack(): void {
    try {
      // SQLite itself rolls back on some failures, a full disk among them
      if (this.#database.inTransaction) this.run('ROLLBACK');
    } catch {
      // the failure before it says more, and a connection that cannot roll back cannot commit either
    }
  }

  #reader(sql: string): Reader {
    let reader = this.#readers.get(sql);
    if (!reader) {
      reader = readerOf(this.#database.prepare(sql).raw().safeIntegers(false));
      this.#readers.set(sql, reader);
    }
    return reader;
  }

  #statement(sql: string): SqliteStatement {
    let statement = this.#prepared.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }
}

const TRANSACTION_OPEN =
  'A transaction is open on this database handle already. Where it is yours, use store.with(tx) in it; another store over the same ' +
  'handle has to wait. Nothing was done.';

const ENDED =
  'The transaction is over already: SQLite rolled it back after a failure, or a statement of the application ended it. Begin again.';

/** A connection inside a transaction that the store holds open. */
export class HeldExecutor implements SqliteExecutor {
  readonly #handle: HandleExecutor;

  constructor(handle: HandleExecutor) {
    this.#handle = handle;
  }

  all(sql: string, parameters: readonly unknown[] = []): unknown[] {
    return this.#handle.all(sql, parameters);
  }

  run(sql: string, parameters: readonly unknown[] = []): void {
    this.#handle.run(sql, parameters);
  }

  atomically<T>(work: () => T): T {
    return inSavepoint(this, work);
  }
}

/** A savepoint, so that a failed call leaves nothing behind even if the application goes on. */
function inSavepoint<T>(executor: Pick<SqliteExecutor, 'run'>, work: () => T): T {
  executor.run('SAVEPOINT agent_session', []);
  try {
    const result = work();
    executor.run('RELEASE agent_session', []);
    return result;
  } catch (error) {
    try {
      executor.run('ROLLBACK TO agent_session', []);
      executor.run('RELEASE agent_session', []);
    } catch {
      // on some failures, a full disk among them, SQLite has rolled back the whole transaction, the savepoint with it:
      // the failure itself says more
    }
    throw error;
  }
}

/** Drizzle's template tag `sql`, as far as it is used here. */
export type DrizzleSql = (strings: TemplateStringsArray, ...parameters: unknown[]) => unknown;

/** A Drizzle transaction, or a Drizzle database, as far as it is used here. */
export interface DrizzleRunner {
  run(query: unknown): unknown;
  all(query: unknown): unknown;
}

/** A `?` outside of quoted names, which have an even number of quotes after it. */
const PLACEHOLDER = /\?(?=(?:[^"]*"[^"]*")*[^"]*$)/;

/** A connection over a Drizzle transaction of the application. */
export class TransactionExecutor implements SqliteExecutor {
  readonly #transaction: DrizzleRunner;
  readonly #sql: DrizzleSql;

  constructor(transaction: DrizzleRunner, sql: DrizzleSql) {
    this.#transaction = transaction;
    this.#sql = sql;
  }

  all(sql: string, parameters: readonly unknown[] = []): unknown[] {
    return guarded(() => this.#transaction.all(this.#query(sql, parameters)) as unknown[]);
  }

  run(sql: string, parameters: readonly unknown[] = []): void {
    guarded(() => this.#transaction.run(this.#query(sql, parameters)));
  }

  atomically<T>(work: () => T): T {
    return inSavepoint(this, work);
  }

  /** The statement as Drizzle's template tag would have got it: its parameters stand where the `?` are. */
  #query(sql: string, parameters: readonly unknown[]): unknown {
    const strings = sql.split(PLACEHOLDER);
    return this.#sql(Object.assign(strings, { raw: strings }), ...parameters);
  }
}
