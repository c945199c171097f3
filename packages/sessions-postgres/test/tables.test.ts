import { randomUUID } from 'node:crypto';
import type { SessionWarning } from '@stackone/sessions-core';
import type { TestServer } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { PostgresSessionStore, type PostgresStoreOptions, schemaSql } from '../src/index.js';
import { contents, message, turn } from './messages.js';
import { runProgram } from './processes.js';

/** As SQLAlchemySession 0.24 makes them. */
const PYTHON_TABLES = `
CREATE TABLE agent_sessions (session_id VARCHAR NOT NULL,
  created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
  updated_at TIMESTAMP WITHOUT TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL, PRIMARY KEY (session_id));
CREATE TABLE agent_messages (id SERIAL NOT NULL, session_id VARCHAR NOT NULL, message_data TEXT NOT NULL,
  created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL, PRIMARY KEY (id),
  FOREIGN KEY(session_id) REFERENCES agent_sessions (session_id) ON DELETE CASCADE);
CREATE INDEX idx_agent_messages_session_time ON agent_messages (session_id, created_at)`;

/** As version 0.4.1 of this project made them. */
const OLD_TABLES = `
CREATE TABLE agent_sessions (session_id VARCHAR(255) PRIMARY KEY, created_at TIMESTAMP NOT NULL DEFAULT NOW(),
  updated_at TIMESTAMP NOT NULL DEFAULT NOW());
CREATE TABLE agent_messages (id SERIAL PRIMARY KEY, session_id VARCHAR(255) NOT NULL REFERENCES agent_sessions
  (session_id) ON DELETE CASCADE, message_data TEXT NOT NULL, created_at TIMESTAMP NOT NULL DEFAULT NOW());
CREATE INDEX idx_agent_messages_session_time ON agent_messages (session_id, created_at);
INSERT INTO agent_sessions VALUES ('chat_123');
INSERT INTO agent_messages (session_id, message_data) VALUES
  ('chat_123', '{"type":"message","role":"user","content":"hi"}')`;

const DESCRIBE = `SELECT json_build_object(
  'columns', (SELECT json_agg(concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)
    ORDER BY table_name, ordinal_position) FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name IN ('agent_sessions', 'agent_messages')),
  'constraints', (SELECT json_agg(conname || ' ' || pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint
    WHERE conrelid IN ('agent_sessions'::regclass, 'agent_messages'::regclass) AND contype <> 'n')
) AS d`;

async function opened(url: string, options?: PostgresStoreOptions) {
  const warnings: SessionWarning[] = [];
  const store = new PostgresSessionStore({ url }, options).on('warning', (warning) => warnings.push(warning));
  await store.open();
  return { store, warnings };
}

