import { isSessionError } from '@stackone/sessions-core';
import { inTurn, loadFailure, refuseWhenEnded, withTimeLimit } from '@stackone/sessions-core/backend';
import type {
  DrizzlePostgresDatabase,
  DrizzlePostgresTransaction,
  PostgresPool,
  PostgresResult,
} from './driver-types.js';
import { isAnswer, type Phase, tooLate, toSessionError } from './errors.js';
import { endClient, type PostgresExecutor, type Query } from './executor.js';

/** A connection over a Drizzle database, or over a Drizzle transaction of the application. */
export class DrizzleExecutor implements PostgresExecutor {
  readonly #runner: Runner;
  readonly #phase: Phase;
  readonly #timeout: number;
  /** The one connection that all calls take turns on, if it is one. */
  readonly #single: object | undefined;
  readonly #overPostgresJs: boolean;

  /**
   * @param writes - In which phase a statement on its own is: that of a transaction is not committed yet.
   * @param timeout - How long a statement is waited for, in ms; 0 is for ever.
   */
  constructor(
    runner: DrizzlePostgresDatabase | DrizzlePostgresTransaction,
    writes: 'write' | 'undone',
    timeout: number,
  ) {
    this.#runner = runner as unknown as Runner;
    this.#phase = writes;
    this.#timeout = timeout;
    this.#single = singleConnection(this.#runner);
    this.#overPostgresJs = isPostgresJs(this.#runner.$client);
  }

  read: Query = (...statement) => this.#inTurn(() => this.#query(this.#runner, 'undone')(...statement));

  write: Query = (...statement) => this.#inTurn(() => this.#query(this.#runner, this.#phase)(...statement));

  /** Drizzle's own transaction; inside one of the application, its savepoint. */
  atomically<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.#inTurn(() => this.#transaction((query) => work(query)));
  }

  /** Drizzle's own transaction, for work of the application. */
  transact<T>(work: (transaction: DrizzlePostgresTransaction) => Promise<T>): Promise<T> {
    return this.#inTurn(() =>
      this.#transaction(async (query, inner) => {
        const result = await work(inner as unknown as DrizzlePostgresTransaction);
        // Drizzle takes the answer to a COMMIT that rolled back for a success: a failed transaction refuses this
        await query('SELECT 1');
        return result;
      }),
    );
  }

  /** Whether all calls take turns on one connection. */
  get hasOneConnection(): boolean {
    return this.#single !== undefined;
  }

  async #transaction<T>(work: (query: Query, inner: Runner) => Promise<T>): Promise<T> {
    let failed: { readonly error: unknown } | undefined;
    let phase: Phase = 'connect';
    let over = false;
    const begun = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    const transaction = Promise.resolve(
      this.#runner.transaction(
        async (inner) => {
          begun.resolve();
          if (over) throw tooLate(phase);
          phase = 'undone';
          const query = this.#query(inner, 'undone');
          try {
            if (this.#overPostgresJs) await query(READ_COMMITTED);
            const result = await work(query, inner);
            phase = this.#phase;
            done.resolve();
            return result;
          } catch (error) {
            failed = { error };
            done.resolve();
            // postgres.js would send its ROLLBACK to the closed socket and never use the connection again. It ends the
            // transaction by itself.
            if (this.#overPostgresJs && isConnectionLost(error)) await forever();
            throw error;
          }
        },
        this.#overPostgresJs ? undefined : { isolationLevel: 'read committed' },
      ),
    );
    try {
      // BEGIN and what ends the transaction have a limit each, like the statements between them
      await this.#inTime(() => phase, Promise.race([begun.promise, transaction]));
      await Promise.race([done.promise, transaction]);
      return await this.#inTime(() => phase, transaction);
    } catch (error) {
      over = true;
      const known = toSessionError(error, phase);
      // a ROLLBACK that failed, or a COMMIT of which nothing is known: later calls would go on in an open transaction
      if (failed ? failed.error !== error : known.code === 'OUTCOME_UNKNOWN') this.#endSingle();
      // a ROLLBACK on a lost connection fails too, and some drivers then throw that
      throw failed ? failed.error : known;
    }
  }

  #query(runner: Runner, phase: Phase): Query {
    return async (text, parameters = []) => {
      const sql = await drizzleTag();
      refuseWhenEnded();
      try {
        const result = await this.#inTime(() => phase, runner.execute(fill(sql, text, parameters)));
        return 'rows' in result ? result.rows : result;
      } catch (error) {
        throw toSessionError(error, phase);
      }
    };
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    return this.#single ? inTurn(this.#single, call) : call();
  }

  /** Of a pool of the driver nothing can be closed from here: its other connections go on. */
  #inTime<T>(phase: () => Phase, work: PromiseLike<T>): Promise<T> {
    return withTimeLimit(this.#timeout, work, () => {
      this.#endSingle();
      return tooLate(phase());
    });
  }

  #endSingle(): void {
    if (this.#single && 'connection' in this.#single) endClient(this.#single); // a client of pg
  }
}

