import type { AgentInputItem } from '@openai/agents-core';
import { exportSessions, importSessions, type SessionListOptions } from '@stackone/sessions-core';
import type { ConversationQuery } from '@stackone/sessions-core/backend';
import Database from 'better-sqlite3';
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core';
import { describe, expect, test } from 'vitest';
import { conversationStatements } from '../src/conversation-statements.js';
import { SqliteSessionStore, schemaSql } from '../src/index.js';
import { sessionTables } from '../src/schema.js';
import { sqliteNames } from '../src/statements.js';

/** The DDL and one row of whoever made the tables, and how its own reader orders a conversation. */
const MAKERS = {
  "Python's SQLAlchemySession": {
    ddl: `CREATE TABLE agent_sessions (session_id VARCHAR NOT NULL,
        created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL,
        updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL, PRIMARY KEY (session_id));
      CREATE TABLE agent_messages (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        session_id VARCHAR NOT NULL, message_data TEXT NOT NULL,
        created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL,
        FOREIGN KEY(session_id) REFERENCES agent_sessions (session_id) ON DELETE CASCADE);
      CREATE INDEX idx_agent_messages_session_time ON agent_messages (session_id, created_at);
      INSERT INTO agent_sessions (session_id) VALUES ('chat_123');
      INSERT INTO agent_messages (session_id, message_data) VALUES ('chat_123', '{"content":"hi","role":"user"}');`,
    order: 'created_at, id',
    time: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/,
  },
  "Python's SQLiteSession": {
    ddl: `CREATE TABLE agent_sessions (session_id TEXT PRIMARY KEY,
        created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
      CREATE TABLE agent_messages (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL,
        message_data TEXT NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
        FOREIGN KEY (session_id) REFERENCES agent_sessions (session_id) ON DELETE CASCADE);
      CREATE INDEX idx_agent_messages_session_id ON agent_messages (session_id, id);
      INSERT OR IGNORE INTO agent_sessions (session_id) VALUES ('chat_123');
      INSERT INTO agent_messages (session_id, message_data) VALUES ('chat_123', '{"content": "hi", "role": "user"}');`,
    order: 'id',
    time: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/,
  },
  'version 0.4.1': {
    ddl: `CREATE TABLE agent_sessions (session_id TEXT PRIMARY KEY,
        created_at INTEGER NOT NULL DEFAULT (unixepoch()), updated_at INTEGER NOT NULL DEFAULT (unixepoch()));
      CREATE TABLE agent_messages (id INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL REFERENCES agent_sessions (session_id) ON DELETE CASCADE,
        message_data TEXT NOT NULL, created_at INTEGER NOT NULL DEFAULT (unixepoch()));
      CREATE INDEX idx_agent_messages_session_time ON agent_messages (session_id, created_at);
      INSERT INTO agent_sessions VALUES ('chat_123', 1760000000, 1760000000);
      INSERT INTO agent_messages VALUES (1, 'chat_123', '{"role":"user","content":"hi"}', 1760000000);`,
    order: 'created_at, id',
    time: /^\d{10}$/,
  },
};

const turn: AgentInputItem[] = [
  { role: 'user', content: 'second' },
  { role: 'user', content: 'third' },
];

