import {
  parseStoreUrl,
  readUrlParameters,
  type ServerAddress,
  serverAddress,
} from '@stackone/sessions-core/backend';
import { ConnectionLimit } from './connection-limit.js';
import { type MysqlDriverOption, mysqlDriver } from './driver.js';
import { type EventedPool, LazyPool, OwnPool } from './pools.js';
import { isAddress, type MysqlTlsOptions, tlsOfUrl, tlsSettings, type WantedTls } from './tls.js';
import { MYSQL_URL_PARAMETERS, type MysqlUrlValues } from './url-parameters.js';

/** How a store connects. */
export interface ConnectOptions {
  readonly max: number | undefined;
  readonly connectionTimeout: number | undefined;
  readonly ssl: boolean | MysqlTlsOptions | undefined;
  readonly driver: MysqlDriverOption | undefined;
}

/** What a URL says, checked. */
export interface MysqlUrl {
  readonly server: ServerAddress;
  readonly database: string | undefined;
  readonly values: MysqlUrlValues;
  readonly tls: WantedTls | false | undefined;
}

/**
 * Reads a URL. Nothing is opened.
 *
 * @throws SessionError `UNSUPPORTED_URL`
 */
export function readMysqlUrl(text: string, ssl: boolean | MysqlTlsOptions | undefined): MysqlUrl {
  const url = parseStoreUrl(text, 'mysql');
  const values = readUrlParameters(url, MYSQL_URL_PARAMETERS);
  const server = serverAddress(url, values);
  return {
    server,
    database: values.database ?? url.database,
    values,
    tls: ssl === undefined ? tlsOfUrl(values, server.host) : undefined,
  };
}

/** The connections that a store opens. */
export interface OwnPools {
  /** Take texts of several statements: nobody but the store gets one. */
  readonly ofStore: OwnPool;
  /** For transactions in which the application works with the connection: a text is one statement there. */
  readonly ofApplication: LazyPool;
}

/**
 * Makes the pools of a store. Connects when a connection is first needed.
 *
 * @throws SessionError `DRIVER_MISSING`, `DRIVER_FAILED`; `TLS_FAILED` if a file of certificates cannot be read.
 */
export async function openPools(
  { server, database, values, tls }: MysqlUrl,
  { max, connectionTimeout, ssl, driver }: ConnectOptions,
): Promise<OwnPools> {
  const mysql = await mysqlDriver(driver);
  const { host = 'localhost', port = 3306, user, password } = server;
  const socketPath = values.socketPath ?? (host.startsWith('/') ? host : undefined);
  const settings = ssl ?? (tls && (await tlsSettings(tls)));
  const connectionLimit = max ?? values.connectionLimit ?? 10;
  const limit = new ConnectionLimit(connectionLimit);
  const options = {
    host,
    port,
    ...(socketPath !== undefined && { socketPath }),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(database !== undefined && { database }),
    ...(settings && {
      ssl: { verifyIdentity: !isAddress(host), ...(settings === true ? {} : settings) } as object,
    }),
    charset: 'utf8mb4',
    connectionLimit,
    connectTimeout: connectionTimeout ?? values.connectTimeout ?? 10_000,
    enableKeepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    // a store prepares none; mysql2 keeps room for 16,000 on each connection: half a megabyte
    maxPreparedStatements: 1,
    connectAttributes: { program_name: '@stackone/sessions-mysql' },
  };
  const place = socketPath ?? `${host}:${port}`;
  const make = (multipleStatements: boolean) => {
    const pool = mysql.createPool({ ...options, ...(multipleStatements && { multipleStatements }) });
    // that of mysql2/promise wraps the pool that has the events
    return new OwnPool(
      ('pool' in pool ? pool.pool : pool) as EventedPool,
      JSON.stringify(['mysql', place, user, database, multipleStatements]),
      limit,
    );
  };
  return { ofStore: make(true), ofApplication: new LazyPool(() => make(false)) };
}

/** Some networks forget connections that are silent for minutes. */
const KEEP_ALIVE_MS = 30_000;
