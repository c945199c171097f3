import { EventEmitter } from 'node:events';
import mysql from 'mysql2';
import { onTestFinished } from 'vitest';

/** What a statement of the driver is answered with, in place of what the server said. */
export interface Fault {
  /** Which statement, counted from 1 over all connections; the first one that matches if absent. */
  readonly nth?: number;
  readonly sql?: RegExp;
  readonly error: unknown;
  /** Whether the server still runs it. */
  readonly runs: boolean;
}

type Callback = (error: unknown, ...results: unknown[]) => void;
type Query = (this: unknown, ...parameters: unknown[]) => unknown;

/** Statements of every connection of mysql2, which answers them on a real server, and then tells what it is told to. */
export class DriverFaults {
  /** Faults that statements were answered with. */
  done = 0;
  /** Whether the COMMIT went out in the text of the last fault. */
  commitWasSent = false;
  /** The server's number of the connection that the last statement went through. */
  threadId: unknown;
  #planned: Fault[] = [];
  #statements = 0;

  constructor() {
    const driver = mysql.Connection.prototype as unknown as { query: Query };
    const original = driver.query;
    const faults = this;
    driver.query = function (...parameters) {
      faults.threadId = Reflect.get(this as object, 'threadId');
      const [options] = parameters as [string | { sql: string }];
      const statements = statementsOf(typeof options === 'string' ? options : options.sql);
      const callback = parameters.at(-1) as Callback;
      const failing = typeof callback === 'function' ? faults.#nextOf(statements) : undefined;
      if (!failing) return original.apply(this, parameters);
      const { fault, at } = failing;
      // the server stops a text at the first statement that fails
      const run = statements.slice(0, fault.runs ? at + 1 : at);
      if (run.length === 0) {
        process.nextTick(callback, fault.error);
        return new EventEmitter();
      }
      const sql = run.join('; ');
      const answer: Callback = (error, ...results) => callback(error ?? fault.error, ...results);
      const query = original.call(
        this,
        typeof options === 'string' ? sql : { ...options, sql },
        ...parameters.slice(1, -1),
        answer,
      );
      return withoutAnswersFrom(query as EventEmitter, at);
    };
    onTestFinished(() => {
      driver.query = original;
    });
  }

  /** Plans the faults of one call, and forgets those of the one before. */
  plan(...faults: readonly Fault[]): void {
    this.#planned = [...faults];
    this.#statements = 0;
    this.done = 0;
  }

  /** The first statement of a text that is to fail. */
  #nextOf(statements: readonly string[]): { readonly fault: Fault; readonly at: number } | undefined {
    for (const [at, sql] of statements.entries()) {
      const fault = this.#next(sql, statements.at(-1) === 'COMMIT');
      if (fault) return { fault, at };
    }
    return undefined;
  }

  #next(sql: string, inCommittingText: boolean): Fault | undefined {
    this.#statements++;
    const fault = this.#planned.find(
      ({ nth, sql: pattern }) =>
        (nth ?? this.#statements) === this.#statements && (pattern?.test(sql) ?? true),
    );
    if (!fault) return undefined;
    this.#planned = this.#planned.filter((planned) => planned !== fault);
    this.done++;
    this.commitWasSent = inCommittingText;
    return fault;
  }
}

/** The statements of a text. None of the tests' values has such a sign before such a word. */
function statementsOf(text: string): string[] {
  return text.split(/; (?=(?:START|INSERT|SELECT|UPDATE|DELETE|SHOW|COMMIT|ROLLBACK)\b)/);
}

/** A query that does not tell of the answers from `at` on: the listener hears of those that the server gave without an error. */
function withoutAnswersFrom(query: EventEmitter, at: number): EventEmitter {
  let told = 0;
  const { emit } = query;
  query.emit = (event, ...values: unknown[]) =>
    event === 'fields' && told++ >= at ? false : emit.call(query, event, ...values);
  return query;
}
