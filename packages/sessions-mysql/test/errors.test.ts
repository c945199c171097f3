// Promise: Retries only where nothing was written.
import { createServer, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { isSessionError, SESSION_ERROR_CODES, type SessionErrorCode } from '@stackone/sessions-core';
import { freePort } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2';
import { afterAll, describe, expect, test } from 'vitest';
import { ERROR_CODES, toCommitError, toSessionError } from '../src/errors.js';
import { MysqlSessionStore, type MysqlStoreOptions } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import {
  connectionsTo,
  driverUrl,
  emptyDatabase,
  failOnWarning,
  rawPool,
  rowsOf,
  SERVERS,
} from './databases.js';
import { message } from './items.js';

const PASSWORD = 'canary-password';
const SESSION = 'canary-session';
const ITEM = 'canary-item';
const ONCE: MysqlStoreOptions = { maxRetries: 0 };

/** Nothing that an error shows, however it is printed, may be data of the application or a way into its database. */
function expectSilent(error: unknown): void {
  const shown = [
    inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
    String(error),
    JSON.stringify(error),
    (error as Error).stack,
  ].join('\n');
  for (const secret of [PASSWORD, SESSION, ITEM, 'INSERT INTO', 'canary']) {
    expect(shown).not.toContain(secret);
  }
}

/** Makes the call, which must fail in the one way, silently. */
async function expectFailure(
  call: () => Promise<unknown>,
  code: SessionErrorCode,
  errno?: number,
): Promise<void> {
  const error = await call().then(
    () => new Error('it did not fail'),
    (thrown: Error) => thrown,
  );
  expect(error).toMatchObject({ name: 'SessionError', code });
  if (errno !== undefined) expect(error.cause).toMatchObject({ errno });
  expectSilent(error);
}

async function append(url: string, options = ONCE): Promise<void> {
  await using store = new MysqlSessionStore({ url }, options);
  await store.session(SESSION).addItems([message(ITEM)]);
}

describeEngine(SERVERS, ({ engine, server, url }) => {
  const withUser = (of: string, user: string, password = PASSWORD) =>
    of.replace('test:test@', `${user}:${password}@`);

  /** A user of the given privileges on a database. */
  async function user(privileges: string, database: string, limits = ''): Promise<string> {
    const name = `u${Math.random().toString(36).slice(2, 12)}`;
    await server.query(`CREATE USER '${name}'@'%' IDENTIFIED BY '${PASSWORD}'${limits}`);
    if (privileges) {
      await server.query(
        `GRANT ${privileges} ON \`${new URL(database).pathname.slice(1)}\`.* TO '${name}'@'%'`,
      );
    }
    afterAll(() => server.query(`DROP USER '${name}'@'%'`));
    return name;
  }

  test('1045: a wrong password', async () => {
    await expectFailure(() => append(withUser(url, 'test')), 'AUTHENTICATION_FAILED', 1045);
  });

  test('1044: a database that the user may not see', async () => {
    await expectFailure(async () => append(withUser(url, await user('', url))), 'PERMISSION_DENIED', 1044);
  });

  test('1049, 1046: no such database, and none named', async () => {
    await expectFailure(() => append(server.url('canary_nowhere')), 'DATABASE_NOT_FOUND', 1049);
    await expectFailure(() => append(server.url('')), 'DATABASE_NOT_FOUND', 1046);
  });

  test('1142: a user that may read only, on tables that are there and on none', async () => {
    const database = await emptyDatabase(server);
    const reader = withUser(database, await user('SELECT', database));
    await expectFailure(() => append(reader), 'PERMISSION_DENIED', 1142);
    await append(database);
    await expectFailure(() => append(reader), 'PERMISSION_DENIED', 1142);
    await using store = await MysqlSessionStore.fromUrl(reader, ONCE);
    expect(await store.session(SESSION).getItems()).toHaveLength(1);
  });

  test('1146: a table that went away', async () => {
    const database = await emptyDatabase(server);
    await using store = await MysqlSessionStore.fromUrl(database, ONCE);
    await rowsOf(database, 'DROP TABLE agent_messages');
    await expectFailure(() => store.session(SESSION).getItems(), 'TABLE_MISSING', 1146);
    await expectFailure(() => store.session(SESSION).addItems([message(ITEM)]), 'TABLE_MISSING', 1146);
  });

  test('1226: a user with too many connections', async () => {
    const name = await user('ALL', url, ' WITH MAX_USER_CONNECTIONS 1');
    const holder = await rawPool(withUser(url, name)).getConnection();
    await expectFailure(() => append(withUser(url, name)), 'CONNECTION_FAILED', 1226);
    holder.destroy();
  });

  test('1062, 1644, CHECK: a constraint and a trigger', async () => {
    const database = await emptyDatabase(server);
    await append(database);
    await rowsOf(database, 'CREATE UNIQUE INDEX one_text ON agent_messages (message_data(100))');
    await expectFailure(() => append(database), 'CONSTRAINT_VIOLATED', 1062);
    await rowsOf(database, 'DROP INDEX one_text ON agent_messages');
    await rowsOf(
      database,
      "ALTER TABLE agent_messages ADD CONSTRAINT c CHECK (message_data NOT LIKE '%canary%') NOT ENFORCED"
        .replace(engine === 'mariadb' ? ' NOT ENFORCED' : '', '')
        .replace("'%canary%'", "'%canarz%'"),
    );
    await rowsOf(database, 'DELETE FROM agent_messages');
    await rowsOf(database, 'ALTER TABLE agent_messages DROP CONSTRAINT c');
    await rowsOf(
      database,
      "ALTER TABLE agent_messages ADD CONSTRAINT c CHECK (message_data NOT LIKE '%canary%')",
    );
    await expectFailure(() => append(database), 'CONSTRAINT_VIOLATED', engine === 'mariadb' ? 4025 : 3819);
    await rowsOf(database, 'ALTER TABLE agent_messages DROP CONSTRAINT c');
    await rowsOf(
      database,
      "CREATE TRIGGER t BEFORE INSERT ON agent_messages FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'canary'",
    );
    await expectFailure(() => append(database), 'CONSTRAINT_VIOLATED', 1644);
    expect(await rowsOf(database, 'SELECT 1 FROM agent_messages')).toEqual([]);
  });

  test('1114: a table is full: nothing of the call is stored', async () => {
    const database = await emptyDatabase(server);
    await append(database);
    // a small table in memory that every insert writes to: a full disk would take the whole server along
    const pool = rawPool(database, { connectionLimit: 1 });
    await pool.query('SET SESSION max_heap_table_size = 16384');
    await pool.query('CREATE TABLE small (t CHAR(250)) ENGINE = MEMORY');
    await pool.query(
      "CREATE TRIGGER fill BEFORE INSERT ON agent_messages FOR EACH ROW INSERT INTO small VALUES ('x')",
    );
    await pool.end();
    await using store = await MysqlSessionStore.fromUrl(database, ONCE);
    const many = Array.from({ length: 2000 }, () => message(ITEM));
    await expectFailure(() => store.session(SESSION).addItems(many), 'STORAGE_FULL', 1114);
    expect(await store.session(SESSION).getItems()).toHaveLength(1);
  });

  /** A connection that holds the lock of a session, until it is released. */
  async function locked(database: string) {
    const pool = rawPool(database, { connectionLimit: 1 });
    const holder = await pool.getConnection();
    await holder.beginTransaction();
    await holder.query('SELECT 1 FROM agent_sessions WHERE session_id = ? FOR UPDATE', [SESSION]);
    return { holder, end: () => pool.end() };
  }

  test('1205, 1317, and a statement over its time limit: nothing was written', async () => {
    const database = await emptyDatabase(server);
    await append(database);
    const client = mysql.createConnection(driverUrl(database));
    const store = await MysqlSessionStore.fromPool(client, ONCE);
    const session = store.session(SESSION);
    const add = () => session.addItems([message(ITEM)]);
    const { holder, end } = await locked(database);
    await client.promise().query('SET SESSION innodb_lock_wait_timeout = 1');
    await expectFailure(add, 'BUSY', 1205);
    await client.promise().query('SET SESSION innodb_lock_wait_timeout = 50');

    const waiting = expectFailure(add, 'BUSY', 1317);
    const isWaiting = async () =>
      (await connectionsTo(database)).find(({ id }) => id === client.threadId)?.statement;
    await expect.poll(isWaiting).toMatch(/^INSERT INTO `agent_sessions`/);
    await server.query(`KILL QUERY ${client.threadId}`);
    await waiting;

    if (engine === 'mariadb') {
      await client.promise().query('SET SESSION max_statement_time = 0.2');
      await expectFailure(add, 'BUSY', 1969);
    } else {
      await client.promise().query('SET SESSION max_execution_time = 1');
      const many = Array.from({ length: 60_000 }, () => message(ITEM));
      await store.session(`${SESSION} long`).addItems(many);
      await expectFailure(() => store.session(`${SESSION} long`).getItems(), 'BUSY', 3024);
    }
    await holder.rollback();
    holder.release();
    await end();
    await client.promise().end();
    expect(
      await rowsOf(database, `SELECT 1 FROM agent_messages WHERE session_id = '${SESSION}'`),
    ).toHaveLength(1);
  });

  test('1213: a deadlock is repeated, and is TRANSACTION_CONFLICT where nothing may be', async () => {
    for (const maxRetries of [0, 3]) {
      const database = await emptyDatabase(server);
      const backend = await backendOpener({ url: database }, { maxRetries })(failOnWarning);
      const [first, second] = [`${SESSION} 1`, `${SESSION} 2`];
      const batches = [first, second].map((sessionId) => ({ sessionId, texts: [ITEM] }));
      await backend.append(batches);
      const rival = await rawPool(database, { connectionLimit: 1 }).getConnection();
      await rival.beginTransaction();
      // the more a transaction has changed, the less likely it is the victim
      await rival.query('CREATE TEMPORARY TABLE ballast (id INT)');
      await rival.query(
        `INSERT INTO agent_sessions (session_id) VALUES ${Array.from({ length: 500 }, (_, at) => `('ballast ${at}')`)}`,
      );
      await rival.query('UPDATE agent_sessions SET updated_at = CURRENT_TIMESTAMP(6) WHERE session_id = ?', [
        second,
      ]);
      const call = backend.append(batches);
      const settled = call.catch(() => undefined);
      await expect
        .poll(async () =>
          (await rowsOf(database, 'SHOW PROCESSLIST')).some(({ Info }) =>
            /^INSERT INTO `agent_sessions`/.test(String(Info)),
          ),
        )
        .toBe(true);
      await rival.query('UPDATE agent_sessions SET updated_at = CURRENT_TIMESTAMP(6) WHERE session_id = ?', [
        first,
      ]);
      if (maxRetries === 0) {
        await expectFailure(() => call, 'TRANSACTION_CONFLICT', 1213);
        await rival.rollback();
      } else {
        await rival.rollback();
        expect(await call).toEqual(['stored', 'stored']);
      }
      await settled;
      rival.destroy();
      expect(await backend.read(first)).toHaveLength(maxRetries === 0 ? 1 : 2);
      await backend.close();
    }
  });

  test('1792: a connection in READ ONLY mode', async () => {
    const client = mysql.createConnection(driverUrl(url));
    const store = await MysqlSessionStore.fromPool(client, ONCE);
    await client.promise().query('SET SESSION TRANSACTION READ ONLY');
    await expectFailure(() => store.session(SESSION).addItems([message(ITEM)]), 'READ_ONLY', 1792);
    expect(await store.session(SESSION).getItems()).toEqual([]);
    await client.promise().end();
  });

  test('nobody listens, no such host, no answer', async () => {
    const credentials = `mysql://root:${PASSWORD}`;
    await expectFailure(
      async () => append(`${credentials}@127.0.0.1:${await freePort()}/canary`),
      'CONNECTION_FAILED',
    );
    await expectFailure(() => append(`${credentials}@canary.invalid/canary`), 'CONNECTION_FAILED');
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    const port = await new Promise<number>((resolve) =>
      silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { port: number }).port)),
    );
    const connecting = (connectionTimeout: number) =>
      append(`${credentials}@127.0.0.1:${port}/canary`, { ...ONCE, connectionTimeout });
    const ended: string[] = [];
    const patient = expectFailure(() => connecting(200_000), 'CONNECTION_FAILED').then(() =>
      ended.push('patient'),
    );
    await expectFailure(() => connecting(200), 'CONNECTION_FAILED');
    expect(ended).toEqual([]);
    for (const socket of sockets) socket.destroy();
    await patient;
    silent.close();
  });

  test('A12: invalid URLs, and stores in any state, show no secret', async () => {
    for (const bad of [
      `mysql:/root:${PASSWORD}@h`,
      `mssql://root:${PASSWORD}@h/db`,
      `postgres://root:${PASSWORD}@h/db`,
    ]) {
      const error = await MysqlSessionStore.fromUrl(bad).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'UNSUPPORTED_URL' });
      expectSilent(error);
    }
    const name = await user('ALL', url);
    const store = new MysqlSessionStore(
      { url: withUser(url, name) },
      { ssl: { passphrase: PASSWORD, rejectUnauthorized: false } },
    );
    expect(inspect(store, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain('canary');
    await store.close();
    await using open = await MysqlSessionStore.fromUrl(withUser(url, name));
    await open.session(SESSION).getItems();
    expect(inspect(open, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain('canary');
  });
});

