import { randomUUID } from 'node:crypto';
import type { SessionWarning } from '@stackone/sessions-core';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { PostgresSessionStore, type PostgresStoreOptions, schemaSql } from '../src/index.js';
import { contents, turn } from './messages.js';
import { runProgram } from './processes.js';

/** As the first stores of this package made them: a sequence, and no side table but that of operations. */
const EARLIER_TABLES = `
CREATE TABLE agent_sessions (session_id VARCHAR NOT NULL,
  created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
  updated_at TIMESTAMP WITHOUT TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL, PRIMARY KEY (session_id));
CREATE TABLE agent_messages (id BIGSERIAL NOT NULL, session_id VARCHAR NOT NULL, message_data TEXT NOT NULL,
  created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL, PRIMARY KEY (id),
  FOREIGN KEY(session_id) REFERENCES agent_sessions (session_id) ON DELETE CASCADE);
CREATE INDEX idx_agent_messages_session_time ON agent_messages (session_id, created_at);
CREATE INDEX idx_agent_messages_session_id ON agent_messages (session_id, id);
CREATE TABLE agent_sessions_operations (session_id VARCHAR NOT NULL, operation_id VARCHAR NOT NULL, digest TEXT NOT NULL,
  calls INTEGER DEFAULT 1 NOT NULL, created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
  PRIMARY KEY (session_id, operation_id),
  FOREIGN KEY(session_id) REFERENCES agent_sessions (session_id) ON DELETE CASCADE)`;

/** All that a database has, but for ids of objects. */
const DESCRIBE = `SELECT json_build_object(
  'columns', (SELECT json_agg(concat_ws(' ', table_name, column_name, data_type, is_nullable,
      CASE WHEN column_name <> 'id' THEN column_default END) ORDER BY table_name, ordinal_position)
    FROM information_schema.columns WHERE table_schema = 'public'),
  'constraints', (SELECT json_agg(conrelid::regclass || conname || pg_get_constraintdef(oid) ORDER BY conrelid::regclass::text, conname)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace),
  'indexes', (SELECT json_agg(indexdef ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'public')
) AS d`;

