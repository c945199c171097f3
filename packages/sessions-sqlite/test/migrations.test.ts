import { join } from 'node:path';
import type { SessionError, SessionWarning } from '@stackone/sessions-core';
import { moduleRunner, temporaryFolder } from '@stackone/test-environment';
import { contents, message } from '@stackone/test-environment/messages';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { SqliteSessionStore, type SqliteStoreOptions, schemaSql } from '../src/index.js';

const runModule = moduleRunner(import.meta.dirname);

/** As the first stores of this package made them: no side table but that of operations. */
const EARLIER_TABLES = `
CREATE TABLE "agent_sessions" (
  session_id VARCHAR NOT NULL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL,
  updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL,
  PRIMARY KEY (session_id)
);
CREATE TABLE "agent_messages" (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  session_id VARCHAR NOT NULL,
  message_data TEXT NOT NULL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL,
  FOREIGN KEY(session_id) REFERENCES "agent_sessions" (session_id) ON DELETE CASCADE
);
CREATE INDEX "idx_agent_messages_session_time" ON "agent_messages" (session_id, created_at);
CREATE INDEX "idx_agent_messages_session_id" ON "agent_messages" (session_id, id);
CREATE TABLE "agent_sessions_operations" (
  session_id VARCHAR NOT NULL,
  operation_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL,
  PRIMARY KEY (session_id, operation_id)
) WITHOUT ROWID;
CREATE TRIGGER "trg_agent_sessions_operations" AFTER DELETE ON "agent_sessions"
BEGIN
  DELETE FROM "agent_sessions_operations" WHERE session_id = OLD.session_id;
END;
INSERT INTO agent_sessions (session_id) VALUES ('chat');
INSERT INTO agent_messages (session_id, message_data) VALUES ('chat', '{"role":"user","content":"old"}');`;

function databaseOf(sql: string): Database.Database {
  const database = new Database(':memory:');
  database.exec(sql);
  return database;
}

/** All that a database has. */
const described = (database: Database.Database) =>
  database.prepare('SELECT type, name, sql FROM sqlite_master ORDER BY name').all();

async function opened(database: Database.Database, options?: SqliteStoreOptions) {
  const warnings: SessionWarning[] = [];
  const store = new SqliteSessionStore({ database }, options).on('warning', (one) => warnings.push(one));
  await store.open();
  return { store, warnings };
}

/** What opening says. */
async function refusal(database: Database.Database, options?: SqliteStoreOptions) {
  const error = await SqliteSessionStore.fromDatabase(database, options).catch((thrown: unknown) => thrown);
  return error as SessionError;
}

test('tables of an earlier version become as new ones are, with all that is in them', async () => {
  const earlier = databaseOf(EARLIER_TABLES);
  const { store, warnings } = await opened(earlier);
  expect(warnings).toEqual([]);
  expect(store.supports).toMatchObject({ operations: true, metadata: true });
  await store.session('chat').addItems([message('new')]);
  expect(await store.sessions.update('chat', { title: 'A title' })).toMatchObject({ title: 'A title' });
  expect(contents(await store.session('chat').getItems())).toEqual(['old', 'new']);
  const fresh = new Database(':memory:');
  await opened(fresh);
  expect(described(earlier)).toEqual(described(fresh));
});

test('ten processes open tables of an earlier version at once', async () => {
  const file = join(temporaryFolder(), 'a.db');
  const database = new Database(file);
  database.exec(EARLIER_TABLES);
  const code = `
    import { SqliteSessionStore } from '@stackone/sessions-sqlite';
    const store = await SqliteSessionStore.fromUrl('sqlite:' + process.argv[1], { busyTimeout: 60_000 });
    await store.session('chat').addItems([{ role: 'user', content: 'x' }]);
    await store.sessions.update('chat', { metadata: { [process.argv[2]]: true } });
  `;
  await Promise.all(Array.from({ length: 10 }, (_, index) => runModule(code, file, `p${index}`)));
  const { store } = await opened(database, { createTables: false });
  expect(await store.session('chat').getItems()).toHaveLength(11);
  expect(await store.sessions.retrieve('chat')).toMatchObject({ version: 10 });
  database.close();
});

test('an earlier version had no index of changes: createTables: false is told the statement, and works', async () => {
  const lists = /idx_agent_sessions_changed/;
  const database = databaseOf(
    `${schemaSql()
      .filter((sql) => !lists.test(sql))
      .join(';')};`,
  );
  const { store, warnings } = await opened(database, { createTables: false });
  expect(warnings).toMatchObject([{ code: 'INDEX_MISSING' }]);
  await store.session('chat').addItems([message('x')]);
  expect((await store.sessions.list()).data).toMatchObject([{ id: 'chat' }]);
  const statement = String(warnings[0]?.message.split('Run: ')[1]);
  expect(schemaSql()).toContain(statement);
  database.exec(statement.replace('idx_agent_sessions_changed', 'of_another_name'));
  for (const createTables of [false, true])
    expect((await opened(database, { createTables })).warnings).toEqual([]);
  expect(described(database).filter((one) => lists.test(JSON.stringify(one)))).toEqual([]);
});

describe.each([
  ['all but that of operations', /_metadata|_usage|_runs|_erasures|_schema/],
  ['the version alone', /_schema/],
])('createTables: false without side tables, %s', (_what, without) => {
  test('is refused with the statements to run', async () => {
    const database = databaseOf(
      `${schemaSql()
        .filter((sql) => !without.test(sql))
        .join(';')};`,
    );
    const before = described(database);
    const refused = await refusal(database, { createTables: false });
    expect(refused.code).toBe('SCHEMA_MISMATCH');
    const statements = schemaSql().filter((sql) => without.test(sql));
    expect(refused.message).toContain(statements.join(';\n'));
    expect(described(database)).toEqual(before);
    database.exec(statements.join(';\n'));
    expect((await opened(database, { createTables: false })).warnings).toEqual([]);
  });
});

test('tables of a later version are refused and stay as they are', async () => {
  const sql = schemaSql().filter((one) => !one.includes('_metadata'));
  const database = databaseOf(`${sql.join(';').replace('DEFAULT 1 NOT NULL', 'DEFAULT 2 NOT NULL')};`);
  const before = described(database);
  for (const createTables of [true, false]) {
    const refused = await refusal(database, { createTables });
    expect(refused).toMatchObject({ code: 'SCHEMA_MISMATCH' });
    expect(refused.message).toMatch(/version 2.*version 1.*Update the package/s);
  }
  expect(described(database)).toEqual(before);
});

test('a table of another use with the name of that of the version is refused', async () => {
  const database = databaseOf('CREATE TABLE agent_sessions_schema (version TEXT)');
  expect((await refusal(database)).message).toMatch(/not one that a store made/);
});

test('without the trigger, which Drizzle does not make, a warning has its statement', async () => {
  const database = databaseOf(
    `${schemaSql()
      .filter((sql) => !sql.includes('TRIGGER'))
      .join(';')};`,
  );
  const { warnings } = await opened(database, { createTables: false });
  expect(warnings).toMatchObject([{ code: 'SCHEMA' }]);
  database.exec(String(warnings[0]?.message.split('Run: ')[1]));
  expect((await opened(database, { createTables: false })).warnings).toEqual([]);
});
