// Promise: Moving.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type AgentInputItem, Usage } from '@openai/agents-core';
import { hostOf, type SessionBackend } from '@stackone/sessions-core/backend';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import {
  copyStore,
  exportSessions,
  importSessions,
  isSessionError,
  type OpenStoreOptions,
  openSessionStore,
  recordDigest,
  type SessionRecord,
  type SessionStore,
} from '../src/index.js';
import { FIRST_TURN, fillStore, SECOND_TURN } from './command-line/sample-database.js';

const newUrl = () => `sqlite:${join(temporaryFolder(), 'sessions.db')}`;

/** As the Python SDK makes them. */
const PYTHON_TABLES = `CREATE TABLE agent_sessions (session_id TEXT PRIMARY KEY,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
  CREATE TABLE agent_messages (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, message_data TEXT NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
  CREATE INDEX idx_agent_messages_session_id ON agent_messages (session_id, id)`;

/** What JSON cannot say as it is, and what databases stumble over. */
const VALUES = [
  {
    role: 'user',
    content: 'a\u0000b \ud800 \u2028 \\ \' " ☃',
    providerData: { at: new Date(0), no: Number.NaN },
  },
  { role: 'user', content: 'bytes', providerData: { bytes: new Uint8Array([1, 2, 3]), $sessions: ['mine'] } },
] as unknown as AgentInputItem[];

async function sample(options?: OpenStoreOptions): Promise<SessionStore> {
  const store = await openSessionStore(newUrl(), options);
  await fillStore(store);
  await store.session('values').addItems(VALUES);
  // a title without items, and a conversation of many items
  await store.sessions.update('empty', { title: 'Nothing yet' });
  const many = Array.from(
    { length: 2345 },
    (_, n): AgentInputItem => ({ role: 'user', content: `item ${n}` }),
  );
  await store.session('many').addItems(many);
  return store;
}

async function allOf(store: SessionStore): Promise<SessionRecord[]> {
  const records: SessionRecord[] = [];
  for await (const record of exportSessions(store)) records.push(record);
  const nameOf = ({ id, tenant = '' }: SessionRecord) => `${tenant}\0${id}`;
  return records.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
}

const NOTHING = { stored: 0, items: 0, runs: 0, different: [], erased: [], unread: 0, unkept: 0 };

test('everything of all tenants: items and values, order, times, titles, metadata, versions', async () => {
  await using from = await sample();
  const records = await allOf(from);
  expect(records.map(({ id, tenant, items }) => [tenant, id, items.length])).toEqual([
    [undefined, 'chat_123', 7],
    [undefined, 'chat_456', 2],
    [undefined, 'empty', 0],
    [undefined, 'many', 2345],
    [undefined, 'other', 2],
    [undefined, 'values', 2],
    ['acme', 'chat_1', 2],
  ]);
  expect(records[0]).toMatchObject({ title: 'Orders', metadata: { topic: 'orders', level: 2 }, version: 1 });
  expect(records[0]?.items.map(({ item }) => item)).toEqual([...FIRST_TURN, ...SECOND_TURN]);
  expect(records[5]?.items.map(({ item }) => item)).toEqual(VALUES);

  await using to = await openSessionStore('memory:');
  const progress: number[] = [];
  const done = await copyStore(from, to, { onProgress: ({ sessions }) => progress.push(sessions) });
  expect(done).toEqual({ ...NOTHING, sessions: 7, stored: 7, items: 2360, same: 0 });
  expect(progress.at(-1)).toBe(7);
  expect(await allOf(to)).toEqual(records);
});

