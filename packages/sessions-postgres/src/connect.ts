import { SessionError } from '@stackone/sessions-core';
import {
  endIdleOfOthers,
  type IdleEnding,
  isWholeNumber,
  type OptionCheck,
  parseStoreUrl,
  readUrlParameters,
  type ServerAddress,
  serverAddresses,
  serverName,
} from '@stackone/sessions-core/backend';
import type { Client, ClientConfig, Pool } from 'pg';
import { requireChannelBinding } from './channel-binding.js';
import { isDriver, type PostgresDriverOption, postgresDriver } from './driver.js';
import type { PostgresPoolClient } from './driver-types.js';
import { toSessionError } from './errors.js';
import { ServerChoice, type ServerPool, type Target } from './server-choice.js';
import { isPostgresTls, type PostgresTlsOptions, tlsOfUrl, tlsSettings, type WantedTls } from './tls.js';
import { POSTGRES_URL_PARAMETERS, type PostgresUrlValues } from './url-parameters.js';

/** How a store connects. */
export interface ConnectOptions {
  /** How long making a connection to one server may take, in ms. Default 10000. */
  connectionTimeout?: number | undefined;
  /** The most connections that the store opens. Default 10. It works with 1. */
  max?: number | undefined;
  /** `true` for a server whose certificate Node trusts, or how to do TLS. It wins over the URL's `sslmode`. */
  ssl?: boolean | PostgresTlsOptions | undefined;
  /**
   * The module `pg` itself, as `import pg from 'pg'` gives it: for bundles, and for a `pg` that is not installed where
   * this package looks for it. Default: the store imports `pg` when it first connects.
   */
  driver?: PostgresDriverOption | undefined;
}

/** The checks of {@link ConnectOptions}. */
export const CONNECT_OPTION_CHECKS = {
  connectionTimeout: isWholeNumber(1),
  max: isWholeNumber(1),
  ssl: isPostgresTls,
  driver: isDriver,
} satisfies Record<keyof ConnectOptions, OptionCheck>;

type Connected = ((error: Error) => void) | ((error: null, client: Client) => void);

/** As long as DNS, TCP, TLS and login may take together, in ms. */
const CONNECTION_TIMEOUT = 10_000;

/** How long a connection is silent before TCP asks whether the other side is there, in ms. The system's own is hours. */
const KEEP_ALIVE_DELAY = 30_000;

/** Idle connections are ended before servers and proxies drop them unasked, in ms. */
const IDLE_TIMEOUT = 30_000;

/** What a URL says, checked. */
export interface PostgresUrl {
  /** In the order in which they are tried. */
  readonly servers: readonly ServerAddress[];
  /** Which of them is wanted. */
  readonly target: Target;
  readonly database: string | undefined;
  readonly values: PostgresUrlValues;
  readonly tls: WantedTls;
}

/**
 * Reads a URL. Nothing is opened.
 *
 * @throws SessionError `UNSUPPORTED_URL`
 */
export function readPostgresUrl(text: string, { ssl }: ConnectOptions): PostgresUrl {
  const url = parseStoreUrl(text, 'postgres');
  const values = readUrlParameters(url, POSTGRES_URL_PARAMETERS);
  const servers = serverAddresses(url, values);
  return {
    servers,
    target: values.target_session_attrs ?? (servers.length > 1 ? 'read-write' : 'any'),
    database: values.dbname ?? url.database,
    values,
    tls: ssl === undefined ? tlsOfUrl(values) : undefined,
  };
}

/** The connections that a store opens. */
interface OwnPool {
  readonly totalCount: number;
  connect(): Promise<PostgresPoolClient>;
  end(): Promise<void>;
}

/**
 * A pool for the database of a URL. Nothing is sent before its first use.
 *
 * @throws SessionError `DRIVER_MISSING`, `DRIVER_FAILED`; `TLS_FAILED` if a file of certificates cannot be read;
 * `UNSUPPORTED_URL` if the installed driver is too old for a parameter.
 */
export async function openPool(url: PostgresUrl, options: ConnectOptions): Promise<OwnPool> {
  const pg = await postgresDriver(options.driver);
  const max = options.max ?? url.values.connection_limit ?? 10;
  const connectionTimeout = options.connectionTimeout ?? url.values.connect_timeout ?? CONNECTION_TIMEOUT;
  const settings = await driverSettings(url, options.ssl, connectionTimeout);
  const pools = url.servers.map((server) => serverPool(pg, url, { server, settings, max }));
  const [first] = pools;
  if (pools.length === 1 && first && url.target === 'any') return first.pool as unknown as OwnPool;
  return new ServerChoice(pools, url.target, { max, connectionTimeout });
}

