import { readFile } from 'node:fs/promises';
import { SessionError } from '@stackone/sessions-core';
import { isBoolean, type OptionCheck, type StoreUrl } from '@stackone/sessions-core/backend';
import type { Client, ClientConfig } from 'pg';
import { type PostgresDriverOption, postgresDriver } from './driver.js';
import type { PostgresPool } from './driver-types.js';
import { toSessionError } from './errors.js';

/** How a connection is encrypted. PEM texts, as `tls.connect` of Node takes them. */
export interface PostgresTlsOptions {
  /** The authorities that may have signed the server's certificate. Default: those that Node trusts. */
  ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The client's own certificate, for mutual TLS. */
  cert?: string | Uint8Array;
  /** The key of `cert`. */
  key?: string | Uint8Array;
  /** The password of `key`. */
  passphrase?: string;
  /** `false` accepts any certificate, also that of an impostor. Default `true`. */
  rejectUnauthorized?: boolean;
  /** The host name that the certificate must be for. Default: the host of the URL. */
  servername?: string;
}

/** How a store connects. */
export interface ConnectOptions {
  /** How long making a connection may take, in ms. Default 10000. */
  connectionTimeout?: number;
  /** The most connections that the store opens. Default 10. It works with 1. */
  max?: number;
  /** `true` for a server whose certificate Node trusts, or how to do TLS. It wins over the URL's `sslmode`. */
  ssl?: boolean | PostgresTlsOptions;
  /**
   * The module `pg` itself, as `import pg from 'pg'` gives it: for bundles, and for a `pg` that is not installed where
   * this package looks for it. Default: the store imports `pg` when it first connects.
   */
  driver?: PostgresDriverOption;
}

const TLS_KEYS = ['ca', 'cert', 'key', 'passphrase', 'rejectUnauthorized', 'servername'];

/** Checks the `ssl` option. */
export const isTls: OptionCheck = (value) => {
  if (isBoolean(value) === undefined) return undefined;
  const fits = typeof value === 'object' && value !== null && !Array.isArray(value);
  return fits && Object.keys(value).every((key) => TLS_KEYS.includes(key))
    ? undefined
    : `true, false or an object with ${TLS_KEYS.join(', ')}`;
};

type Connected = ((error: Error) => void) | ((error: null, client: Client) => void);

/** As long as DNS, TCP, TLS and login may take together, in ms. */
const CONNECTION_TIMEOUT = 10_000;

/** How long a connection is silent before TCP asks whether the other side is there, in ms. The system's own is hours. */
const KEEP_ALIVE_DELAY = 30_000;

/** Idle connections are ended before servers and proxies drop them unasked, in ms. */
const IDLE_TIMEOUT = 30_000;

/**
 * A pool for the database of a URL. Nothing is sent before its first use.
 *
 * @throws SessionError `DRIVER_MISSING`, `DRIVER_FAILED`; `UNSUPPORTED_URL` for an unknown `sslmode`; `TLS_FAILED` if a file of
 * certificates cannot be read.
 */
export async function openPool(
  url: StoreUrl,
  options: ConnectOptions,
): Promise<PostgresPool & { end(): unknown }> {
  const pg = await postgresDriver(options.driver);
  const config = await clientConfig(url, options);
  // The pool's own time limit would also count the wait for another caller's connection to become free.
  class StoreClient extends pg.Client {
    constructor() {
      super({ ...config } as ClientConfig);
    }

    override connect(): Promise<Client>;
    override connect(done: Connected): void;
    /** `pg` leaves the socket open when it gives up by itself, as without a password: that held the process. */
    override connect(done?: Connected): unknown {
      return super.connect((error: Error) => {
        if (error) this.end(() => undefined);
        (done as ((error: Error) => void) | undefined)?.(error);
      });
    }
  }
  const pool = new pg.Pool({
    Client: StoreClient,
    max: options.max ?? 10,
    idleTimeoutMillis: IDLE_TIMEOUT,
    allowExitOnIdle: true,
  });
  return pool as unknown as PostgresPool & { end(): unknown };
}

/** The fields of a `pg` configuration. Never a connection string: `pg` reads special characters in it otherwise. */
async function clientConfig(url: StoreUrl, { connectionTimeout, ssl }: ConnectOptions) {
  const { query } = url;
  const seconds = whole(query, 'connect_timeout');
  const host = url.host || query.get('host') || undefined;
  const tls = ssl === undefined ? await tlsOfUrl(query) : ssl;
  return {
    ...given({
      host,
      port: url.port,
      user: url.user,
      password: url.password,
      database: url.database,
      options: query.get('options') ?? undefined,
      statement_timeout: whole(query, 'statement_timeout'),
      lock_timeout: whole(query, 'lock_timeout'),
      idle_in_transaction_session_timeout: whole(query, 'idle_in_transaction_session_timeout'),
      enableChannelBinding: query.get('channel_binding') === 'require' ? true : undefined,
      // without the host Node would compare the certificate of an IP address with "localhost"
      ssl: tls ? { ...given({ host }), ...(tls === true ? {} : tls) } : tls,
    }),
    application_name: query.get('application_name') ?? 'openai-agents-sessions',
    connectionTimeoutMillis: connectionTimeout ?? (seconds ? seconds * 1000 : CONNECTION_TIMEOUT),
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY,
  };
}

/** Only what is there: `pg` takes its own defaults (`PGHOST` and the like) for what is not. */
function given<T extends object>(fields: T): { [key in keyof T]?: Exclude<T[key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function whole(query: URLSearchParams, name: string): number | undefined {
  const value = Number(query.get(name) ?? Number.NaN);
  return Number.isSafeInteger(value) ? value : undefined;
}

const SSL_MODES = ['disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** `sslmode` as `pg` 8 reads it: whatever encrypts also checks the certificate, except `no-verify`. */
async function tlsOfUrl(query: URLSearchParams): Promise<PostgresTlsOptions | false | undefined> {
  const files = await certificates(query);
  const mode = query.get('sslmode') ?? (query.get('ssl') === 'true' || files ? 'verify-full' : undefined);
  if (mode === undefined) return undefined;
  if (!SSL_MODES.includes(mode)) {
    throw new SessionError('UNSUPPORTED_URL', `The sslmode of a URL is one of ${SSL_MODES.join(', ')}.`);
  }
  if (mode === 'disable') return false;
  return { ...files, rejectUnauthorized: mode !== 'no-verify' };
}

async function certificates(query: URLSearchParams): Promise<PostgresTlsOptions | undefined> {
  const files = Object.entries({ ca: 'sslrootcert', cert: 'sslcert', key: 'sslkey' } as const).flatMap(
    ([field, parameter]) => {
      const file = query.get(parameter);
      return file && file !== 'system' ? [{ field, file, parameter }] : [];
    },
  );
  if (files.length === 0) return undefined;
  const texts = files.map(async ({ field, file, parameter }) => {
    try {
      return [field, await readFile(file)];
    } catch (cause) {
      throw new SessionError('TLS_FAILED', `The file that ${parameter} names cannot be read.`, { cause });
    }
  });
  return Object.fromEntries(await Promise.all(texts)) as PostgresTlsOptions;
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