describe.each(Object.entries(MAKERS))('tables of %s', (_maker, { ddl, order, time }) => {
  test('conversations of elsewhere are written with times as their maker writes them', async () => {
    const database = new Database(':memory:');
    database.exec(ddl);
    const store = await SqliteSessionStore.fromDatabase(database);
    const at = (ms: number) => new Date(1_751_371_200_000 + ms);
    const items = turn.map((item) => ({ item, createdAt: at(0) }));
    const record = { id: 'moved', createdAt: at(0), updatedAt: at(3000), metadata: {}, version: 0, items };
    expect(await importSessions(store, [record])).toMatchObject({ stored: 1, items: 2 });
    const rows = database
      .prepare(`SELECT message_data, created_at FROM agent_messages WHERE session_id = ? ORDER BY ${order}`)
      .all('moved') as { message_data: string; created_at: unknown }[];
    expect(rows.map(({ message_data }) => JSON.parse(message_data) as unknown)).toEqual(turn);
    for (const { created_at } of rows) expect(String(created_at)).toMatch(time);
    const { data } = await store.session('moved').history();
    expect(data.map(({ createdAt }) => createdAt)).toEqual([at(0), at(0)]);
    expect(await store.sessions.retrieve('moved')).toMatchObject({ createdAt: at(0), updatedAt: at(3000) });
    const read: unknown[] = [];
    for await (const one of exportSessions(store, { ids: ['chat_123'] })) read.push(...one.items);
    expect(read).toMatchObject([{ item: { role: 'user', content: 'hi' } }]);
    database.close();
  });

  test('are opened, appended to, and read by their maker in the same order', async () => {
    const database = new Database(':memory:');
    database.exec(ddl);
    const store = await SqliteSessionStore.fromDatabase(database);
    store.on('warning', ({ message }) => expect.fail(message));
    const session = store.session('chat_123');
    expect(await session.getItems()).toEqual([{ content: 'hi', role: 'user' }]);
    await session.addItems(turn);
    await store.session('new').addItems(turn);
    const rows = database
      .prepare(`SELECT message_data, created_at FROM agent_messages WHERE session_id = ? ORDER BY ${order}`)
      .all('chat_123') as { message_data: string; created_at: unknown }[];
    expect(rows.slice(1).map(({ message_data }) => JSON.parse(message_data) as unknown)).toEqual(turn);
    expect(rows.map(({ created_at }) => typeof created_at)).toEqual(
      new Array(3).fill(typeof rows[0]?.created_at),
    );
    for (const { created_at } of rows) expect(String(created_at)).toMatch(time);
    const updated = database.prepare('SELECT updated_at FROM agent_sessions').pluck().all();
    for (const value of updated) expect(String(value)).toMatch(time);
    expect(await session.popItem()).toEqual(turn[1]);
    await session.clearSession();
    expect(database.prepare('SELECT session_id FROM agent_sessions').pluck().all()).toEqual(['new']);
  });

  test('get the indexes that find the newest items, and the conversations that changed last', async () => {
    const database = new Database(':memory:');
    database.exec(ddl);
    const { sessions } = await SqliteSessionStore.fromDatabase(database);
    for (const [select, index] of [
      ["id FROM agent_messages WHERE session_id = 'x' ORDER BY id DESC", 'idx_agent_messages_session_id'],
      [
        'session_id FROM agent_sessions ORDER BY updated_at DESC, session_id DESC',
        'idx_agent_sessions_changed',
      ],
    ]) {
      const plan = database.prepare(`EXPLAIN QUERY PLAN SELECT ${select} LIMIT 20`).all();
      expect(JSON.stringify(plan)).toContain(index);
      expect(JSON.stringify(plan)).not.toContain('B-TREE');
    }
    await sessions.update('chat_124', { title: 'x' });
    const updated = async (id: string) => (await sessions.retrieve(id))?.updatedAt.getTime() ?? 0;
    for (const id of ['chat_123', 'chat_124']) {
      const [before, at, after] = [-1, 0, 1].map((offset) =>
        updated(id).then((time) => new Date(time + offset)),
      );
      const isFound = async (filter: SessionListOptions) =>
        (await sessions.list(filter)).data.some((one) => one.id === id);
      expect(await isFound({ changedAfter: await before, changedBefore: await after })).toBe(true);
      expect(await isFound({ changedAfter: await at })).toBe(false);
      expect(await isFound({ changedBefore: await at })).toBe(false);
      const [first, last] = [new Date(-8.64e15), new Date(8.64e15)];
      expect(await isFound({ changedAfter: first, changedBefore: last })).toBe(true);
      expect(await isFound({ changedAfter: last })).toBe(false);
    }
    const shown: string[] = [];
    for await (const { id } of sessions.list({ limit: 1 })) shown.push(id);
    expect(shown).toEqual(['chat_124', 'chat_123']);
  });

  test('are left as they are with createTables: false; a missing index is told once, with its statement', async () => {
    const database = new Database(':memory:');
    database.exec(ddl);
    const before = database.prepare('SELECT * FROM sqlite_master').all();
    const store = new SqliteSessionStore({ database }, { createTables: false });
    const warnings: string[] = [];
    store.on('warning', ({ message }) => warnings.push(message));
    await store.session('chat_123').addItems(turn);
    await store.session('chat_123').clearSession();
    expect(database.prepare('SELECT * FROM sqlite_master').all()).toEqual(before);
    expect(store.supports.operations).toBe(false);
    const statements = [
      'CREATE INDEX IF NOT EXISTS "idx_agent_messages_session_id" ON "agent_messages" (session_id, id)',
      'CREATE INDEX IF NOT EXISTS "idx_agent_sessions_changed" ON "agent_sessions" (updated_at, session_id)',
    ].filter((one) => !JSON.stringify(before).includes(String(one.split('"')[1])));
    expect(warnings).toEqual(statements.map((one) => expect.stringContaining(one)));
    for (const one of statements) database.exec(one);
    const next = new SqliteSessionStore({ database }, { createTables: false });
    await next.on('warning', ({ message }) => expect.fail(message)).open();
  });
});