/** A pool for one of the servers. */
function serverPool(
  pg: Awaited<ReturnType<typeof postgresDriver>>,
  { values, database }: PostgresUrl,
  { server, settings, max }: { server: ServerAddress; settings: DriverSettings; max: number },
): ServerPool {
  const config = { ...settings, ...given({ ...server, ssl: tlsFor(server.host, settings.ssl) }) };
  // The pool's own time limit would also count the wait for another caller's connection to become free.
  class StoreClient extends pg.Client {
    readonly #unbound = (): Error | undefined => undefined;

    constructor() {
      super({ ...config } as ClientConfig);
      if (values.channel_binding === 'require') this.#unbound = requireChannelBinding(this);
    }

    override connect(): Promise<Client>;
    override connect(done: Connected): void;
    /**
     * `pg` leaves the socket open when it gives up by itself, as without a password: that held the process. And its own end()
     * waits for ever to say goodbye where TLS has failed after the handshake, as for a client's certificate. Without it the closed
     * socket is an error that nobody listens to.
     */
    override connect(done?: Connected): unknown {
      return super.connect((failed: Error | null) => {
        const error = failed ?? this.#unbound();
        if (error) {
          this.end(() => undefined);
          this.connection.stream.destroy();
        }
        (done as ((error?: Error | null) => void) | undefined)?.(error);
      });
    }
  }
  checkDriver(() => new StoreClient(), values.channel_binding, settings.sslnegotiation);
  const pool = new pg.Pool({
    Client: StoreClient,
    max,
    idleTimeoutMillis: IDLE_TIMEOUT,
    allowExitOnIdle: true,
  });
  surviveDrops(pool);
  const { host, port, user } = server;
  const ending = endingIdle(pool);
  endIdleOfOthers(JSON.stringify(['postgres', host, port, user, database]), ending);
  return {
    name: serverName({ host: host ?? process.env.PGHOST ?? 'localhost', port }),
    pool,
    endIdle: () => ending.endIdle(),
  };
}

const ENDING = Symbol('ends what is idle');

/** Kept by the pool alone, and so as long as the pool. */
function endingIdle(pool: Pool): IdleEnding {
  const ending = {
    endIdle() {
      for (let left = pool.idleCount; left > 0; left--)
        pool.connect().then(
          (client) => client.release(true),
          () => undefined, // it ended by itself
        );
    },
  };
  Object.defineProperty(pool, ENDING, { value: ending });
  return ending;
}

/**
 * A driver that is too old passes over what it does not know.
 *
 * @param make - Makes a client, which does not connect.
 */
function checkDriver(make: () => object, binding: string | undefined, negotiation: string | undefined): void {
  if (binding === 'require' && Reflect.get(make(), 'enableChannelBinding') !== true)
    throw tooOld('channel_binding=require');
  if (negotiation === 'direct' && Reflect.get(make(), 'sslNegotiation') !== 'direct')
    throw tooOld('sslnegotiation=direct');
}

function tooOld(parameter: string): SessionError {
  return new SessionError(
    'UNSUPPORTED_URL',
    `The installed "pg" is too old for ${parameter} of the URL. Update it.`,
  );
}

type DriverSettings = Awaited<ReturnType<typeof driverSettings>>;

/** The fields of a `pg` configuration, but for the server. Never a connection string: `pg` reads special characters in it otherwise. */
async function driverSettings(
  { database, values, tls }: PostgresUrl,
  ssl: ConnectOptions['ssl'],
  connectionTimeoutMillis: number,
) {
  const settings = ssl ?? (tls && (await tlsSettings(tls)));
  return {
    ...given({
      database,
      options: values.options,
      statement_timeout: values.statement_timeout,
      lock_timeout: values.lock_timeout,
      idle_in_transaction_session_timeout: values.idle_in_transaction_session_timeout,
      enableChannelBinding: values.channel_binding && values.channel_binding !== 'disable',
      sslnegotiation: settings ? values.sslnegotiation : undefined,
      ssl: settings && {
        ...given({
          minVersion: values.ssl_min_protocol_version,
          maxVersion: values.ssl_max_protocol_version,
        }),
        ...(settings === true ? {} : settings),
      },
    }),
    application_name: values.application_name ?? values.fallback_application_name ?? 'openai-agents-sessions',
    connectionTimeoutMillis,
    keepAlive: true,
    keepAliveInitialDelayMillis: values.keepalives_idle ?? KEEP_ALIVE_DELAY,
  };
}

/** With the host: without it Node would compare the certificate of an IP address with "localhost". */
function tlsFor<Tls extends object>(host: string | undefined, tls: Tls | false | undefined) {
  return tls && { ...given({ host }), ...tls };
}

/** Only what is there: `pg` takes its own defaults (`PGHOST` and the like) for what is not. */
function given<T extends object>(fields: T): { [key in keyof T]?: Exclude<T[key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/**
 * Keeps the process alive when the server ends a connection that is idle or checked out: without a listener the
 * 'error' that a pool or client emits ends it (B16). The next call on the connection gets the failure itself.
 *
 * @param emitter - A pool or a client of `pg`; anything else is left alone.
 */
export function surviveDrops(emitter: unknown): void {
  if (!isEmitter(emitter)) return;
  listenOnce(emitter, 'error', ignore);
  listenOnce(emitter, 'acquire', surviveDrops);
}

/** Many stores may share a pool. */
function listenOnce(emitter: NodeJS.EventEmitter, event: string, listener: (value: unknown) => void): void {
  if (!emitter.listeners(event).includes(listener)) emitter.on(event, listener);
}

function ignore(): void {}

function isEmitter(value: unknown): value is NodeJS.EventEmitter {
  const methods = ['on', 'listeners'] as const;
  return (
    typeof value === 'object' &&
    value !== null &&
    methods.every((name) => typeof Reflect.get(value, name) === 'function')
  );
}

/** Ends a pool of the store. */
export async function endPool(pool: { end(): unknown }): Promise<void> {
  try {
    await pool.end();
  } catch (error) {
    throw toSessionError(error, 'undone');
  }
}
