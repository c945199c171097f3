import { endIdleOfOthers, now, startTimer, type Timer, withTimeLimit } from '@stackone/sessions-core/backend';
import type { ConnectionLimit, LimitedPool } from './connection-limit.js';
import {
  abandon,
  type CallbackConnection,
  type PromiseConnection,
  type PromisePool,
  promisePool,
} from './driver-types.js';
import { tooLate, toSessionError } from './errors.js';
import type { ConnectionSource } from './executor.js';

interface Socket {
  ref(): unknown;
  unref(): unknown;
  destroy(): unknown;
}

/** mysql2's own connection, behind the wrapper for promises. */
interface DriverConnection extends CallbackConnection {
  /** TLS puts another one in its place. */
  readonly stream: Socket;
  on(event: 'error' | 'end', listener: () => void): unknown;
  destroy(): void;
}

/** mysql2's own pool. */
export interface EventedPool {
  getConnection(...parameters: never[]): unknown;
  on(event: 'connection', listener: (connection: DriverConnection) => void): unknown;
}

/** Connections that the store opens and closes. */
export interface StorePool extends ConnectionSource {
  /** Waits until the connections are closed, but not for a silent server; it holds the process again. */
  close(): Promise<void>;
}

/** A connection that nobody has used for so long is closed, in ms. */
const IDLE_MS = 30_000;
/**
 * Nobody ends a connection for having been idle so shortly, in ms: the least `wait_timeout` of a server is a second, and proxies and
 * firewalls wait longer (https://dev.mysql.com/doc/refman/9.7/en/server-system-variables.html#sysvar_wait_timeout).
 */
const LATELY_MS = 1000;
/** What a server may take to answer the goodbyes of connections, in ms. */
const CLOSE_MS = 5_000;

/**
 * A pool that the store opened. Its idle connections do not keep the process alive, which mysql2's pool does not
 * offer: their sockets are referenced only while they are in use. Nor do they stay open for ever: mysql2's own timer for
 * that would hold the process too.
 */
export class OwnPool implements StorePool, LimitedPool {
  readonly #pool: PromisePool;
  readonly #limit: ConnectionLimit;
  readonly #all = new Set<DriverConnection>();
  /** Since when they have been idle; who has waited longest stands first. */
  readonly #idle = new Map<DriverConnection, number>();
  /** Made before a connection broke, and in use since then. */
  readonly #doubted = new WeakSet<DriverConnection>();
  /** In use after they have been idle for long. */
  readonly #stale = new WeakSet<DriverConnection>();
  #sweep: Timer | undefined;

  /**
   * @param target - The server, the user and the database, for stores that take the place of others.
   * @param limit - How many connections it may have, with others.
   */
  constructor(pool: EventedPool, target: string, limit: ConnectionLimit) {
    this.#pool = promisePool(pool);
    this.#limit = limit;
    limit.join(this);
    pool.on('connection', (connection) => {
      this.#all.add(connection);
      const forget = () => {
        this.#idle.delete(connection);
        this.#all.delete(connection);
      };
      // mysql2 hears the first error only; without a listener a second one, like that of a late write, ends the process
      connection.on('error', forget);
      connection.on('end', forget);
    });
    endIdleOfOthers(target, this);
  }

  async take(): Promise<PromiseConnection> {
    await this.#limit.take(this);
    const connection = await takeFrom(this.#pool).catch((error: unknown) => {
      this.#limit.give();
      throw error;
    });
    const driver = driverConnection(connection);
    // one that is new has just answered to its login
    if (now() - (this.#idle.get(driver) ?? now()) >= LATELY_MS) this.#stale.add(driver);
    this.#idle.delete(driver);
    driver.stream.ref();
    return connection;
  }

  answeredLately(connection: PromiseConnection): boolean {
    const driver = driverConnection(connection);
    return !this.#stale.has(driver) && !this.#doubted.has(driver);
  }

  give(connection: PromiseConnection, broken: boolean): void {
    const driver = driverConnection(connection);
    this.#stale.delete(driver);
    if (broken) {
      // what broke it (a restart, a failover, a firewall) has likely broken the others too
      if (!this.#doubted.has(driver)) for (const other of this.#all) this.#doubted.add(other);
      this.#end(driver);
      this.endIdle();
    } else if (this.#doubted.has(driver)) {
      this.#end(driver);
    } else {
      this.#idle.set(driver, now());
      driver.stream.unref();
      connection.release();
      this.#sweepLater(IDLE_MS);
    }
    this.#limit.give();
  }

  get idleCount(): number {
    return this.#idle.size;
  }

  endOldestIdle(): void {
    const [oldest] = this.#idle.keys();
    if (oldest) this.#end(oldest);
  }

  /** Closes the connections that are not in use. */
  endIdle(): void {
    for (const driver of this.#idle.keys()) this.#end(driver);
  }

  async close(): Promise<void> {
    this.#sweep?.cancel();
    for (const { stream } of this.#idle.keys()) stream.ref();
    const ended = this.#pool.end();
    await withTimeLimit(CLOSE_MS, ended, tooLate).catch(() => {
      for (const driver of this.#all) this.#end(driver);
    });
  }

  #end(driver: DriverConnection): void {
    this.#idle.delete(driver);
    this.#all.delete(driver);
    driver.destroy();
    driver.stream.destroy();
  }

  #sweepLater(ms: number): void {
    this.#sweep ??= startTimer(ms, () => {
      this.#sweep = undefined;
      for (const [driver, since] of this.#idle) {
        const rest = since + IDLE_MS - now();
        if (rest > 0) return this.#sweepLater(Math.ceil(rest));
        this.#end(driver);
      }
    }).unref();
  }
}

/** A pool that is made when it is first needed. */
export class LazyPool implements StorePool {
  readonly #make: () => OwnPool;
  #pool: OwnPool | undefined;

  constructor(make: () => OwnPool) {
    this.#make = make;
  }

  take(): Promise<PromiseConnection> {
    this.#pool ??= this.#make();
    return this.#pool.take();
  }

  give(connection: PromiseConnection, broken: boolean): void {
    this.#pool?.give(connection, broken);
  }

  /** As {@link OwnPool.endIdle}. */
  endIdle(): void {
    this.#pool?.endIdle();
  }

  async close(): Promise<void> {
    await this.#pool?.close();
  }
}

/** A pool of the application. */
export class GivenPool implements ConnectionSource {
  readonly #pool: PromisePool;
  /** How often a connection has broken. */
  #breaks = 0;
  /** How often one had broken when each connection was first seen here. */
  readonly #seen = new WeakMap<CallbackConnection, number>();

  constructor(pool: PromisePool) {
    this.#pool = pool;
  }

  /** What broke a connection (a restart, a failover, a firewall) has likely broken those of before, too. */
  async take(): Promise<PromiseConnection> {
    for (;;) {
      const wrapper = await takeFrom(this.#pool);
      const seen = this.#seen.get(wrapper.connection) ?? this.#breaks;
      this.#seen.set(wrapper.connection, seen);
      if (seen === this.#breaks) return wrapper;
      abandon(wrapper);
    }
  }

  give(connection: PromiseConnection, broken: boolean): void {
    if (broken) {
      if (this.#seen.get(connection.connection) === this.#breaks) this.#breaks++;
      abandon(connection);
    } else {
      connection.release();
    }
  }
}

async function takeFrom(pool: PromisePool): Promise<PromiseConnection> {
  try {
    return await pool.getConnection();
  } catch (error) {
    throw toSessionError(error);
  }
}

function driverConnection({ connection }: PromiseConnection): DriverConnection {
  return connection as DriverConnection;
}
