import { inspect } from 'node:util';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2';
import { describe, expect, test } from 'vitest';
import { openPools, readMysqlUrl } from '../src/connect.js';
import { queryText } from '../src/driver-types.js';
import {
  MYSQL_URL_PARAMETERS,
  type MysqlDriver,
  MysqlSessionStore,
  type MysqlStoreOptions,
} from '../src/index.js';
import { rowsOf, SERVERS } from './databases.js';
import { messages } from './items.js';

const none = { max: undefined, connectionTimeout: undefined, ssl: undefined, driver: undefined };

/** One row of one column, asked through a pool that the store would open for this URL. */
async function answer(url: string, sql: string): Promise<unknown> {
  const { ofStore: pool } = await openPools(readMysqlUrl(url, undefined), none);
  try {
    const connection = await pool.take();
    const { rows } = await queryText(connection, sql);
    pool.give(connection, false);
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await pool.close();
  }
}

/** What the driver is given for a pool. Nothing connects before its first use. */
async function configOf(url: string, options: MysqlStoreOptions): Promise<unknown> {
  let config: unknown;
  const createPool = (given: mysql.PoolOptions) => {
    config = given;
    return mysql.createPool(given);
  };
  const driver = { ...mysql, createPool } as unknown as MysqlDriver;
  const { ofStore: pool } = await openPools(readMysqlUrl(url, options.ssl), { ...none, ...options, driver });
  await pool.close();
  return config;
}