test('what is there is never changed: the same is told apart from what differs', async () => {
  await using from = await sample();
  await using to = await openSessionStore('memory:');
  await to.session('chat_456').addItems([{ role: 'user', content: 'mine' }]);
  await to.scoped('acme').sessions.update('chat_1', { title: 'mine' });
  const different = [{ id: 'chat_1', tenant: 'acme' }, { id: 'chat_456' }];
  expect(await copyStore(from, to)).toEqual({
    ...NOTHING,
    sessions: 7,
    stored: 5,
    items: 2356,
    same: 0,
    different: expect.toSatisfy((names: unknown[]) => names.length === 2),
  });
  expect(await to.session('chat_456').getItems()).toEqual([{ role: 'user', content: 'mine' }]);
  const again = await copyStore(from, to);
  expect({ ...again, different: again.different.toSorted((a, b) => (a.id < b.id ? -1 : 1)) }).toEqual({
    ...NOTHING,
    sessions: 7,
    same: 5,
    different,
  });
  // more items than here, fewer, another title: all of it differs
  await to.session('other').addItems([{ role: 'user', content: 'more' }]);
  await from.sessions.update('many', { title: 'new' });
  expect((await copyStore(from, to)).same).toBe(3);
});

test('of one tenant', async () => {
  await using from = await sample();
  await using to = await openSessionStore('memory:');
  expect(await copyStore(from, to, { tenant: 'acme' })).toMatchObject({ sessions: 1, stored: 1 });
  expect((await allOf(to)).map(({ id, tenant }) => ({ id, tenant }))).toEqual([
    { id: 'chat_1', tenant: 'acme' },
  ]);
});

test('between keys and formats: digests are equal', async () => {
  await using from = await sample({ encryption: { key: 'the old one' } });
  await using to = await openSessionStore(newUrl(), { encryption: { key: 'another one' } });
  await using plain = await openSessionStore(newUrl());
  await using python = await openSessionStore(newUrl(), { itemFormat: 'responses' });
  const only = (id: string) => exportSessions(from, { ids: [id] });
  for (const other of [to, plain]) expect(await copyStore(from, other)).toMatchObject({ stored: 7 });
  expect(await importSessions(python, only('chat_123'))).toMatchObject({ stored: 1 });
  expect(await importSessions(python, only('chat_123'))).toMatchObject({ same: 1 });
  const digests = async (store: SessionStore) => (await allOf(store)).map(recordDigest);
  expect(await digests(to)).toEqual(await digests(from));
  expect(await digests(plain)).toEqual(await digests(from));
  expect(await allOf(to)).toEqual(await allOf(from));
});

const USED = {
  rawResponses: [],
  state: { usage: new Usage({ requests: 2, inputTokens: 30, outputTokens: 12, totalTokens: 42 }) },
};

/** A conversation with an operation id, and with usage of its second turn. */
async function remembered(options?: OpenStoreOptions): Promise<SessionStore> {
  const store = await openSessionStore(newUrl(), options);
  const session = store.scoped('acme').session('chat_123');
  await session.addItems(FIRST_TURN, undefined, { operationId: 'first' });
  await session.addItems(SECOND_TURN, undefined, { operationId: 'second' });
  await session.recordUsage(USED, { model: 'a model' });
  return store;
}

/** What becomes of the calls of {@link remembered} that are made again. */
async function repeated(store: SessionStore) {
  const session = store.scoped('acme').session('chat_123');
  await session.addItems(SECOND_TURN, undefined, { operationId: 'second' });
  const isConflict = await session.addItems(FIRST_TURN, undefined, { operationId: 'second' }).then(
    () => false,
    (error: unknown) => isSessionError(error) && error.code === 'OPERATION_CONFLICT',
  );
  return { items: (await session.getItems()).length, isConflict };
}

const ALL = FIRST_TURN.length + SECOND_TURN.length;