describeEngine(SERVERS, { own: true }, ({ engine, server }) => {
  test('1290: a server in read-only mode takes reads', async () => {
    const database = server.url(await server.createDatabase());
    await append(database);
    await using store = await MysqlSessionStore.fromUrl(database, ONCE);
    const name = engine === 'mysql' ? 'super_read_only' : 'read_only';
    if (engine === 'mariadb') {
      // there a user with every privilege may write on
      await server.query(`CREATE USER 'app'@'%' IDENTIFIED BY '${PASSWORD}'`);
      await server.query(
        "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES ON *.* TO 'app'@'%'",
      );
    }
    const url = engine === 'mariadb' ? database.replace('test:test@', `app:${PASSWORD}@`) : database;
    await server.query(`SET GLOBAL ${name} = ON`);
    await expectFailure(() => append(url), 'READ_ONLY', 1290);
    await expectFailure(
      async () => {
        await using empty = await MysqlSessionStore.fromUrl(url, {
          ...ONCE,
          tables: { sessions: 'a', messages: 'b' },
        });
        await empty.open();
      },
      'READ_ONLY',
      1290,
    );
    await using reader = await MysqlSessionStore.fromUrl(url, ONCE);
    expect(await reader.session(SESSION).getItems()).toHaveLength(1);
    await server.query(`SET GLOBAL ${name} = OFF`);
    await store.session(SESSION).addItems([message(ITEM)]);
  });

  test('1153: max_allowed_packet was lowered under an open store', async () => {
    const database = server.url(await server.createDatabase());
    const store = await MysqlSessionStore.fromUrl(database, ONCE);
    await server.query('SET GLOBAL max_allowed_packet = 1048576');
    // the next connection is under the new limit
    const fresh = new MysqlSessionStore({ url: database }, { ...ONCE, max: 1 });
    const late = await backendOpener({ url: database }, { ...ONCE, max: 2 })(failOnWarning);
    await late.close();
    await Promise.all([1, 2].map((at) => store.session(`${SESSION} ${at}`).addItems([message(ITEM)])));
    const calls = Array.from({ length: 2 }, (_, at) =>
      store
        .session(`${SESSION} ${at}`)
        .addItems([message(ITEM.repeat(300_000))])
        .then(
          () => undefined,
          (error: unknown) => error,
        ),
    );
    const failures = (await Promise.all(calls)).filter((error) => error !== undefined);
    expect(failures.length).toBeGreaterThan(0);
    for (const error of failures) {
      expect(isSessionError(error) && ['ITEM_TOO_LARGE', 'CONNECTION_FAILED'].includes(error.code)).toBe(
        true,
      );
      expectSilent(error);
    }
    await expectFailure(
      () => fresh.session(SESSION).addItems([message(ITEM.repeat(300_000))]),
      'ITEM_TOO_LARGE',
    );
    await fresh.close();
    await store.close();
    await server.query('SET GLOBAL max_allowed_packet = DEFAULT');
  });

  test('B18: over a socket file, and without one', async () => {
    const database = server.url(await server.createDatabase());
    const over = (file: string) => database.replace(/@[^/]*/, '@localhost').concat(`?socketPath=${file}`);
    await append(over(`${server.folder}/socket`));
    expect(await rowsOf(database, 'SELECT 1 FROM agent_messages')).toHaveLength(1);
    await expectFailure(() => append(over(`${server.folder}/canary`)), 'CONNECTION_FAILED');
  });

  test('a server that is killed, and comes back', async () => {
    const database = server.url(await server.createDatabase());
    await using store = await MysqlSessionStore.fromUrl(database, ONCE);
    const session = store.session(SESSION);
    await session.addItems([message(ITEM)]);
    await server.kill();
    await expectFailure(() => session.addItems([message(ITEM)]), 'CONNECTION_FAILED');
    await server.restart();
    await session.addItems([message(ITEM)]);
    expect(await session.getItems()).toHaveLength(2);
  });
});