describe('tables that would mix up or lose conversations', () => {
  const sessions = 'CREATE TABLE agent_sessions (session_id TEXT PRIMARY KEY, created_at, updated_at)';
  const messages =
    'CREATE TABLE agent_messages (id INTEGER PRIMARY KEY, session_id TEXT, message_data TEXT, created_at)';
  test.each([
    [
      'ids without regard to case',
      sessions.replace('TEXT', 'TEXT COLLATE NOCASE'),
      messages,
      /byte for byte/,
    ],
    [
      'ids without trailing spaces',
      sessions,
      messages.replace('session_id TEXT', 'session_id TEXT COLLATE RTRIM'),
      /byte for byte/,
    ],
    ['ids as numbers', sessions.replace('TEXT', 'NUMERIC'), messages, /not text/],
    ['ids that are not unique', sessions.replace(' PRIMARY KEY', ''), messages, /not its primary key/],
    [
      'row ids that SQLite does not count',
      sessions,
      messages.replace('INTEGER', 'TEXT'),
      /INTEGER PRIMARY KEY/,
    ],
    [
      'no column for the items',
      sessions,
      messages.replace('message_data', 'data'),
      /no column "message_data"/,
    ],
  ])('%s', async (_what, one, other, message) => {
    const database = new Database(':memory:');
    database.exec(`${one};${other}`);
    await expect(SqliteSessionStore.fromDatabase(database)).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message,
    });
  });
});

describe('the schema', () => {
  test.each([undefined, { sessions: 'a "b"', messages: 'c; d' }])(
    'as SQL makes what a store makes: %j',
    async (tables) => {
      const [made, sql] = [new Database(':memory:'), new Database(':memory:')];
      await SqliteSessionStore.fromDatabase(made, { ...(tables && { tables }) });
      for (const statement of [...schemaSql({ tables }), ...schemaSql({ tables })]) sql.exec(statement);
      const dump = (database: Database.Database) =>
        database.prepare('SELECT type, name, sql FROM sqlite_master ORDER BY name').all();
      expect(dump(sql)).toEqual(dump(made));
      const store = await SqliteSessionStore.fromDatabase(sql, {
        createTables: false,
        ...(tables && { tables }),
      });
      store.on('warning', ({ message }) => expect.fail(message));
      await store.session('a').addItems(turn);
      expect(await store.session('a').getItems()).toEqual(turn);
    },
  );

  test('for Drizzle names the same tables, columns, keys and indexes', () => {
    const database = new Database(':memory:');
    for (const statement of schemaSql()) database.exec(statement);
    for (const table of Object.values(sessionTables()) as SQLiteTable[]) {
      const { name, columns, indexes } = getTableConfig(table);
      const made = database
        .prepare('SELECT name, "notnull", pk > 0 AS pk FROM pragma_table_info(?)')
        .all(name);
      expect(columns.map((column) => column.name)).toEqual(
        (made as { name: string }[]).map((column) => column.name),
      );
      for (const column of columns)
        expect(made).toContainEqual(
          expect.objectContaining({ name: column.name, notnull: Number(column.notNull) }),
        );
      const list = database
        .prepare("SELECT name FROM pragma_index_list(?) WHERE origin = 'c' ORDER BY name")
        .pluck()
        .all(name);
      expect(indexes.map((index) => index.config.name).toSorted()).toEqual(list);
    }
  });
});