describe('what models used, and operation ids', () => {
  test.each<[string, OpenStoreOptions | undefined, OpenStoreOptions | undefined]>([
    ['without keys', undefined, undefined],
    ['to a store with keys', undefined, { encryption: { key: 'new' } }],
    ['from and to the same key', { encryption: { key: 'old' } }, { encryption: { key: 'old' } }],
    [
      'to a newer key beside the old one',
      { encryption: { key: 'old' } },
      { encryption: { keys: ['new', 'old'] } },
    ],
  ])('go along %s', async (_name, source, target) => {
    await using from = await remembered(source);
    await using to = await openSessionStore(newUrl(), target);
    await using memory = await openSessionStore('memory:', target);
    expect(await copyStore(from, to)).toMatchObject({ stored: 1, unkept: 0 });
    expect(await copyStore(to, memory)).toMatchObject({ stored: 1, unkept: 0 });
    for (const store of [to, memory]) {
      const [turn] = (await store.scoped('acme').session('chat_123').turns({ limit: 1 })).data;
      const used = await store
        .scoped('acme')
        .session('chat_123')
        .usage({ by: ['turn', 'model'] });
      expect(used).toMatchObject([{ turn: turn?.id, model: 'a model', totalTokens: 42 }]);
      expect(await store.usage({ by: 'tenant' })).toMatchObject([{ tenant: 'acme', requests: 2 }]);
      expect(await repeated(store)).toEqual({ items: ALL, isConflict: true });
    }
  });

  test.each([
    ['another key', { encryption: { key: 'another' } }],
    ['no key', undefined],
  ])('operation ids cannot be told apart by a store with %s, and that is said', async (_name, target) => {
    await using from = await remembered({ encryption: { key: 'old' } });
    await using to = await openSessionStore(newUrl(), target);
    expect(await copyStore(from, to)).toMatchObject({ stored: 1, unkept: 2 });
    expect(await to.usage()).toMatchObject({ totalTokens: 42 });
    expect((await repeated(to)).items).toBe(ALL + SECOND_TURN.length);
  });

  test('tables that have no place for them: that is said', async () => {
    const file = join(temporaryFolder(), 'python.db');
    const database = new DatabaseSync(file);
    database.exec(PYTHON_TABLES);
    database.close();
    await using from = await remembered();
    await using to = await openSessionStore(`sqlite:${file}`, { createTables: false });
    to.on('warning', () => {});
    expect(await copyStore(from, to)).toMatchObject({ stored: 1, unkept: 3 });
  });

  test('runs that are not over are copied, and those that have ended not', async () => {
    await using from = await remembered();
    await using to = await openSessionStore('memory:');
    const work = async (backend: SessionBackend) => {
      const name = (runId: string) => ({
        runId,
        sessionId: 'chat_123',
        tenant: '',
        content: '',
        alone: false,
        lease: 1000,
      });
      for (const runId of ['one', 'two', 'three']) await backend.runs?.create(name(runId));
      await backend.runs?.settle({ runId: 'one', sessionId: 'chat_123', state: 'waiting', fence: 1 });
      await backend.runs?.settle({ runId: 'two', sessionId: 'chat_123', state: 'done', fence: 1 });
    };
    await hostOf(from).perform('importSessions', () => ({ storedId: 'chat_123', work }));
    expect(await copyStore(from, to)).toMatchObject({ stored: 1, runs: 2, unkept: 0 });
    expect(await copyStore(from, to, { tenant: 'acme' })).toMatchObject({ same: 1, runs: 0, unkept: 0 });
  });

  test('a record with others is refused', async () => {
    await using from = await remembered();
    await using to = await openSessionStore('memory:');
    const [record] = await allOf(from);
    if (!record) throw new Error('there is one');
    const [used] = record.usage ?? [];
    if (!used) throw new Error('there is one');
    for (const wrong of [
      { operations: [{ id: '', digest: 'a', createdAt: new Date() }] },
      { operations: [{ id: 'a', digest: "'", createdAt: new Date() }] },
      { usage: [{ ...used, requests: -1 }] },
      { usage: [{ ...used, turn: ALL }] },
      { usage: [{ ...used, model: 'x'.repeat(256) }] },
      { usage: [{ ...used, recordedAt: new Date(Number.NaN) }] },
    ])
      await expect(importSessions(to, [{ ...record, ...wrong }])).rejects.toBeInstanceOf(TypeError);
    expect(await to.sessions.count()).toBe(0);
  });
});