describeEngine(SERVERS, ({ server, url }) => {
  const { port, username, password, pathname } = new URL(url);
  const database = pathname.slice(1);
  const elsewhere = `mysql://nobody:wrong@192.0.2.1:9/nothing`;

  describe('honoured', () => {
    test.each<[query: string, sql: string, expected: unknown]>([
      ['database=information_schema', 'SELECT DATABASE()', 'information_schema'],
      ['charset=utf8mb4&enableKeepAlive=true', 'SELECT @@character_set_client', 'utf8mb4'],
      ['waitForConnections=true&queueLimit=0&statement_cache_size=0', 'SELECT 1', '1'],
    ])('?%s', async (query, sql, expected) => {
      expect(await answer(`${url}?${query}`, sql)).toBe(expected);
    });

    test('host, port, user, password and database win over what stands before', async () => {
      const query = new URLSearchParams({ host: '127.0.0.1', port, user: username, password, database });
      expect(
        await answer(`${elsewhere}?${query}`, "SELECT CONCAT(SUBSTRING_INDEX(USER(), '@', 1), DATABASE())"),
      ).toBe(`${username}${database}`);
    });

    test('the socket of the server, in each form', async () => {
      const [row] = await server.query('SELECT @@socket AS socket');
      const socket = encodeURIComponent(String(row?.socket));
      const who = `mysql://${username}:${password}`;
      const sql = 'SELECT @@port';
      for (const there of [
        `${who}@192.0.2.1/${database}?socketPath=${socket}`,
        `${who}@192.0.2.1/${database}?socket=(${socket})`,
        `${who}@${socket}/${database}`,
        `${who}@/${database}?host=${socket}`,
      ])
        expect(await answer(there, sql)).toBe(port);
    });

    test('socket_timeout bounds a statement, as the option "timeout" does', async () => {
      await using _made = await MysqlSessionStore.fromUrl(url);
      await using store = await MysqlSessionStore.fromUrl(`${url}?socket_timeout=1`, { maxRetries: 0 });
      const { ofStore: pool } = await openPools(readMysqlUrl(url, undefined), none);
      const connection = await pool.take();
      await queryText(connection, 'LOCK TABLES agent_messages WRITE');
      await expect(store.session('a').getItems()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
      await queryText(connection, 'UNLOCK TABLES');
      pool.give(connection, false);
      await pool.close();
    });

    test('schema: the tables are there; the option wins', async () => {
      for (const [query, options, schema] of [
        ['schema', {}, `${database}_url`],
        ['schema', { schema: `${database}_option` }, `${database}_option`],
      ] as const) {
        await server.query(`CREATE DATABASE ${schema}`);
        await using store = await MysqlSessionStore.fromUrl(`${url}?${query}=${database}_url`, options);
        await store.session('a').addItems(messages(1));
        expect(await rowsOf(url, `SELECT COUNT(*) AS n FROM ${schema}.agent_messages`)).toEqual([{ n: '1' }]);
        await server.query(`DROP DATABASE ${schema}`);
      }
    });
  });
});

describe('what the driver gets', () => {
  test.each<[query: string, options: MysqlStoreOptions, expected: object]>([
    ['', {}, { connectionLimit: 10, connectTimeout: 10_000 }],
    ['connectionLimit=3&connectTimeout=7', {}, { connectionLimit: 3, connectTimeout: 7 }],
    ['connection_limit=3&connect_timeout=7', {}, { connectionLimit: 3, connectTimeout: 7000 }],
    [
      'connection_limit=3&connect_timeout=7',
      { max: 4, connectionTimeout: 8 },
      { connectionLimit: 4, connectTimeout: 8 },
    ],
  ])('?%s with %o', async (query, options, expected) => {
    expect(await configOf(`mysql://h/db?${query}`, options)).toMatchObject(expected);
  });
});

test('every parameter that mysql2, MySQL and Prisma document is known', () => {
  const mysql2 =
    'host port user password password1 password2 password3 passwordSha1 database socketPath localAddress charset ' +
    'charsetNumber timezone connectTimeout insecureAuth supportBigNumbers bigNumberStrings decimalNumbers dateStrings ' +
    'debug trace stringifyObjects enableKeepAlive keepAliveInitialDelay queryFormat ssl multipleStatements rowsAsArray ' +
    'namedPlaceholders nestTables typeCast disableEval enableCleartextPlugin compress authPlugins authSwitchHandler ' +
    'flags connectAttributes maxPreparedStatements jsonStrings gracefulEnd connectionLimit maxIdle idleTimeout ' +
    'queueLimit resetOnRelease waitForConnections infileStreamFactory uri';
  const mysql =
    'host port user password socket schema ssl-mode ssl-ca ssl-capath ssl-cert ssl-cipher ssl-crl ssl-crlpath ' +
    'ssl-fips-mode ssl-key tls-version tls-versions tls-ciphersuites auth-method get-server-public-key ' +
    'server-public-key-path connect-timeout compression compression-algorithms compression-level connection-attributes';
  const prisma =
    'connection_limit connect_timeout pool_timeout sslcert sslidentity sslpassword sslaccept socket socket_timeout ' +
    'prefer_socket statement_cache_size max_connection_lifetime max_idle_connection_lifetime';
  const documented = `${mysql2} ${mysql} ${prisma}`.split(' ');
  expect(documented.filter((name) => !Object.hasOwn(MYSQL_URL_PARAMETERS, name))).toEqual([]);
});

describe('refused', () => {
  const refusalOf = (query: string): unknown => {
    try {
      return new MysqlSessionStore({ url: `mysql://h/db?${query}` });
    } catch (error) {
      return error;
    }
  };

  test.each(
    Object.entries(MYSQL_URL_PARAMETERS).flatMap(([name, entry]) => ('refused' in entry ? [[name]] : [])),
  )('%s, by name and with the reason', (name) => {
    const error = refusalOf(`${name}=canary`);
    expect(error).toMatchObject({
      code: 'UNSUPPORTED_URL',
      message: expect.stringMatching(
        new RegExp(`^The parameter "${name}" of the URL is refused\\. [A-Zm].*\\.$`),
      ),
    });
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('canary');
  });

  test.each([
    'port=0',
    'port=canary',
    'host=canary,,b',
    'host=canary,/run',
    'host=a,b&port=1,2,3',
    'host=a,b&socketPath=/canary',
    'target_session_attrs=any',
    'host=',
    'user=',
    'database=',
    'schema=',
    `schema=${'canary'.repeat(11)}`,
    'socketPath=',
    'socket=()',
    'socket=/canary&socketPath=/canary',
    'connectTimeout=0',
    'connectTimeout=canary',
    'connect_timeout=0',
    'connect_timeout=1&connectTimeout=1',
    'connectionLimit=0',
    'socket_timeout=0',
    'queueLimit=5',
    'waitForConnections=false',
    'enableKeepAlive=false',
    'charset=latin1',
    'charset=canary',
    'useSSL=canary',
    'serverTimezone=canary',
    'allowPublicKeyRetrieval=canary',
    'canary-canary!=1',
  ])('?%s', (query) => {
    const error = refusalOf(query);
    expect(error).toMatchObject({ code: 'UNSUPPORTED_URL' });
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('canary');
  });
});