test('tables of others with createTables: false: all works but update and late turns that are refused, which say what to run', async () => {
  const database = new Database(':memory:');
  database.exec(MAKERS["Python's SQLAlchemySession"].ddl);
  const open = () => SqliteSessionStore.fromDatabase(database, { createTables: false });
  const store = await open();
  await store.session('chat').addItems(turn);
  expect(store.supports.metadata).toBe(false);
  const refused = await store.sessions.update('chat', { title: 'x' }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'UNSUPPORTED' });
  expect(await store.sessions.count({ metadata: { a: 1 } })).toBe(0);
  expect(await store.sessions.retrieve('chat')).toMatchObject({ title: undefined, version: 0 });
  expect(store.supports.erasure).toBe(false);
  const unsafe = store.sessions.delete({ ids: ['chat'] });
  await expect(unsafe).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  expect((await store.sessions.delete({ ids: ['chat'], refuseFor: 0 })).conversations).toBe(1);
  await store.session('chat').addItems(turn);
  const [, statement = ''] = /run: (CREATE.*)/s.exec((refused as Error).message) ?? [];
  expect(schemaSql()).toContain(statement);
  for (const one of schemaSql()) database.exec(one);
  const complete = await open();
  const { sessions } = complete;
  expect(await sessions.update('chat', { title: 'x' })).toMatchObject({ title: 'x', version: 1 });
  expect((await sessions.delete('chat')).removed).toMatchObject({ messages: 2, metadata: 1 });
  await sessions.delete({ ids: ['chat'] });
  const late = complete.session('chat').addItems(turn);
  await expect(late).rejects.toMatchObject({ code: 'SESSION_ERASED' });
});

describe('a page of many conversations', () => {
  const database = new Database(':memory:');
  for (const statement of schemaSql()) database.exec(statement);
  const { list } = conversationStatements(sqliteNames(), { metadata: true, runs: false });
  const plan = (query: Pick<ConversationQuery, 'by'> & Partial<ConversationQuery>) => {
    const all = { prefix: '', withoutPrefix: '$tenant:', descending: true, limit: 21 };
    const { sql, parameters } = list({ ...all, ...query });
    return JSON.stringify(database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters));
  };

  test('is found by the primary key or by the index of changes, and nothing is sorted but what it shows', () => {
    const cases = [
      ['id', { time: '', id: 'a' }, 'sqlite_autoindex_agent_sessions_1'],
      ['changed', { time: '2026-01-01 00:00:00', id: 'a' }, 'idx_agent_sessions_changed'],
    ] as const;
    for (const [by, after, index] of cases) {
      expect(plan({ by })).toContain(index);
      expect(plan({ by, after })).toMatch(new RegExp(`SEARCH agent_sessions USING INDEX ${index}`));
    }
    for (const filter of [{ changedAfter: 1e12 }, { changedBefore: 1e12 }])
      expect(plan({ by: 'changed', ...filter })).toMatch(
        /SEARCH agent_sessions USING INDEX idx_agent_sessions_changed/,
      );
  });
});