/** In place of Drizzle's own, which comes before the callback. */
const READ_COMMITTED = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED';

/** A client of postgres.js is a function. */
function isPostgresJs(client: unknown): boolean {
  return typeof client === 'function' && 'begin' in client && typeof client.begin === 'function';
}

function isConnectionLost(error: unknown): boolean {
  if (!isSessionError(error) || error.code !== 'CONNECTION_FAILED') return false;
  return error.cause !== undefined && !isAnswer(error.cause);
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}

/** A Drizzle database or transaction, as far as it is used here. */
interface Runner {
  readonly $client?: unknown;
  execute(query: unknown): PromiseLike<PostgresResult | readonly unknown[]>;
  transaction<T>(work: (transaction: Runner) => Promise<T>, config: unknown): Promise<T>;
}

/**
 * The pool of `pg` that a Drizzle database works on. The store takes clients from it by itself: Drizzle puts each one
 * back, also one that is inside a transaction whose ROLLBACK failed.
 *
 * @returns `undefined` for other drivers, and where the application replaced methods of Drizzle.
 */
export function poolOf(db: DrizzlePostgresDatabase): PostgresPool | undefined {
  if (Object.hasOwn(db, 'execute') || Object.hasOwn(db, 'transaction')) return undefined;
  const client: unknown = Reflect.get(db, '$client');
  if (typeof client !== 'object' || client === null || !('totalCount' in client)) return undefined;
  return 'connect' in client && typeof client.connect === 'function' ? (client as PostgresPool) : undefined;
}

type Tag = (strings: TemplateStringsArray, ...parameters: unknown[]) => unknown;

let loadedTag: Tag | undefined;

/** Loaded only where the application uses it itself: it takes longer to load than the driver. */
async function drizzleTag(): Promise<Tag> {
  try {
    loadedTag ??= (await import('drizzle-orm/sql')).sql;
    return loadedTag;
  } catch (cause) {
    throw loadFailure('drizzle-orm', cause);
  }
}

/** Quoted names and texts, which may hold anything, or a parameter. */
const QUOTED_OR_PARAMETER = /"(?:[^"]|"")*"|'(?:[^']|'')*'|\$(\d+)/g;

/** The statement as Drizzle's template tag would have got it: its parameters stand where the `$n` are. */
function fill(sql: Tag, text: string, parameters: readonly unknown[]): unknown {
  const strings: string[] = [];
  const values: unknown[] = [];
  let end = 0;
  for (const { 0: placeholder, 1: number, index } of text.matchAll(QUOTED_OR_PARAMETER)) {
    if (number === undefined) continue;
    strings.push(text.slice(end, index));
    values.push(parameters[Number(number) - 1]);
    end = index + placeholder.length;
  }
  strings.push(text.slice(end));
  return sql(Object.assign(strings, { raw: strings }), ...values);
}

/** The one connection that a Drizzle database works on, if it is one. Pools and postgres.js share out theirs. */
function singleConnection(runner: Runner): object | undefined {
  const client = runner.$client;
  if (client === undefined || client === null) return runner;
  return typeof client === 'object' && !('totalCount' in client) ? client : undefined;
}
