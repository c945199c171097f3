import { isIP } from 'node:net';
import { SessionError } from '@stackone/sessions-core';
import type { StoreUrl } from '@stackone/sessions-core/backend';
import { type MysqlDriverOption, mysqlDriver } from './driver.js';
import { type EventedPool, OwnPool } from './pools.js';

/** TLS to the server, as `node:tls` takes it. All certificates and keys as PEM. */
export interface MysqlTlsOptions {
  /** The authorities to trust. Default: those that Node trusts. */
  ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The certificate to show, for mutual TLS. */
  cert?: string | Uint8Array;
  /** The key of {@link cert}. */
  key?: string | Uint8Array;
  /** What the key is encrypted with. */
  passphrase?: string;
  /** Refuse a certificate that no trusted authority signed. Default `true`. */
  rejectUnauthorized?: boolean;
  /**
   * Refuse a certificate that is not for the host of the URL. Default `true` for host names; `false` for addresses,
   * because mysql2 does not compare those.
   */
  verifyIdentity?: boolean;
  /** The oldest version of TLS, like `TLSv1.3`. Default: Node's. */
  minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

/** The keys of {@link MysqlTlsOptions}. */
export const TLS_KEYS: readonly string[] = [
  'ca',
  'cert',
  'key',
  'passphrase',
  'rejectUnauthorized',
  'verifyIdentity',
  'minVersion',
] satisfies (keyof MysqlTlsOptions)[];

/** How a store connects. */
export interface ConnectOptions {
  readonly max: number;
  readonly connectionTimeout: number;
  readonly ssl: boolean | MysqlTlsOptions | undefined;
  readonly driver: MysqlDriverOption | undefined;
}

/** Makes the pool of a store. Connects when a connection is first needed. */
export async function openPool(
  url: StoreUrl,
  { max, connectionTimeout, ssl, driver }: ConnectOptions,
): Promise<OwnPool> {
  const mysql = await mysqlDriver(driver);
  const socketPath = url.query.get('socketPath') ?? url.query.get('socket');
  const pool = mysql.createPool({
    host: url.host || 'localhost',
    port: url.port ?? 3306,
    ...(socketPath !== null && { socketPath }),
    ...(url.user !== undefined && { user: url.user }),
    ...(url.password !== undefined && { password: url.password }),
    ...(url.database !== undefined && { database: url.database }),
    ...(ssl && { ssl: { verifyIdentity: isIP(url.host) === 0, ...(ssl === true ? {} : ssl) } as object }),
    charset: 'utf8mb4',
    connectionLimit: max,
    connectTimeout: connectionTimeout,
    enableKeepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    connectAttributes: { program_name: '@stackone/sessions-mysql' },
  });
  // that of mysql2/promise wraps the pool that has the events
  const server = socketPath ?? `${url.host}:${url.port}`;
  return new OwnPool(
    ('pool' in pool ? pool.pool : pool) as EventedPool,
    JSON.stringify([server, url.user, url.database]),
  );
}

/** Some networks forget connections that are silent for minutes. */
const KEEP_ALIVE_MS = 30_000;

/** The values of MySQL's `ssl-mode`, and PostgreSQL's words for them. */
const TLS_MODES: Readonly<Record<string, false | MysqlTlsOptions>> = {
  disable: false,
  disabled: false,
  prefer: false,
  preferred: false,
  require: { rejectUnauthorized: false, verifyIdentity: false },
  required: { rejectUnauthorized: false, verifyIdentity: false },
  'verify-ca': { verifyIdentity: false },
  'verify-full': {},
  'verify-identity': {},
};

/**
 * What the URL says about TLS: `?ssl=true`, `?ssl={"rejectUnauthorized":false}` (JSON, as mysql2 reads it),
 * `?ssl-mode=VERIFY_IDENTITY`.
 *
 * @throws SessionError `UNSUPPORTED_URL`: a setting of TLS must not be without effect.
 */
export function tlsOfUrl(url: StoreUrl): boolean | MysqlTlsOptions | undefined {
  let tls: boolean | MysqlTlsOptions | undefined;
  for (const [name, value] of url.query) {
    if (!/ssl|tls/i.test(name)) continue;
    const mode = /^ssl-?mode$/i.test(name) ? TLS_MODES[value.toLowerCase().replaceAll('_', '-')] : undefined;
    tls = mode ?? (name === 'ssl' ? tlsValue(value) : undefined);
    if (tls === undefined) throw unsupportedTls();
  }
  return tls;
}

function tlsValue(value: string): boolean | MysqlTlsOptions | undefined {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  if (Object.keys(parsed).some((key) => !TLS_KEYS.includes(key))) return undefined;
  return parsed as MysqlTlsOptions;
}

function unsupportedTls(): SessionError {
  return new SessionError(
    'UNSUPPORTED_URL',
    'The URL asks for TLS in a way that is not known here. Known: ssl=true, ssl=false, ssl={JSON}, ssl-mode=DISABLED, ' +
      'REQUIRED, VERIFY_CA or VERIFY_IDENTITY. Or give the "ssl" option.',
  );
}