test('a wrong key reads nothing, and nothing is written', async () => {
  const url = newUrl();
  const from = await openSessionStore(url, { encryption: { key: 'right' } });
  await from.session('chat_123').addItems(FIRST_TURN);
  await from.close();
  await using wrong = await openSessionStore(url, { encryption: { key: 'wrong' } });
  await using to = await openSessionStore('memory:');
  await expect(copyStore(wrong, to)).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
  expect(await to.sessions.count()).toBe(0);
});

test('rows that are no items are left out, and counted', async () => {
  const file = join(temporaryFolder(), 'sessions.db');
  await using from = await openSessionStore(`sqlite:${file}`);
  from.on('warning', () => {});
  await fillStore(from);
  const database = new DatabaseSync(file);
  database.exec(`UPDATE agent_messages SET message_data = 'no item' WHERE id = 2`);
  database.close();
  await using to = await openSessionStore('memory:');
  expect(await copyStore(from, to)).toMatchObject({ stored: 4, unread: 1 });
  expect(await to.session('chat_123').getItems()).toHaveLength(6);
});

test('what was erased stays erased, and the others are written', async () => {
  await using from = await sample();
  await using to = await openSessionStore('memory:');
  await to.sessions.delete({ ids: ['chat_123'] });
  expect(await copyStore(from, to)).toMatchObject({ stored: 6, erased: [{ id: 'chat_123' }] });
  expect(await to.sessions.retrieve('chat_123')).toBeUndefined();
});

test('a signal ends it between two transactions, and it goes on when it is called again', async () => {
  await using from = await sample();
  await using to = await openSessionStore('memory:');
  const ending = new AbortController();
  const reason = new Error('enough');
  const cut = copyStore(from, to, {
    concurrency: 1,
    signal: ending.signal,
    onProgress: () => ending.abort(reason),
  });
  await expect(cut).rejects.toBe(reason);
  const written = await to.sessions.count();
  expect(written).toBeLessThan(6);
  expect(await copyStore(from, to)).toMatchObject({ sessions: 7, different: [] });
  expect(await allOf(to)).toEqual(await allOf(from));
});

test.each([
  ['copyStore: concurrency', (store: SessionStore) => copyStore(store, store, { concurrency: 0 })],
  ['copyStore: an unknown option', (store: SessionStore) => copyStore(store, store, { only: 1 } as object)],
  ['exportSessions: a blank tenant', async (store: SessionStore) => exportSessions(store, { tenant: ' ' })],
  ['exportSessions: an id', async (store: SessionStore) => exportSessions(store, { ids: [''] })],
  [
    'importSessions: a record without times',
    (store: SessionStore) =>
      importSessions(store, [{ id: 'a', metadata: {}, version: 0, items: [] } as never]),
  ],
])('a TypeError: %s', async (_name, call) => {
  await using store = await openSessionStore('memory:');
  await expect(call(store)).rejects.toBeInstanceOf(TypeError);
});

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ url }) => {
  test('there and back again, with four transactions at a time', async () => {
    await using from = await sample();
    const session = from.session('chat_123');
    await session.addItems(SECOND_TURN, undefined, { operationId: 'third' });
    await session.recordUsage(USED, { model: 'a model' });
    await using to = await openSessionStore(url);
    await using back = await openSessionStore(newUrl());
    expect(await copyStore(from, to)).toMatchObject({ stored: 7, items: 2362, unkept: 0 });
    expect(await copyStore(from, to)).toMatchObject({ stored: 0, same: 7, different: [] });
    expect(await allOf(to)).toEqual(await allOf(from));
    expect(await copyStore(to, back)).toMatchObject({ stored: 7 });
    expect(await allOf(back)).toEqual(await allOf(from));
    // it goes on as any other conversation
    await to.session('chat_123').addItems([{ role: 'user', content: 'new' }]);
    const { data } = await to.session('chat_123').history({ limit: 2 });
    expect(data.map(({ item }) => item)).toEqual([SECOND_TURN[1], { role: 'user', content: 'new' }]);
  });
});
