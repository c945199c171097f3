import { ServerList, withTimeLimit } from '@stackone/sessions-core/backend';
import type { Pool, PoolClient } from 'pg';
import type { PostgresPoolClient } from './driver-types.js';
import { tooLate, toSessionError } from './errors.js';

/** What `target_session_attrs` of a URL may say, in the words of libpq. */
export const TARGETS = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'] as const;

/** As {@link TARGETS}. */
export type Target = (typeof TARGETS)[number];

/** What a server is asked, as libpq asks it, and what the wanted one answers. */
const QUESTIONS: Readonly<
  Record<Exclude<Target, 'any' | 'prefer-standby'>, readonly [sql: string, answer: string]>
> = {
  'read-write': ['SHOW transaction_read_only', 'off'],
  'read-only': ['SHOW transaction_read_only', 'on'],
  primary: ['SELECT pg_is_in_recovery()::text', 'false'],
  standby: ['SELECT pg_is_in_recovery()::text', 'true'],
};

/** A pool of connections to one server. */
export interface ServerPool {
  readonly name: string;
  readonly pool: Pool;
  endIdle(): void;
}

/**
 * Connections to one of several servers: the one that `target_session_attrs` asks for. Each server has a pool of its own, so that its
 * connections have its address, its time to connect and its name to compare a certificate with.
 */
export class ServerChoice {
  readonly #servers: ServerList<ServerPool>;
  readonly #target: Target;
  readonly #connectionTimeout: number;
  /** Connections that were found to be of the wanted kind. */
  readonly #known = new WeakSet<PoolClient>();

  /**
   * @param max - How many connections may be in use, whatever they lead to.
   * @param connectionTimeout - How long a new connection may take to say what it leads to, in ms.
   */
  constructor(
    servers: readonly ServerPool[],
    target: Target,
    { max, connectionTimeout }: { max: number; connectionTimeout: number },
  ) {
    this.#servers = new ServerList(servers, max);
    this.#target = target;
    this.#connectionTimeout = connectionTimeout;
  }

  get totalCount(): number {
    return this.#servers.all.reduce((sum, { pool }) => sum + pool.totalCount, 0);
  }

  async connect(): Promise<PostgresPoolClient> {
    const client = await this.#choose();
    const { release } = client; // pg makes a new one each time
    client.release = (destroy) => {
      release(destroy);
      this.#servers.giveBack();
    };
    return client as unknown as PostgresPoolClient;
  }

  async end(): Promise<void> {
    await Promise.all(this.#servers.all.map(({ pool }) => pool.end()));
  }

  async #choose(): Promise<PoolClient> {
    if (this.#target !== 'prefer-standby') return this.#take(this.#target);
    try {
      return await this.#take('standby');
    } catch (error) {
      if (toSessionError(error, 'connect').code !== 'CONNECTION_FAILED') throw error;
      return this.#take('any');
    }
  }

  #take(target: Exclude<Target, 'prefer-standby'>): Promise<PoolClient> {
    const wantsWrites = target === 'read-write' || target === 'primary';
    return this.#servers.take(
      ({ pool }) => this.#connectTo(pool, target),
      wantsWrites ? 'READ_ONLY' : 'takes writes',
    );
  }

  /** @returns Nothing if the server is another one than is wanted. */
  async #connectTo(pool: Pool, target: Exclude<Target, 'prefer-standby'>): Promise<PoolClient | undefined> {
    let client: PoolClient | undefined;
    try {
      client = await pool.connect();
      if (this.#known.has(client) || (await this.#isWanted(client, target))) {
        this.#known.add(client);
        return client;
      }
    } catch (error) {
      client?.release(true);
      throw toSessionError(error, 'connect');
    }
    client.release(true);
    return undefined;
  }

  /** Asked and not read from what the server says when it logs in, which a pooler may have from another time. */
  async #isWanted(client: PoolClient, target: Exclude<Target, 'prefer-standby'>): Promise<boolean> {
    if (target === 'any') return true;
    const [sql, wanted] = QUESTIONS[target];
    const { rows } = await withTimeLimit(this.#connectionTimeout, client.query(sql), () =>
      tooLate('connect'),
    );
    return Object.values(rows[0] ?? {})[0] === wanted;
  }
}
