// Promise: Tables split over nodes.
import {
  backendConformance,
  sessionConformance,
  sessionFeatures,
  storeConformance,
} from '@stackone/sessions-core/conformance';
import { describeSuite } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MysqlBackend } from '../src/backend.js';
import { MysqlSessionStore } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { driverUrl, emptyDatabase, failOnWarning, rawPool, rowsOf, SUPPORT } from './databases.js';
import { texts } from './items.js';
import { faultOf, SentTexts } from './recorded-statements.js';
import { storeSubject } from './sessions-conformance.js';

const parts = { tenants: true, limits: true, reopen: true, raw: true, outOfReach: true, inTransaction: true };

describeEngine(['mysql', 'mariadb:11.8'], ({ server }) => {
  let url = '';
  let pool: ReturnType<typeof rawPool>;
  beforeAll(async () => {
    url = await emptyDatabase(server);
    pool = rawPool(url);
    await (await MysqlSessionStore.fromUrl(url, { distributed: true })).close();
  });
  afterAll(() => pool.end());

  test('tables that a store makes have keys that begin with the conversation, and no foreign keys', async () => {
    const tables = [
      'messages',
      'sessions_operations',
      'sessions_metadata',
      'sessions_usage',
      'sessions_runs',
    ];
    for (const table of tables) {
      const [created] = await rowsOf(url, `SHOW CREATE TABLE agent_${table}`);
      expect(created?.['Create Table']).toMatch(/PRIMARY KEY \(`session_id`[,)]/);
      expect(created?.['Create Table']).not.toContain('FOREIGN KEY');
    }
  });

  const { covered, notCovered } = storeConformance({
    name: 'a store over split tables',
    describe,
    test,
    open: () => storeSubject(url, pool, { max: 2, distributed: true }),
    supports: { ...SUPPORT, ...parts },
  });

  test('every case of the suite of a store is covered', () => {
    expect(notCovered).toEqual([]);
    expect(covered.length).toBeGreaterThanOrEqual(190);
  });

  describe('sessions of a store that finds out by itself that the tables are split', () => {
    let store: MysqlSessionStore;
    beforeAll(() => {
      store = new MysqlSessionStore({ url }).on('warning', () => {});
    });
    afterAll(() => store.close());
    sessionConformance({
      name: 'sessions',
      describe,
      test,
      open: () => ({
        session: (id) => store.session(id),
        reopen: () => MysqlSessionStore.fromUrl(url),
        insertRaw: (id, text) =>
          pool.query('INSERT INTO agent_messages (session_id, message_data) VALUES (?, ?)', [id, text]),
      }),
      supports: { ...sessionFeatures(SUPPORT), reopen: true, raw: true },
    });
  });

  backendConformance({
    name: 'the port over split tables and a pool of one',
    describe: describeSuite,
    test,
    open: async () => {
      const backend = await backendOpener({ url }, { max: 1 })(failOnWarning);
      return { backend, close: () => backend.close() };
    },
    supports: SUPPORT,
  });

  backendConformance({
    name: 'the port over split tables, inside a transaction on a connection',
    describe: describeSuite,
    test,
    open: async () => {
      const client = mysql.createConnection(driverUrl(url));
      const backend = await backendOpener({ pool: client }, { distributed: true })(failOnWarning);
      await client.promise().beginTransaction();
      return {
        backend: backend.with(client),
        close: async () => {
          await client.promise().commit();
          await client.promise().end();
        },
      };
    },
    supports: SUPPORT,
  });

  backendConformance({
    name: 'the port over tables with the key of Python, told that they are split',
    describe: describeSuite,
    test,
    open: async () => {
      const tables = { sessions: 'python_sessions', messages: 'python_messages' };
      await (await MysqlSessionStore.fromUrl(url, { tables, distributed: false })).close();
      const backend = await backendOpener({ url }, { tables, distributed: true })(failOnWarning);
      return { backend, close: () => backend.close() };
    },
    supports: SUPPORT,
  });

  test('distributed: false on split tables works as the engine allows', async () => {
    await using store = await MysqlSessionStore.fromUrl(url, { distributed: false });
    const session = store.session('not split');
    await session.addItems([{ type: 'message', role: 'user', content: 'hello' }]);
    expect(await session.getItems()).toHaveLength(1);
  });

  /** Every verb on one conversation, and on the two that a copy is of. */
  const ONE: Readonly<Record<string, (backend: MysqlBackend, id: string) => unknown>> = {
    append: (backend, id) => backend.append([{ sessionId: id, texts: texts(2) }]),
    'append twice': (backend, id) =>
      backend.append([
        { sessionId: id, texts: texts(2), operation: { id: 'a', digest: 'a', forgetOlderThan: 60 } },
        { sessionId: id, texts: texts(1), operation: { id: 'a', digest: 'a' } },
      ]),
    'append of more rows than a statement takes': (backend, id) =>
      backend.append([{ sessionId: `${id} long`, texts: texts(10_001) }]),
    read: (backend, id) => backend.read(id, 20, '1000000'),
    history: (backend, id) => backend.history(id, { limit: 3, oldest: true, before: '1000000', after: '1' }),
    pop: (backend, id) => backend.pop(id),
    edit: async (backend, id) => {
      const [first, second] = await backend.read(id, 5);
      await backend.edit(id, 5, () => ({
        remove: [String(first?.id)],
        update: [{ id: String(second?.id), text: '{}' }],
        append: texts(1),
      }));
    },
    get: ({ conversations }, id) => conversations.get(id),
    describe: ({ conversations }, id) =>
      conversations.describe(id, () => ({ text: '{"title":"x"}', version: 1 }), true),
    'record usage': ({ usage }, id) =>
      usage.record({
        sessionId: id,
        tenant: '',
        rows: [
          {
            key: 'r',
            model: 'm',
            requests: 1,
            inputTokens: 1,
            outputTokens: 1,
            totalTokens: 2,
            cachedTokens: 0,
            reasoningTokens: 0,
          },
        ],
      }),
    'sum usage': ({ usage }, id) => usage.sum({ sessionId: id, by: ['model'] }),
    'use a run': async ({ runs }, id) => {
      const run = { runId: `run ${id}`, sessionId: id };
      await runs.take(run, 1000);
      await runs.write({ ...run, fence: 1, lease: 1000 }, { key: 'step', content: '{}' });
      await runs.add(run, { key: 'answer', content: '{}' });
      await runs.settle({ ...run, state: 'waiting', fence: 1 });
    },
    fork: ({ conversations }, id) => conversations.copy(id, `${id} fork`, { move: false }),
    move: ({ conversations }, id) => conversations.copy(id, `${id} moved`, { move: true }),
    'remove a part': ({ conversations }, id) =>
      conversations.removeSome(`${id} moved`, { atMost: 1, whole: false, before: '1000000' }),
    'remove if unchanged': ({ conversations }, id) =>
      conversations.removeSome(`${id} moved`, {
        atMost: 1,
        whole: false,
        changedBefore: Date.now() + 60_000,
      }),
    wholes: ({ conversations }, id) => conversations.wholes([`${id} fork`], 1000),
    restore: async ({ conversations }, id) => {
      const {
        found: [kept],
      } = await conversations.wholes([`${id} moved`]);
      if (!kept) throw new Error('it was moved');
      await conversations.restore([{ ...kept, id: `${id} restored`, tenant: '' }]);
    },
    refuse: ({ conversations }, id) => conversations.refuse(`${id} fork`, 1),
    remove: ({ conversations }, id) => conversations.remove(`${id} fork`),
    clear: (backend, id) => backend.clear(`${id} moved`),
  };

  /** Every verb that may ask every node. */
  const MANY: Readonly<Record<string, (backend: MysqlBackend, id: string) => unknown>> = {
    sessionIds: (backend) => backend.sessionIds('a', 3, 'a'),
    list: ({ conversations }) =>
      conversations.list({ by: 'changed', descending: true, limit: 3, prefix: 'a', described: ['x'] }),
    count: ({ conversations }) => conversations.count({ prefix: '' }),
    changes: async ({ conversations }) => {
      await conversations.changes(undefined, 10);
      await conversations.changes('1', 10);
    },
    'begin a run': ({ runs }, id) =>
      runs.create({ runId: `run ${id}`, sessionId: id, tenant: '', content: '{}', alone: true, lease: 1000 }),
    'look for runs': async ({ runs }, id) => {
      await runs.read(`run ${id}`);
      await runs.list({ state: 'running', free: true, limit: 3 });
    },
    'sum usage of all': ({ usage }) => usage.sum({ by: ['day'] }),
    forget: async (backend, id) => {
      for (const one of [`${id} 1`, `${id} 2`]) {
        await backend.append([{ sessionId: one, texts: texts(1), operation: { id: 'old', digest: 'a' } }]);
        await backend.conversations.refuse(`${one} erased`, 1);
        const run = { runId: `old run ${one}`, sessionId: one };
        await backend.runs.create({ ...run, tenant: '', content: '{}', alone: false, lease: 1000 });
        await backend.runs.settle({ ...run, state: 'done', fence: 1 });
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
      const forgotten = await backend.conversations.forget({
        prefix: id,
        operationsOlderThan: -1,
        runsEndedBefore: Date.now() + 60_000,
        atMost: 1000,
      });
      expect(forgotten).toMatchObject({ operations: 2, runs: 2 });
      expect(forgotten.erasures).toBeGreaterThanOrEqual(2);
    },
    lease: ({ conversations }) => conversations.lease('prune', 1, false),
  };

  test('each statement names its conversation with equality, and stands alone in its text', async () => {
    using sent = new SentTexts();
    const found: string[] = [];
    const note = (name: string, asksAll: boolean, all: readonly string[]) => {
      expect(all.length, name).toBeGreaterThan(0);
      for (const text of all) {
        const fault = faultOf(text, asksAll);
        if (fault) found.push(`${name}: ${fault}: ${text.slice(0, 300)}`);
      }
    };
    let backend: MysqlBackend | undefined;
    note(
      'open',
      true,
      await sent.of(async () => {
        backend = await backendOpener({ url }, { max: 1, distributed: true })(failOnWarning);
      }),
    );
    if (!backend) throw new Error('it is open');
    const own = backend;
    for (const [name, call] of Object.entries(MANY))
      note(name, true, await sent.of(() => call(own, 'spread')));
    for (const [name, call] of Object.entries(ONE))
      note(name, false, await sent.of(() => call(own, 'spread')));
    await own.close();
    expect(found).toEqual([]);
  });

  test('no transaction holds turns of two conversations', async () => {
    using sent = new SentTexts();
    await using store = await MysqlSessionStore.fromUrl(url, { distributed: true });
    const all = await sent.of(() =>
      Promise.all(
        Array.from({ length: 40 }, (_, at) =>
          store.session(`turns ${at % 8}`).addItems([{ type: 'message', role: 'user', content: 'hello' }]),
        ),
      ),
    );
    expect(all.filter((text) => faultOf(text, false))).toEqual([]);
    expect(all.filter((text) => text === 'COMMIT').length).toBeGreaterThanOrEqual(8);
  });
});

test.each([
  ['several statements in one text', "START TRANSACTION; SELECT 1 FROM t WHERE session_id = 'a'"],
  ['a range over session_id', "SELECT id FROM t WHERE session_id >= 'a' AND session_id <= 'a'"],
  ['no equality on session_id', 'DELETE FROM t WHERE id = 7'],
  ['RETURNING, which may have a volatile function', "DELETE FROM t WHERE session_id = 'a' RETURNING NOW()"],
  ['rows of several conversations', "INSERT INTO t (session_id) VALUES ('a'), ('b')"],
  ['rows of one node for another', "INSERT INTO t (session_id) SELECT 'b' FROM t WHERE session_id = 'a'"],
  ['a row that would go to another node', "UPDATE t SET session_id = 'b' WHERE session_id = 'a'"],
])('the test of statements would find: %s', (fault, text) => {
  expect(faultOf(text, false)).toBe(fault);
});