describeEngine('postgres', ({ server }) => {
  const made: string[] = [];
  const empty = async (prepare?: string) => {
    const name = await server.createDatabase();
    made.push(name);
    if (prepare) await run(server, name, prepare);
    return { name, url: server.url(name), query: (sql: string) => run(server, name, sql) };
  };
  afterAll(async () => {
    for (const name of made) await server.dropDatabase(name);
  });

  test('tables of others with createTables: false: all works but update and late turns that are refused, which say what to run', async () => {
    const { url, query } = await empty(PYTHON_TABLES);
    const { store } = await opened(url, { createTables: false });
    await store.session('chat').addItems([message('x')]);
    expect(store.supports.metadata).toBe(false);
    const refused = await store.sessions.update('chat', { title: 'x' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'UNSUPPORTED' });
    expect(await store.sessions.count({ metadata: { a: 1 } })).toBe(0);
    expect(await store.sessions.retrieve('chat')).toMatchObject({ title: undefined, version: 0 });
    expect(store.supports.erasure).toBe(false);
    const unsafe = store.sessions.delete({ ids: ['chat'] });
    await expect(unsafe).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect((await store.sessions.delete({ ids: ['chat'], refuseFor: 0 })).conversations).toBe(1);
    await store.session('chat').addItems([message('x')]);
    const [, statement = ''] = /run: (CREATE.*)/s.exec((refused as Error).message) ?? [];
    expect(schemaSql({ schema: 'public' })).toContain(statement);
    for (const one of schemaSql()) await query(one);
    await store.close();
    const { store: complete } = await opened(url, { createTables: false });
    expect(await complete.sessions.update('chat', { title: 'x' })).toMatchObject({ title: 'x', version: 1 });
    expect((await complete.sessions.delete('chat')).removed.metadata).toBe(1);
    await complete.sessions.delete({ ids: ['chat'] });
    const late = complete.session('chat').addItems([message('x')]);
    await expect(late).rejects.toMatchObject({ code: 'SESSION_ERASED' });
    await complete.close();
  });

  test('A7: ten processes start at once on an empty database, twice', async () => {
    for (let round = 0; round < 2; round++) {
      const { url } = await empty();
      const START = String(Date.now() + 1500);
      const ended = await Promise.all(
        Array.from({ length: 10 }, () => runProgram('open.mjs', { DATABASE_URL: url, START })),
      );
      expect(ended.map(({ code, output }) => ({ code, output }))).toEqual(
        ended.map(() => ({ code: 0, output: '' })),
      );
    }
  });

  test('A7: eight stores of one process start at once, five times', async () => {
    for (let round = 0; round < 5; round++) {
      const { url } = await empty();
      const stores = await Promise.all(
        Array.from({ length: 8 }, () => PostgresSessionStore.fromUrl(url, { max: 1 })),
      );
      await Promise.all(stores.map((store) => store.close()));
    }
  });

  test('tables are as the Python SDK makes them, but for 64-bit ids of an identity column', async () => {
    const ours = await empty();
    await (await opened(ours.url)).store.close();
    const python = await empty(PYTHON_TABLES);
    const expected = JSON.stringify(await python.query(DESCRIBE)).replace(
      /id integer NO [^"]*\)/,
      'id bigint NO',
    );
    expect(JSON.stringify(await ours.query(DESCRIBE))).toBe(expected);
    const names = await ours.query(
      "SELECT indexname FROM pg_indexes WHERE tablename = 'agent_messages' ORDER BY 1",
    );
    expect(names.map(({ indexname }) => indexname)).toEqual([
      'agent_messages_pkey',
      'idx_agent_messages_session_id',
      'idx_agent_messages_session_time',
    ]);
    const [sequence] = await ours.query("SELECT pg_get_serial_sequence('agent_messages', 'id') AS name");
    expect(sequence).toEqual({ name: 'public.agent_messages_id_seq' });
  });

  for (const [maker, tables] of [
    ['the Python SDK', PYTHON_TABLES],
    ['version 0.4.1', OLD_TABLES],
  ] as const) {
    test(`tables of ${maker} work, and get the indexes`, async () => {
      const { url, query } = await empty(tables);
      const { store, warnings } = await opened(url);
      const session = store.session('chat_123');
      const before = await session.getItems();
      await session.addItems(turn('new'));
      expect(contents(await session.getItems())).toEqual([...contents(before), ...contents(turn('new'))]);
      await session.popItem();
      await session.clearSession();
      expect(warnings).toEqual([]);
      const indexes = "('idx_agent_messages_session_id', 'idx_agent_sessions_changed')";
      expect(await query(`SELECT 1 FROM pg_indexes WHERE indexname IN ${indexes}`)).toHaveLength(2);
      await store.close();
    });
  }

  test('createTables: false sends no DDL, warns once of each missing index, and works', async () => {
    const { url, query } = await empty(PYTHON_TABLES);
    const { store, warnings } = await opened(url, { createTables: false });
    expect(warnings.map(({ code }) => code)).toEqual(['INDEX_MISSING', 'INDEX_MISSING']);
    const statements = warnings.map(({ message }) => message.split('Run: ')[1] as string);
    expect(schemaSql({ schema: 'public' })).toEqual(expect.arrayContaining(statements));
    expect(store.supports.operations).toBe(false);
    const session = store.session('a');
    await session.addItems(turn('x'));
    await session.popItem();
    expect((await session.getItems()).length).toBe(3);
    await session.clearSession();
    await store.close();
    expect((await query("SELECT count(*)::int AS n FROM pg_class WHERE relname LIKE '%agent%'"))[0]).toEqual({
      n: 6,
    });
    for (const statement of statements) await query(statement);
    const again = await opened(url, { createTables: false });
    expect(again.warnings).toEqual([]);
    await again.store.close();
  });

  test('createTables: false without tables is TABLE_MISSING', async () => {
    const { url } = await empty();
    await expect(PostgresSessionStore.fromUrl(url, { createTables: false })).rejects.toMatchObject({
      code: 'TABLE_MISSING',
    });
  });

  test('schemaSql() is all that createTables: false needs; each statement runs alone, and again', async () => {
    const options = { tables: { sessions: 's"x', messages: 'm $1' }, schema: 'chats' };
    const { url, query } = await empty();
    for (const statement of [...schemaSql(options), ...schemaSql(options), ...schemaSql()])
      await query(statement);
    for (const choice of [options, {}]) {
      const { store, warnings } = await opened(url, { ...choice, createTables: false });
      await store.session('a').addItems(turn('x'));
      expect(warnings).toEqual([]);
      expect(store.supports.operations).toBe(true);
      await store.close();
    }
  });

  test('the tables stay where the search_path found them at opening', async () => {
    const { url, query } = await empty(`CREATE SCHEMA one; CREATE SCHEMA other`);
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    await pool.query('SET search_path = one');
    const store = await PostgresSessionStore.fromPool(pool);
    await pool.query('SET search_path = other');
    await store.session('a').addItems(turn('x'));
    expect(await query('SELECT count(*)::int AS n FROM one.agent_messages')).toEqual([{ n: 4 }]);
    await store.close();
    await pool.end();
  });

  describe('tables that would mix up or lose conversations are refused', () => {
    const CASES: readonly [name: string, change: string][] = [
      [
        'ids that ignore case',
        `CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        ALTER TABLE agent_messages DROP CONSTRAINT agent_messages_session_id_fkey;
        ALTER TABLE agent_sessions ALTER session_id TYPE VARCHAR COLLATE nocase`,
      ],
      ['padded ids', 'ALTER TABLE agent_messages ALTER session_id TYPE CHAR(300)'],
      [
        'items as jsonb',
        'ALTER TABLE agent_messages ALTER message_data TYPE jsonb USING message_data::jsonb',
      ],
      ['no created_at', 'ALTER TABLE agent_messages DROP created_at'],
      ['sessions without a key', 'ALTER TABLE agent_sessions DROP CONSTRAINT agent_sessions_pkey CASCADE'],
    ];
    for (const [name, change] of CASES) {
      test(name, async () => {
        const { url } = await empty(`${PYTHON_TABLES}; ${change}`);
        await expect(PostgresSessionStore.fromUrl(url)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
      });
    }
  });

  test('a database of another encoding is refused', async () => {
    const name = await server.createDatabase(undefined, { characterSet: 'LATIN1', collation: 'C' });
    made.push(name);
    await expect(PostgresSessionStore.fromUrl(server.url(name))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
  });

  test('a read-only database: opens where tables are, reads, and refuses writes with READ_ONLY', async () => {
    const bare = await empty();
    await bare.query(`ALTER DATABASE ${bare.name} SET default_transaction_read_only = on`);
    await expect(PostgresSessionStore.fromUrl(bare.url)).rejects.toMatchObject({ code: 'READ_ONLY' });
    const python = await empty(PYTHON_TABLES);
    await python.query(`ALTER DATABASE ${python.name} SET default_transaction_read_only = on`);
    const { store, warnings } = await opened(python.url);
    expect(warnings.map(({ code }) => code)).toEqual(['INDEX_MISSING', 'INDEX_MISSING']);
    expect(await store.session('a').getItems()).toEqual([]);
    const session = store.session('a');
    for (const write of [
      () => session.addItems(turn('x')),
      () => session.popItem(),
      () => session.clearSession(),
    ])
      await expect(write()).rejects.toMatchObject({ code: 'READ_ONLY', retryable: false });
    await store.close();
  });

  test('another default isolation level changes nothing', async () => {
    for (const level of ['repeatable read', 'serializable']) {
      const { name, url, query } = await empty();
      await query(`ALTER DATABASE ${name} SET default_transaction_isolation = '${level}'`);
      const pool = new pg.Pool({ connectionString: url, max: 16 });
      const stores = await Promise.all(
        Array.from({ length: 32 }, () => PostgresSessionStore.fromPool(pool, { maxRetries: 0 })),
      );
      await Promise.all(stores.map((store, index) => store.session('a').addItems(turn(`t${index}`))));
      const popped = await Promise.all(stores.map((store) => store.session('a').popItem()));
      expect(new Set(contents(popped)).size).toBe(32);
      await pool.end();
    }
  });

  test('times are in the TimeZone of the connection, as Python writes them', async () => {
    const { name, url, query } = await empty();
    await query(`ALTER DATABASE ${name} SET TimeZone = 'Asia/Tokyo'`);
    const { store } = await opened(url);
    await store.session('a').addItems([message('x')]);
    const [row] = await query(
      'SELECT abs(extract(epoch FROM created_at - localtimestamp))::float < 5 AS near FROM agent_messages',
    );
    expect(row).toEqual({ near: true });
    // a connection with another TimeZone: the order is that of the ids
    const pool = new pg.Pool({ connectionString: url, options: '-c TimeZone=America/New_York' });
    const other = await PostgresSessionStore.fromPool(pool);
    await other.session('a').addItems([message('y')]);
    expect(contents(await store.session('a').getItems())).toEqual(['x', 'y']);
    await pool.end();
    await store.close();
  });

  test('a user without the right to make tables uses those of others, and is told what is missing', async () => {
    const role = `plain_${randomUUID().replaceAll('-', '')}`;
    const { name, query } = await empty(PYTHON_TABLES);
    await query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'p'; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
      GRANT SELECT, INSERT, UPDATE, DELETE ON agent_sessions, agent_messages TO ${role};
      GRANT USAGE ON SEQUENCE agent_messages_id_seq TO ${role}`,
    );
    const url = new URL(server.url(name));
    Object.assign(url, { username: role, password: 'p' });
    const { store, warnings } = await opened(url.href);
    expect(warnings.map(({ code }) => code)).toEqual(['INDEX_MISSING', 'INDEX_MISSING']);
    await store.session('a').addItems(turn('x'));
    expect((await store.session('a').getItems()).length).toBe(4);
    await store.close();
    await query('DROP TABLE agent_messages');
    await expect(PostgresSessionStore.fromUrl(url.href)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  test('least privilege: schemaSql() by the owner and four privileges on the tables are enough', async () => {
    const role = `least_${randomUUID().replaceAll('-', '')}`;
    const { name, query } = await empty(schemaSql().join(';'));
    await query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'p'; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
      GRANT SELECT, INSERT, UPDATE, DELETE ON agent_sessions, agent_messages, agent_sessions_operations,
      agent_sessions_metadata, agent_sessions_usage, agent_sessions_runs TO ${role}`,
    );
    const url = new URL(server.url(name));
    Object.assign(url, { username: role, password: 'p' });
    for (const [createTables, erasure] of [
      [true, false],
      [false, false],
      [true, true],
      [false, true],
    ]) {
      // every append looks at the table of erased ids, if it may be read
      if (erasure) await query(`GRANT SELECT, INSERT, UPDATE, DELETE ON agent_sessions_erasures TO ${role}`);
      const { store, warnings } = await opened(url.href, { createTables });
      expect(store.supports.erasure).toBe(erasure);
      if (erasure) await store.sessions.delete({ ids: ['gone'] });
      const session = store.session('a');
      await session.addItems(turn('x'));
      await session.addItems(turn('y'), undefined, { operationId: `o${createTables}` });
      await session.popItem();
      const transaction = { type: 'append_items' as const, items: turn('z') };
      await session.applyHistoryTransaction?.({ operationId: 'edit', transaction });
      expect((await session.getItems()).length).toBe(11);
      const { data } = await session.history();
      await session.removeItem(data[0]?.id ?? '');
      await store.sessions.update('a', { title: 'A' });
      await store.sessions.fork('a', 'b');
      await store.sessions.rename('b', 'c');
      expect((await store.sessions.list({ by: 'id' })).data.map(({ title }) => title)).toEqual(['A', 'A']);
      expect((await store.sessions.delete('c')).deleted).toBe(true);
      expect(await store.sessions.count()).toBe(1);
      await session.clearSession();
      expect(warnings).toEqual([]);
      await store.close();
    }
    await query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  test('least privilege, tables with a sequence: the error names the privilege that is missing', async () => {
    const role = `sequence_${randomUUID().replaceAll('-', '')}`;
    const { name, query } = await empty(PYTHON_TABLES);
    await query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'p';
      GRANT SELECT, INSERT, UPDATE, DELETE ON agent_sessions, agent_messages TO ${role}`,
    );
    const url = new URL(server.url(name));
    Object.assign(url, { username: role, password: 'p' });
    const { store } = await opened(url.href, { createTables: false });
    await expect(store.session('a').addItems(turn('x'))).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining('GRANT USAGE ON SEQUENCE agent_messages_id_seq'),
    });
    await query(`GRANT USAGE ON SEQUENCE agent_messages_id_seq TO ${role}`);
    await store.session('a').addItems(turn('x'));
    await store.close();
    await query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  test('rows of the Python SDK, which names no id, and tables with a sequence of before', async () => {
    const ours = await empty(schemaSql().join(';'));
    const before = await empty(
      schemaSql().join(';').replace('BIGINT GENERATED BY DEFAULT AS IDENTITY', 'BIGSERIAL'),
    );
    for (const { url, query } of [ours, before]) {
      const { store } = await opened(url);
      await store.session('a').addItems([message('x')]);
      await query(
        `INSERT INTO agent_messages (session_id, message_data) VALUES ('a', '{"role":"user","content":"python"}')`,
      );
      await store.session('a').addItems([message('y')]);
      expect(contents(await store.session('a').getItems())).toEqual(['x', 'python', 'y']);
      await store.close();
    }
  });

  test('a failed start is forgotten: the same store works once the database is there', async () => {
    const name = `late_${randomUUID().replaceAll('-', '')}`;
    const store = new PostgresSessionStore({ url: server.url(name) });
    await expect(store.session('a').getItems()).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' });
    await server.createDatabase(name);
    made.push(name);
    await store.session('a').addItems(turn('x'));
    expect((await store.session('a').getItems()).length).toBe(4);
    await store.close();
  });

  test('clear leaves no row behind where no foreign key is', async () => {
    const { url, query } = await empty();
    const { store } = await opened(url);
    await query('ALTER TABLE agent_messages DROP CONSTRAINT agent_messages_session_id_fkey');
    await query(
      'ALTER TABLE agent_sessions_operations DROP CONSTRAINT agent_sessions_operations_session_id_fkey',
    );
    const pool = new pg.Pool({ connectionString: url, max: 20 });
    const stores = await Promise.all(Array.from({ length: 20 }, () => PostgresSessionStore.fromPool(pool)));
    await Promise.all(
      stores.map(async (one, index) => {
        for (let round = 0; round < 5; round++) {
          if (index % 4 === 0) await one.session('a').clearSession();
          else await one.session('a').addItems(turn(`t${index}.${round}`));
        }
      }),
    );
    const orphans =
      'SELECT count(*)::int AS n FROM agent_messages WHERE session_id NOT IN (SELECT session_id FROM agent_sessions)';
    expect(await query(orphans)).toEqual([{ n: 0 }]);
    await store.session('a').clearSession();
    expect(await query('SELECT 1 FROM agent_messages UNION ALL SELECT 1 FROM agent_sessions')).toEqual([]);
    await pool.end();
    await store.close();
  });
});

async function run(server: TestServer, database: string, sql: string) {
  const client = new pg.Client({ connectionString: server.url(database) });
  await client.connect();
  try {
    return ((await client.query(sql)).rows ?? []) as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}