describeEngine('postgres', ({ server }) => {
  const made: string[] = [];
  afterAll(async () => {
    for (const name of made) await server.dropDatabase(name);
  });

  const database = async (prepare = '') => {
    const name = await server.createDatabase();
    made.push(name);
    const query = async (sql: string) => {
      const client = new pg.Client({ connectionString: server.url(name) });
      await client.connect();
      try {
        return ((await client.query(sql)).rows ?? []) as Record<string, unknown>[];
      } finally {
        await client.end();
      }
    };
    await query(prepare);
    return { name, url: server.url(name), query };
  };

  const opened = async (url: string, options?: PostgresStoreOptions) => {
    const warnings: SessionWarning[] = [];
    const store = new PostgresSessionStore({ url }, options).on('warning', (one) => warnings.push(one));
    await store.open();
    return { store, warnings };
  };

  /** What opening says, and what it says to run. */
  const refusal = async (url: string, options?: PostgresStoreOptions) => {
    const error = await PostgresSessionStore.fromUrl(url, options).catch((thrown: unknown) => thrown);
    const { code, message } = error as { code: string; message: string };
    return { code, message, statements: message.split('or run: ')[1]?.split(';\n') ?? [] };
  };

  test('tables of an earlier version become as new ones are, with all that is in them', async () => {
    const earlier = await database(EARLIER_TABLES);
    await earlier.query(`INSERT INTO agent_sessions (session_id) VALUES ('chat');
      INSERT INTO agent_messages (session_id, message_data) VALUES ('chat', '{"role":"user","content":"old"}')`);
    const { store, warnings } = await opened(earlier.url);
    expect(warnings).toEqual([]);
    expect(store.supports).toMatchObject({ operations: true, metadata: true });
    await store.session('chat').addItems(turn('new', 1));
    expect(await store.sessions.update('chat', { title: 'A title' })).toMatchObject({ title: 'A title' });
    expect(contents(await store.session('chat').getItems())).toEqual(['old', 'new-0']);
    await store.close();
    const fresh = await database();
    await (await opened(fresh.url)).store.close();
    expect(await earlier.query(DESCRIBE)).toEqual(await fresh.query(DESCRIBE));
  });

  test('ten processes open tables of an earlier version at once', async () => {
    const { url, query } = await database(EARLIER_TABLES);
    const START = String(Date.now() + 1500);
    const ended = await Promise.all(
      Array.from({ length: 10 }, () => runProgram('open.mjs', { DATABASE_URL: url, START })),
    );
    expect(ended.map(({ code, output }) => ({ code, output }))).toEqual(
      ended.map(() => ({ code: 0, output: '' })),
    );
    const tables = await query("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
    expect(tables.map(({ tablename }) => tablename)).toEqual([
      'agent_messages',
      'agent_sessions',
      'agent_sessions_erasures',
      'agent_sessions_metadata',
      'agent_sessions_operations',
      'agent_sessions_runs',
      'agent_sessions_schema',
      'agent_sessions_usage',
    ]);
  });

  for (const [what, without] of [
    ['all but that of operations', /_metadata|_usage|_runs|_erasures|_schema/],
    ['the version alone', /_schema/],
  ] as const) {
    test(`createTables: false without side tables, ${what}: refused with the statements to run`, async () => {
      const statements = schemaSql().filter((sql) => !without.test(sql));
      const { url, query } = await database(statements.join(';'));
      const before = await query(DESCRIBE);
      const refused = await refusal(url, { createTables: false });
      expect(refused.code).toBe('SCHEMA_MISMATCH');
      expect(refused.statements).toEqual(schemaSql({ schema: 'public' }).filter((sql) => without.test(sql)));
      expect(await query(DESCRIBE)).toEqual(before);
      for (const statement of refused.statements) await query(statement);
      const { store, warnings } = await opened(url, { createTables: false });
      expect(warnings).toEqual([]);
      await store.close();
    });
  }

  test('a user who may not make tables is told what to run', async () => {
    const role = `earlier_${randomUUID().replaceAll('-', '')}`;
    const { name, query } = await database(EARLIER_TABLES);
    await query(`CREATE ROLE ${role} LOGIN PASSWORD 'p'; REVOKE CREATE ON SCHEMA public FROM PUBLIC`);
    const url = new URL(server.url(name));
    Object.assign(url, { username: role, password: 'p' });
    const refused = await refusal(url.href);
    expect(refused.code).toBe('SCHEMA_MISMATCH');
    for (const statement of refused.statements) await query(statement);
    // the version is part of the definition: no privilege on the table is needed
    await query(`GRANT SELECT, INSERT, UPDATE, DELETE ON agent_sessions, agent_messages TO ${role};
      GRANT USAGE ON SEQUENCE agent_messages_id_seq TO ${role}`);
    const { store, warnings } = await opened(url.href);
    await store.session('a').addItems(turn('x'));
    expect(warnings).toEqual([]);
    await store.close();
    await query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  test('a user who may make tables, but is not the owner of those of an earlier version, is told the index that is missing', async () => {
    const role = `maker_${randomUUID().replaceAll('-', '')}`;
    const { name, query } = await database(
      schemaSql()
        .filter((sql) => !/_changed|_usage/.test(sql))
        .join(';'),
    );
    await query(`CREATE ROLE ${role} LOGIN PASSWORD 'p'; GRANT CREATE ON SCHEMA public TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`);
    const url = Object.assign(new URL(server.url(name)), { username: role, password: 'p' });
    const { store, warnings } = await opened(url.href);
    expect(warnings).toMatchObject([{ code: 'INDEX_MISSING' }]);
    expect(store.supports).toMatchObject({ usage: true, erasure: true });
    await store.session('a').addItems(turn('x'));
    expect((await store.sessions.list()).data).toMatchObject([{ id: 'a' }]);
    await store.close();
    const statement = String(warnings[0]?.message.split('Run: ')[1]);
    expect(schemaSql({ schema: 'public' })).toContain(statement);
    await query(statement.replace('idx_agent_sessions_changed', 'of_another_name'));
    for (const createTables of [false, true]) {
      const again = await opened(server.url(name), { createTables });
      expect(again.warnings).toEqual([]);
      await again.store.close();
    }
    expect(await query("SELECT 1 FROM pg_class WHERE relname = 'idx_agent_sessions_changed'")).toEqual([]);
    await query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  test('tables of a later version are refused and stay as they are', async () => {
    const { url, query } = await database(schemaSql().join(';'));
    await query(
      'DROP TABLE agent_sessions_metadata; ALTER TABLE agent_sessions_schema ALTER version SET DEFAULT 2',
    );
    const before = await query(DESCRIBE);
    for (const createTables of [true, false]) {
      const refused = await refusal(url, { createTables });
      expect(refused).toMatchObject({ code: 'SCHEMA_MISMATCH' });
      expect(refused.message).toMatch(/version 2.*version 1.*Update the package/s);
    }
    expect(await query(DESCRIBE)).toEqual(before);
  });

  test('a table of another use with the name of that of the version is refused', async () => {
    const { url } = await database('CREATE TABLE agent_sessions_schema (version TEXT)');
    expect((await refusal(url)).message).toMatch(/not one that a store made/);
  });

  test('in a schema of their own, with names of their own', async () => {
    const options = { schema: 'a "b"', tables: { sessions: 'one "two"', messages: 'm' } };
    const { url, query } = await database();
    for (const statement of schemaSql(options).filter(
      (sql) => !/_metadata|_usage|_runs|_erasures|_schema/.test(sql),
    ))
      await query(statement);
    const { statements } = await refusal(url, { ...options, createTables: false });
    for (const statement of statements) await query(statement);
    await (await opened(url, { ...options, createTables: false })).store.close();
  });
});
