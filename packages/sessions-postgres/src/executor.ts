import {
  hasConnection,
  inTurn,
  refuseWhenEnded,
  waitsForConnection,
  withTimeLimit,
} from '@stackone/sessions-core/backend';
import type { PostgresClient, PostgresPool, PostgresPoolClient, PostgresResult } from './driver-types.js';
import {
  isAnswer,
  type Phase,
  rolledBackAtCommit,
  spoilsConnection,
  tooLate,
  toSessionError,
} from './errors.js';
import { BEGIN, COMMIT, RELEASE, ROLLBACK, ROLLBACK_TO_SAVEPOINT, SAVEPOINT } from './statements.js';

/** Runs one statement and returns its rows. */
export type Query = (sql: string, parameters?: readonly unknown[]) => Promise<readonly unknown[]>;

/** Runs statements for a backend. */
export interface PostgresExecutor {
  /** Whether it has transactions, where that is known without asking. */
  readonly hasTransactions?: true;
  /** A statement that only reads. */
  read: Query;
  /** A statement that writes and is committed by itself. */
  write: Query;
  /** Runs `work` on one connection so that either all of it takes effect or nothing. */
  atomically<T>(work: (query: Query) => Promise<T>): Promise<T>;
}

/** A client of `pg` while a call uses it: sends statements, and remembers what state they leave it in. */
class Line {
  /** Nobody knows what the client does now: nothing more is sent. */
  lost = false;
  /** The server that it leads to is of no use. */
  spoiled = false;
  readonly #client: PostgresClient;
  readonly #timeout: number;
  readonly #whenLate: () => void;

  constructor(client: PostgresClient, timeout: number, whenLate: () => void = () => undefined) {
    this.#client = client;
    this.#timeout = timeout;
    this.#whenLate = whenLate;
  }

  query(phase: Phase): Query {
    return async (sql, parameters = []) => (await this.send(phase, sql, parameters)).rows;
  }

  async send(phase: Phase, sql: string, parameters: readonly unknown[] = []): Promise<PostgresResult> {
    try {
      return await withTimeLimit(this.#timeout, this.#client.query(sql, [...parameters]), () => {
        this.#whenLate();
        return tooLate(phase);
      });
    } catch (error) {
      const known = toSessionError(error, phase);
      this.lost ||= !isAnswer(error) || known.code === 'OUTCOME_UNKNOWN';
      this.spoiled ||= spoilsConnection(error);
      throw known;
    }
  }
}

/** A connection over a `pg` pool. Each call takes one client, and none while it has one. */
export class PoolExecutor implements PostgresExecutor {
  readonly hasTransactions = true;
  readonly hasOneConnection = false;
  readonly #pool: Pick<PostgresPool, 'connect'>;
  readonly #timeout: number;
  /** When each client was first seen: after how many changes of the server. */
  readonly #seen = new WeakMap<PostgresPoolClient, number>();
  #changes = 0;

  /** @param timeout - How long a statement, and a connection, are waited for, in ms; 0 is for ever. */
  constructor(pool: Pick<PostgresPool, 'connect'>, timeout: number) {
    this.#pool = pool;
    this.#timeout = timeout;
  }

  read: Query = (...statement) => this.#use((line) => line.query('undone')(...statement));

  write: Query = (...statement) => this.#use((line) => line.query('write')(...statement));

  atomically<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.#transaction((query) => work(query));
  }

  /** The same for work of the application, on the client that the transaction is on. */
  transact<T>(work: (client: PostgresClient) => Promise<T>): Promise<T> {
    return this.#transaction((_query, client) => work(client));
  }

  #transaction<T>(work: (query: Query, client: PostgresClient) => Promise<T>): Promise<T> {
    return this.#use(async (line, client) => {
      const query = line.query('undone');
      let result: T;
      try {
        // inside, as a pooler may have begun the transaction and then told an error
        await query(BEGIN);
        result = await work(query, client);
      } catch (error) {
        // it says more than the failure of a rollback; a client that is closed rolls back by itself
        if (!line.lost) {
          await query(ROLLBACK).catch(() => {
            line.lost = true;
          });
        }
        throw error;
      }
      const { command } = await line.send('write', COMMIT);
      if (command === 'ROLLBACK') throw rolledBackAtCommit();
      return result;
    });
  }

  async #use<T>(work: (line: Line, client: PostgresPoolClient) => Promise<T>): Promise<T> {
    waitsForConnection();
    const client = await this.#connect();
    const line = new Line(client, this.#timeout);
    try {
      hasConnection();
      return await work(line, client);
    } finally {
      if (line.spoiled && this.#seen.get(client) === this.#changes) this.#changes++;
      client.release(line.lost || line.spoiled);
    }
  }

  /** A client that was not made before a server said that it is of no use: the others lead there too. */
  async #connect(): Promise<PostgresPoolClient> {
    for (;;) {
      const client = await this.#take();
      const seen = this.#seen.get(client) ?? this.#changes;
      this.#seen.set(client, seen);
      if (seen === this.#changes) return client;
      client.release(true);
    }
  }

  async #take(): Promise<PostgresPoolClient> {
    try {
      return await withTimeLimit(
        this.#timeout,
        this.#pool.connect(),
        () => tooLate('connect'),
        (late) => late.release(),
      );
    } catch (error) {
      throw toSessionError(error, 'connect');
    }
  }
}

/** A connection over a `pg` client on which the application began a transaction. */
export class ClientExecutor implements PostgresExecutor {
  readonly #client: PostgresClient;
  readonly #timeout: number;

  constructor(client: PostgresClient, timeout: number) {
    this.#client = client;
    this.#timeout = timeout;
  }

  read: Query = (...statement) => this.#inTurn((line) => joined(line)(...statement));

  write: Query = this.read;

  /** A savepoint, so that a failed call leaves nothing behind even if the application goes on. */
  atomically<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.#inTurn(async (line) => {
      const query = line.query('undone');
      await query(SAVEPOINT);
      try {
        const result = await work(joined(line));
        await query(RELEASE);
        return result;
      } catch (error) {
        // it says more than the failure of a rollback on a client that is lost
        if (!line.lost) {
          const leave = async () => {
            await query(ROLLBACK_TO_SAVEPOINT);
            await query(RELEASE); // on its own, as proxies take one statement of a text
          };
          await leave().catch((failed: unknown) => {
            if (!line.lost) throw failed;
          });
        }
        throw error;
      }
    });
  }

  /** A client that is too late is closed: else the application could commit a call that was told as failed. */
  #inTurn<T>(use: (line: Line) => Promise<T>): Promise<T> {
    const client = this.#client;
    return inTurn(client, () => use(new Line(client, this.#timeout, () => endClient(client))));
  }
}

/** Statements into a transaction of the application. */
function joined(line: Line): Query {
  return async (...statement) => {
    refuseWhenEnded();
    return line.query('undone')(...statement);
  };
}

/** Closes a client at once: `pg` does not wait for a statement that is under way. */
export function endClient(client: object): void {
  const end: unknown = Reflect.get(client, 'end');
  if (typeof end === 'function') Promise.resolve(end.call(client)).catch(() => undefined);
}
