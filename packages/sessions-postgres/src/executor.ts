import { isSessionError } from '@stackone/sessions-core';
import { inTurn, loadFailure } from '@stackone/sessions-core/backend';
import type {
  DrizzlePostgresDatabase,
  DrizzlePostgresTransaction,
  PostgresClient,
  PostgresPool,
  PostgresResult,
} from './driver-types.js';
import { type Phase, toSessionError } from './errors.js';
import { BEGIN, COMMIT, RELEASE, ROLLBACK, ROLLBACK_TO_SAVEPOINT, SAVEPOINT } from './statements.js';

/** Runs one statement and returns its rows. */
export type Query = (sql: string, parameters?: readonly unknown[]) => Promise<readonly unknown[]>;

/** Runs statements for a backend. */
export interface PostgresExecutor {
  /** A statement that only reads. */
  read: Query;
  /** A statement that writes and is committed by itself. */
  write: Query;
  /** Runs `work` on one connection so that either all of it takes effect or nothing. */
  atomically<T>(work: (query: Query) => Promise<T>): Promise<T>;
}

async function guarded<T>(phase: Phase, call: () => PromiseLike<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toSessionError(error, phase);
  }
}

function clientQuery(client: PostgresClient, phase: Phase): Query {
  return async (sql, parameters = []) =>
    (await guarded(phase, () => client.query(sql, [...parameters]))).rows;
}

/** A connection over a `pg` pool. Each call takes one client, and none while it has one. */
export class PoolExecutor implements PostgresExecutor {
  readonly #pool: PostgresPool;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  read: Query = (...statement) => this.#use((client) => clientQuery(client, 'undone')(...statement));

  write: Query = (...statement) => this.#use((client) => clientQuery(client, 'write')(...statement));

  atomically<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.#use(async (client) => {
      const query = clientQuery(client, 'undone');
      await query(BEGIN);
      let result: T;
      try {
        result = await work(query);
      } catch (error) {
        await undo(query, ROLLBACK);
        throw error;
      }
      await clientQuery(client, 'write')(COMMIT);
      return result;
    });
  }

  async #use<T>(work: (client: PostgresClient) => Promise<T>): Promise<T> {
    const client = await guarded('connect', () => this.#pool.connect());
    let broken = false;
    try {
      return await work(client);
    } catch (error) {
      broken = isLost(error);
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

/** The failure before it says more than that of a rollback: on a lost connection, which rolls back by itself. */
async function undo(query: Query, statement: string): Promise<void> {
  try {
    await query(statement);
  } catch (error) {
    if (!isLost(error)) throw error;
  }
}

function isLost(error: unknown): boolean {
  return isSessionError(error) && (error.code === 'CONNECTION_FAILED' || error.code === 'OUTCOME_UNKNOWN');
}

/** A connection over a `pg` client on which the application began a transaction. */
export class ClientExecutor implements PostgresExecutor {
  readonly #client: PostgresClient;
  readonly read: Query;
  readonly write: Query;

  constructor(client: PostgresClient) {
    this.#client = client;
    const query = clientQuery(client, 'undone');
    this.read = (...statement) => inTurn(client, () => query(...statement));
    this.write = this.read;
  }

  /** A savepoint, so that a failed call leaves nothing behind even if the application goes on. */
  atomically<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const query = clientQuery(this.#client, 'undone');
    return inTurn(this.#client, async () => {
      await query(SAVEPOINT);
      try {
        const result = await work(query);
        await query(RELEASE);
        return result;
      } catch (error) {
        await undo(query, ROLLBACK_TO_SAVEPOINT);
        throw error;
      }
    });
  }
}

/** A connection over a Drizzle database, or over a Drizzle transaction of the application. */
export class DrizzleExecutor implements PostgresExecutor {
  readonly #runner: Runner;
  readonly #phase: Phase;
  readonly #turn: <T>(call: () => Promise<T>) => Promise<T>;

  /** @param writes - In which phase a statement on its own is: that of a transaction is not committed yet. */
  constructor(runner: DrizzlePostgresDatabase | DrizzlePostgresTransaction, writes: 'write' | 'undone') {
    this.#runner = runner as unknown as Runner;
    this.#phase = writes;
    const single = singleConnection(this.#runner);
    this.#turn = single ? (call) => inTurn(single, call) : (call) => call();
  }

  read: Query = (...statement) => this.#turn(() => drizzleQuery(this.#runner, 'undone')(...statement));

  write: Query = (...statement) => this.#turn(() => drizzleQuery(this.#runner, this.#phase)(...statement));

  /** Drizzle's own transaction; inside one of the application, its savepoint. */
  async atomically<T>(work: (query: Query) => Promise<T>): Promise<T> {
    let failed: { readonly error: unknown } | undefined;
    let phase: Phase = 'connect';
    try {
      return await this.#turn(() =>
        this.#runner.transaction(
          async (transaction) => {
            phase = 'undone';
            try {
              const result = await work(drizzleQuery(transaction, 'undone'));
              phase = this.#phase;
              return result;
            } catch (error) {
              failed = { error };
              throw error;
            }
          },
          { isolationLevel: 'read committed' },
        ),
      );
    } catch (error) {
      // a ROLLBACK on a lost connection fails too, and some drivers then throw that
      if (failed) throw failed.error;
      throw toSessionError(error, phase);
    }
  }
}

/** A Drizzle database or transaction, as far as it is used here. */
interface Runner {
  readonly $client?: unknown;
  execute(query: unknown): PromiseLike<PostgresResult | readonly unknown[]>;
  transaction<T>(work: (transaction: Runner) => Promise<T>, config: unknown): Promise<T>;
}

function drizzleQuery(runner: Runner, phase: Phase): Query {
  return async (text, parameters = []) => {
    const sql = await drizzleTag();
    const result = await guarded(phase, () => runner.execute(fill(sql, text, parameters)));
    return 'rows' in result ? result.rows : result;
  };
}

type Tag = (strings: TemplateStringsArray, ...parameters: unknown[]) => unknown;

/** Loaded only where the application uses it itself: it takes longer to load than the driver. */
async function drizzleTag(): Promise<Tag> {
  try {
    return (await import('drizzle-orm/sql')).sql;
  } catch (cause) {
    throw loadFailure('drizzle-orm', cause);
  }
}

/** Quoted names and texts, which may hold anything, or a parameter. */
const QUOTED_OR_PARAMETER = /"(?:[^"]|"")*"|'(?:[^']|'')*'|\$(\d)/g;

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
