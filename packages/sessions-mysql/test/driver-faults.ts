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
  /** The server's number of the connection that the last statement went through. */
  threadId: unknown;
  #planned: Fault[] = [];
  #statements = 0;

  constructor() {
    const driver = mysql.Connection.prototype as unknown as { query: Query };
    const original = driver.query;
    const plan = (sql: string) => this.#next(sql);
    const faults = this;
    driver.query = function (...parameters) {
      faults.threadId = Reflect.get(this as object, 'threadId');
      const [options] = parameters as [string | { sql: string }];
      const fault = plan(typeof options === 'string' ? options : options.sql);
      const callback = parameters.at(-1) as Callback;
      if (!fault || typeof callback !== 'function') return original.apply(this, parameters);
      if (!fault.runs) return process.nextTick(callback, fault.error);
      const answer: Callback = (error, ...results) => callback(error ?? fault.error, ...results);
      return original.apply(this, [...parameters.slice(0, -1), answer]);
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

  #next(sql: string): Fault | undefined {
    this.#statements++;
    const fault = this.#planned.find(
      ({ nth, sql: pattern }) =>
        (nth ?? this.#statements) === this.#statements && (pattern?.test(sql) ?? true),
    );
    if (!fault) return undefined;
    this.#planned = this.#planned.filter((planned) => planned !== fault);
    this.done++;
    return fault;
  }
}
