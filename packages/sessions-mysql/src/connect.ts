import { SessionError } from '@stackone/sessions-core';
import {
  parseStoreUrl,
  readUrlParameters,
  type ServerAddress,
  ServerList,
  serverAddresses,
  serverName,
} from '@stackone/sessions-core/backend';
import { ConnectionLimit } from './connection-limit.js';
import { type MysqlDriverOption, mysqlDriver } from './driver.js';
import { type EventedPool, LazyPool, OwnPool, type StorePool } from './pools.js';
import { ServerChoice } from './server-choice.js';
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
  /** In the order in which they are tried. */
  readonly servers: readonly ServerAddress[];
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
  const servers = serverAddresses(url, values);
  if (servers.length > 1 && values.socketPath !== undefined)
    throw new SessionError(
      'UNSUPPORTED_URL',
      'The URL contradicts itself: socketPath does not go with several hosts.',
    );
  return {
    servers,
    database: values.database ?? url.database,
    values,
    tls: ssl === undefined ? tlsOfUrl(values, servers) : undefined,
  };
}

/** The connections that a store opens. */
export interface OwnPools {
  /** Take texts of several statements: nobody but the store gets one. */
  readonly ofStore: StorePool;
  /** For transactions in which the application works with the connection: a text is one statement there. */
  readonly ofApplication: StorePool;
}

/**
 * Makes the pools of a store. Connects when a connection is first needed.
 *
 * @throws SessionError `DRIVER_MISSING`, `DRIVER_FAILED`; `TLS_FAILED` if a file of certificates cannot be read.
 */
export async function openPools(
  { servers, database, values, tls }: MysqlUrl,
  { max, connectionTimeout, ssl, driver }: ConnectOptions,
): Promise<OwnPools> {
  const mysql = await mysqlDriver(driver);
  const settings = ssl ?? (tls && (await tlsSettings(tls)));
  const connectionLimit = max ?? values.connectionLimit ?? 10;
  const connectTimeout = connectionTimeout ?? values.connectTimeout ?? 10_000;
  const common = {
    ...(database !== undefined && { database }),
    charset: 'utf8mb4',
    connectionLimit,
    connectTimeout,
    enableKeepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
    // a store prepares none; mysql2 keeps room for 16,000 on each connection: half a megabyte
    maxPreparedStatements: 1,
    connectAttributes: { program_name: '@stackone/sessions-mysql' },
  };
  const poolsOf = ({ host = 'localhost', port = 3306, user, password }: ServerAddress) => {
    const socketPath = values.socketPath ?? (host.startsWith('/') ? host : undefined);
    const limit = new ConnectionLimit(connectionLimit);
    const options = {
      ...common,
      host,
      port,
      ...(socketPath !== undefined && { socketPath }),
      ...(user !== undefined && { user }),
      ...(password !== undefined && { password }),
      ...(settings && {
        ssl: { verifyIdentity: !isAddress(host), ...(settings === true ? {} : settings) } as object,
      }),
    };
    const name = serverName({ host, port });
    const make = (multipleStatements: boolean) => {
      const pool = mysql.createPool({ ...options, ...(multipleStatements && { multipleStatements }) });
      // that of mysql2/promise wraps the pool that has the events
      return new OwnPool(
        ('pool' in pool ? pool.pool : pool) as EventedPool,
        JSON.stringify(['mysql', socketPath ?? name, user, database, multipleStatements]),
        limit,
      );
    };
    const ofStore = make(true);
    const ofApplication = new LazyPool(() => make(false));
    const endIdle = () => {
      ofStore.endIdle();
      ofApplication.endIdle();
    };
    return { name, ofStore, ofApplication, endIdle };
  };
  const pools = servers.map(poolsOf);
  const [first] = pools;
  if (pools.length === 1 && first) return first;
  const list = new ServerList(pools, connectionLimit);
  return {
    ofStore: new ServerChoice(list, ({ ofStore }) => ofStore, connectTimeout),
    ofApplication: new ServerChoice(list, ({ ofApplication }) => ofApplication, connectTimeout),
  };
}

/** Some networks forget connections that are silent for minutes. */
const KEEP_ALIVE_MS = 30_000;