describeEngine(SERVERS, { settings: { max_connections: '10' } }, ({ server, url }) => {
  test('1040: no connection left', async () => {
    await append(url);
    const pool = rawPool(url, { connectionLimit: 20 });
    const held: { destroy(): void }[] = [];
    // one more than allowed, which is kept for administrators
    for (let at = 0; at < 11; at++) {
      const connection = await pool.getConnection().catch(() => undefined);
      if (connection) held.push(connection);
    }
    await expectFailure(() => append(url), 'CONNECTION_FAILED', 1040);
    for (const connection of held) connection.destroy();
    await pool.end();
    await expect
      .poll(() =>
        append(url).then(
          () => 'works',
          () => 'fails',
        ),
      )
      .toBe('works');
    expect(server.version).not.toBe('');
  });
});

describe('the table of errors', () => {
  test('has each key once, and codes that there are', () => {
    const keys = ERROR_CODES.flatMap(([, , ...rest]) => rest);
    expect(new Set(keys).size).toBe(keys.length);
    for (const [code] of ERROR_CODES) expect(SESSION_ERROR_CODES).toContain(code);
  });

  const cases = ERROR_CODES.flatMap(([code, , ...keys]) => keys.map((key) => [key, code] as const));
  test.each(cases)('%s is %s, also inside the error of Drizzle', (key, code) => {
    const fields =
      typeof key === 'number'
        ? { errno: key, code: 'ER_SOMETHING', sqlState: 'HY000' }
        : { code: key, errno: -1 };
    const error = Object.assign(new Error(`canary ${SESSION}`), {
      sql: 'INSERT INTO canary',
      sqlMessage: ITEM,
      ...fields,
    });
    const wrapped = Object.assign(new Error('Failed query: INSERT INTO canary', { cause: error }), {
      params: [ITEM],
    });
    for (const one of [error, wrapped]) {
      expect(toSessionError(one).code).toBe(code);
      expectSilent(toSessionError(one));
    }
  });

  const said = (errno: number) => ({ errno, sqlState: 'HY000' });
  /** Of a MySQL 9.7 in Group Replication, whose rows another node had written. */
  const REFUSED = "Got error 149 - 'Lock deadlock; Retry transaction' during COMMIT";
  test.each([
    ['galera', said(1213), 'TRANSACTION_CONFLICT'],
    ['galera', { errno: 1213 }, 'OUTCOME_UNKNOWN'],
    ['galera', said(1290), 'OUTCOME_UNKNOWN'],
    ['group-replication', said(3101), 'TRANSACTION_CONFLICT'],
    ['group-replication', { ...said(1180), message: REFUSED }, 'TRANSACTION_CONFLICT'],
    ['galera', { ...said(1180), message: REFUSED }, 'TRANSACTION_CONFLICT'],
    ['group-replication', said(1180), 'OUTCOME_UNKNOWN'],
    ['group-replication', { ...said(1180), message: 'Got error 28 during COMMIT' }, 'OUTCOME_UNKNOWN'],
    ['tidb', { ...said(1180), message: REFUSED }, 'OUTCOME_UNKNOWN'],
    [undefined, { ...said(1180), message: REFUSED }, 'OUTCOME_UNKNOWN'],
    ['group-replication', said(3100), 'OUTCOME_UNKNOWN'],
    ['tidb', said(9007), 'TRANSACTION_CONFLICT'],
    ['tidb', said(1213), 'OUTCOME_UNKNOWN'],
    [undefined, said(1213), 'OUTCOME_UNKNOWN'],
  ] as const)('of %s at COMMIT %j is %s', (cluster, fields, code) => {
    const error = toCommitError(Object.assign(new Error(ITEM), fields), cluster);
    expect(error.code).toBe(code);
    expectSilent(error);
  });

  test.each([
    [{ code: 'ENOBUFS', errno: -105, syscall: 'write' }, 'CONNECTION_FAILED'],
    [{ errno: 1047, sqlState: '08S01' }, 'CONNECTION_FAILED'],
    [{ errno: 99_999, sqlState: '40001' }, 'TRANSACTION_CONFLICT'],
    [{ errno: 1180, sqlState: 'HY000', message: REFUSED }, 'TRANSACTION_CONFLICT'],
    [{ code: 'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC' }, 'TLS_FAILED'],
    [{ fatal: true }, 'DATABASE_ERROR'],
    [{ fatal: true, code: 'PROTOCOL_PACKETS_OUT_OF_ORDER' }, 'DATABASE_ERROR'],
  ])('before COMMIT %j is %s', (fields, code) => {
    const error = toSessionError(Object.assign(new Error(ITEM), fields));
    expect(error.code).toBe(code);
    expectSilent(error);
  });

  test('what is unknown is DATABASE_ERROR, and shows nothing', () => {
    for (const value of [new Error(ITEM), ITEM, undefined, null, { code: 1, sql: ITEM }]) {
      expect(toSessionError(value).code).toBe('DATABASE_ERROR');
      expectSilent(toSessionError(value));
    }
  });
});
