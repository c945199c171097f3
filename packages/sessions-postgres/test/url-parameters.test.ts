import { inspect } from 'node:util';
import { describeEngine } from '@stackone/test-servers/vitest';
import { beforeAll, describe, expect, test } from 'vitest';
import { openPool, readPostgresUrl } from '../src/connect.js';
import { POSTGRES_URL_PARAMETERS, PostgresSessionStore } from '../src/index.js';
import { message } from './messages.js';
import { answer } from './queries.js';

describeEngine('postgres', ({ server, url }) => {
  const { port, username, password, pathname } = new URL(url);
  const database = pathname.slice(1);
  const elsewhere = 'postgres://nobody:wrong@192.0.2.1:9/nothing';

  describe('honoured', () => {
    test.each<[query: string, sql: string, expected: unknown]>([
      ['', 'SHOW application_name', 'openai-agents-sessions'],
      ['application_name=mine', 'SHOW application_name', 'mine'],
      ['fallback_application_name=mine', 'SHOW application_name', 'mine'],
      ['fallback_application_name=other&application_name=mine', 'SHOW application_name', 'mine'],
      ['options=-c%20search_path%3Dmine', 'SHOW search_path', 'mine'],
      ['statement_timeout=1234', 'SHOW statement_timeout', '1234ms'],
      ['lock_timeout=1234', 'SHOW lock_timeout', '1234ms'],
      ['idle_in_transaction_session_timeout=1234', 'SHOW idle_in_transaction_session_timeout', '1234ms'],
      ['client_encoding=UTF8', 'SHOW client_encoding', 'UTF8'],
      ['encoding=utf-8', 'SHOW client_encoding', 'UTF8'],
      ['dbname=postgres', 'SELECT current_database()', 'postgres'],
      ['database=postgres', 'SELECT current_database()', 'postgres'],
      ['pgbouncer=true&statement_cache_size=0&supa=base-pooler.x', 'SELECT 1', 1],
      ['keepalives=1&sslsni=1&sslcompression=0&sslcertmode=allow&gssencmode=prefer', 'SELECT 1', 1],
      ['target_session_attrs=any&load_balance_hosts=disable&gssencmode=disable', 'SELECT 1', 1],
    ])('?%s', async (query, sql, expected) => {
      expect(await answer(`${url}?${query}`, sql)).toBe(expected);
    });

    test('host, port, user, password and dbname win over what stands before', async () => {
      const query = new URLSearchParams({
        host: '127.0.0.1',
        port,
        user: username,
        password,
        dbname: database,
      });
      const sql = "SELECT current_user || ' ' || current_database()";
      expect(await answer(`${elsewhere}?${query}`, sql)).toBe(`${username} ${database}`);
    });

    test('the folder of a socket, as host', async () => {
      const [row] = await server.query('SHOW unix_socket_directories');
      const folder = String(row?.unix_socket_directories);
      const who = `${username}:${password}`;
      for (const there of [
        `postgres://${who}@:${port}/${database}?host=${encodeURIComponent(folder)}`,
        `postgres://${who}@${encodeURIComponent(folder)}:${port}/${database}`,
        `postgres://${who}@192.0.2.1/${database}?host=${encodeURIComponent(folder)}&port=${port}`,
      ])
        expect(await answer(there, 'SELECT inet_client_addr() IS NULL')).toBe(true);
    });

    test('schema: the tables are there; the option wins', async () => {
      for (const [query, options, schema] of [
        ['schema=from_url', {}, 'from_url'],
        ['schema=from_url', { schema: 'from_option' }, 'from_option'],
      ] as const) {
        await using store = await PostgresSessionStore.fromUrl(`${url}?${query}`, options);
        await store.session('a').addItems([message('x')]);
        const [row] = await server.query(
          `SELECT count(*)::int AS rows FROM ${schema}.agent_messages`,
          database,
        );
        expect(row).toEqual({ rows: 1 });
      }
      const [row] = await server.query("SELECT to_regclass('public.agent_messages') AS table", database);
      expect(row).toEqual({ table: null });
    });

    test('connection_limit', async () => {
      for (const [query, options, most] of [
        ['connection_limit=2', {}, 2],
        ['connection_limit=2', { max: 3 }, 3],
      ] as const) {
        const pool = await openPool(readPostgresUrl(`${url}?${query}`, options), options);
        await Promise.all(Array.from({ length: 6 }, async () => (await pool.connect()).release()));
        expect(pool.totalCount).toBeLessThanOrEqual(most);
        expect(Reflect.get(pool, 'options')).toMatchObject({ max: most });
        await pool.end();
      }
    });

    test('socket_timeout bounds a statement, as the option "timeout" does', async () => {
      const schema = 'schema=silent';
      await using _made = await PostgresSessionStore.fromUrl(`${url}?${schema}`);
      await using store = await PostgresSessionStore.fromUrl(`${url}?${schema}&socket_timeout=1`, {
        maxRetries: 0,
      });
      const pool = await openPool(readPostgresUrl(url, {}), {});
      const client = await pool.connect();
      await client.query('BEGIN; LOCK TABLE silent.agent_messages');
      await expect(store.session('a').getItems()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
      await client.query('ROLLBACK');
      client.release();
      await pool.end();
    });

    test('connect_timeout and keepalives_idle reach the driver', async () => {
      const wanted = readPostgresUrl(`${url}?connect_timeout=7&keepalives_idle=9`, {});
      const pool = await openPool(wanted, {});
      const client = await pool.connect();
      expect(client).toMatchObject({ _connectionTimeoutMillis: 7000 });
      expect(Reflect.get(client, 'connection')).toMatchObject({ _keepAliveInitialDelayMillis: 9000 });
      client.release();
      await pool.end();
    });
  });

  // channel binding is asked for before a password is sent, and this server has no TLS
  test('channel_binding=require sends nothing where there is no TLS', async () => {
    await expect(answer(`${url}?channel_binding=require`, 'SELECT 1')).rejects.toMatchObject({
      code: 'TLS_FAILED',
    });
    expect(await answer(`${url}?channel_binding=disable`, 'SELECT 1')).toBe(1);
  });
});

describeEngine('postgres', { own: true }, ({ server, url }) => {
  describe.each(['password', 'md5', 'trust'])('a server that wants %s', (method) => {
    beforeAll(async () => {
      const [row] = await server.query('SHOW hba_file');
      await server.query("SET password_encryption = 'md5'");
      await server.query(
        `COPY (SELECT 'host all all 127.0.0.1/32 ${method}') TO PROGRAM 'cat > ${String(row?.hba_file)}'`,
      );
      await server.query('SELECT pg_reload_conf()');
    });
    test('is not told the password with channel_binding=require', async () => {
      await expect(answer(`${url}?channel_binding=require`, 'SELECT 1')).rejects.toMatchObject({
        code: 'TLS_FAILED',
      });
    });
  });
});

test('every parameter that libpq 18, pg and Prisma document is known', () => {
  const libpq =
    'host hostaddr port dbname user password passfile require_auth channel_binding connect_timeout client_encoding ' +
    'options application_name fallback_application_name keepalives keepalives_idle keepalives_interval ' +
    'keepalives_count tcp_user_timeout replication gssencmode sslmode requiressl sslnegotiation sslcompression ' +
    'sslcert sslkey sslkeylogfile sslpassword sslcertmode sslrootcert sslcrl sslcrldir sslsni requirepeer ' +
    'ssl_min_protocol_version ssl_max_protocol_version min_protocol_version max_protocol_version krbsrvname gsslib ' +
    'gssdelegation scram_client_key scram_server_key service target_session_attrs load_balance_hosts oauth_issuer ' +
    'oauth_client_id oauth_client_secret oauth_scope';
  const pg = 'host encoding ssl uselibpqcompat sslmode sslcert sslkey sslrootcert application_name';
  const prisma =
    'schema connection_limit connect_timeout pool_timeout sslmode sslcert sslidentity sslpassword sslaccept host ' +
    'socket_timeout pgbouncer application_name channel_binding options statement_cache_size max_connection_lifetime ' +
    'max_idle_connection_lifetime single_use_connections';
  const documented = `${libpq} ${pg} ${prisma}`.split(' ');
  expect(documented.filter((name) => !Object.hasOwn(POSTGRES_URL_PARAMETERS, name))).toEqual([]);
});

describe('refused', () => {
  const refusalOf = (query: string): unknown => {
    try {
      return new PostgresSessionStore({ url: `postgres://h/db?${query}` });
    } catch (error) {
      return error;
    }
  };

  test.each(
    Object.entries(POSTGRES_URL_PARAMETERS).flatMap(([name, entry]) => ('refused' in entry ? [[name]] : [])),
  )('%s, by name and with the reason', (name) => {
    const error = refusalOf(`${name}=canary`);
    expect(error).toMatchObject({
      code: 'UNSUPPORTED_URL',
      message: expect.stringMatching(
        new RegExp(`^The parameter "${name}" of the URL is refused\\. [A-Z].*\\.$`),
      ),
    });
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('canary');
  });

  test.each([
    'port=0',
    'port=canary',
    'port=1,2',
    'host=canary,,b',
    'host=canary,/run',
    'host=a,b&port=1,2,3',
    'host=',
    'user=',
    'dbname=',
    'dbname=canary&database=canary',
    'schema=',
    `schema=${'canary'.repeat(11)}`,
    'connect_timeout=0',
    'connect_timeout=canary',
    'connect_timeout=1.5',
    'connection_limit=0',
    'socket_timeout=0',
    'statement_timeout=canary',
    'statement_timeout=5s',
    'lock_timeout=-1',
    'keepalives=0',
    'sslsni=0',
    'sslcompression=1',
    'sslcertmode=require',
    'gssencmode=require',
    'client_encoding=LATIN1',
    'encoding=canary',
    'target_session_attrs=canary',
    'target_session_attrs=Read-Write',
    'load_balance_hosts=random',
    'pgbouncer=canary',
    'channel_binding=canary',
    'canary-canary!=1',
    'Statement_timeout=1&statement_timeout=1',
  ])('?%s', (query) => {
    const error = refusalOf(query);
    expect(error).toMatchObject({ code: 'UNSUPPORTED_URL' });
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('canary');
  });
});
