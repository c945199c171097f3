// Promises: Order; No item twice.
import { randomUUID } from 'node:crypto';
import { moduleRunner } from '@stackone/test-environment';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import {
  connectionsTo,
  DRIZZLES,
  driverUrl,
  emptyDatabase,
  failOnWarning,
  rawPool,
  rowsOf,
  SERVERS,
} from './databases.js';
import { contents, messages, texts, textsOf } from './items.js';

const runModule = moduleRunner(import.meta.dirname);

/** Whether every batch of `size` rows, named `{batch}:{position}`, is whole and contiguous. */
function expectWhole(rows: readonly unknown[], size: number): void {
  for (let start = 0; start < rows.length; start += size) {
    const batch = String(rows[start]).split(':')[0];
    expect(rows.slice(start, start + size)).toEqual(
      Array.from({ length: size }, (_, at) => `${batch}:${at}`),
    );
  }
}

describeEngine(SERVERS, ({ engine, server, url }) => {
  let store: MysqlSessionStore;
  beforeAll(async () => {
    store = await MysqlSessionStore.fromUrl(url);
  });
  afterAll(() => store.close());

  // as nothing is repeated here, the caller that a deadlock ends would be seen
  test('A6: 64 first appends of 4 at once, over 64 connections, without one deadlock', async () => {
    const backend = await backendOpener({ url }, { max: 64, maxRetries: 0 })(failOnWarning);
    await Promise.all(Array.from({ length: 64 }, () => backend.read('warm')));
    const sessionId = randomUUID();
    await Promise.all(
      Array.from({ length: 64 }, (_, at) => backend.append([{ sessionId, texts: texts(4, `b${at}:`) }])),
    );
    const rows = textsOf(await backend.read(sessionId));
    expect(rows).toHaveLength(256);
    expectWhole(rows, 4);
    await backend.close();
  });

  test('appends of many sessions in one call, from many callers, never deadlock', async () => {
    const backend = await backendOpener({ url }, { max: 16, maxRetries: 0 })(failOnWarning);
    const sessionIds = Array.from({ length: 6 }, () => randomUUID());
    await Promise.all(
      Array.from({ length: 48 }, (_, at) =>
        backend.append(
          sessionIds
            .toSorted(() => Math.random() - 0.5)
            .map((sessionId) => ({ sessionId, texts: texts(2, `b${at}:`) })),
        ),
      ),
    );
    for (const sessionId of sessionIds) expectWhole(textsOf(await backend.read(sessionId)), 2);
    await backend.close();
  });

  test('A9: 40 callers pop 40 items: each item once, no undefined, none left', async () => {
    const sessionId = randomUUID();
    await store.session(sessionId).addItems(messages(40));
    const stores = await Promise.all([1, 2, 3, 4].map(() => MysqlSessionStore.fromUrl(url)));
    const popped = await Promise.all(
      Array.from({ length: 40 }, (_, at) => stores[at % 4]?.session(sessionId).popItem()),
    );
    expect(new Set(contents(popped))).toEqual(new Set(contents(messages(40))));
    expect(await store.session(sessionId).getItems()).toEqual([]);
    expect(await store.session(sessionId).popItem()).toBeUndefined();
    for (const one of stores) await one.close();
  });

  test('pops among appends lose and repeat nothing', async () => {
    const backend = await backendOpener({ url }, { max: 16 })(failOnWarning);
    const sessionId = randomUUID();
    await backend.append([{ sessionId, texts: texts(8, 'first') }]);
    const appends = Array.from({ length: 20 }, (_, at) =>
      backend.append([{ sessionId, texts: texts(2, `b${at}:`) }]),
    );
    const popped = await Promise.all(Array.from({ length: 20 }, () => backend.pop(sessionId)));
    await Promise.all(appends);
    const seen = [...popped.map((row) => row?.id), ...(await backend.read(sessionId)).map(({ id }) => id)];
    expect(seen.every((id) => id !== undefined)).toBe(true);
    expect(new Set(seen).size).toBe(48);
    await backend.close();
  });

  test('edits of one session by many callers never overlap, first ones included', async () => {
    const backend = await backendOpener({ url }, { max: 16 })(failOnWarning);
    const sessionId = randomUUID();
    const addOne = () => backend.edit(sessionId, 'all', (rows) => ({ append: [`${rows.length}`] }));
    await Promise.all(Array.from({ length: 48 }, addOne));
    expect(textsOf(await backend.read(sessionId))).toEqual(Array.from({ length: 48 }, (_, at) => at));
    await backend.close();
  });

  test('a refused edit and an edit that changes nothing make no session', async () => {
    const backend = await backendOpener({ url })(failOnWarning);
    const sessionId = randomUUID();
    await backend.edit(sessionId, 1, () => ({ clear: true }));
    const refuse = () => {
      throw new RangeError('refused');
    };
    await expect(backend.edit(sessionId, 1, refuse)).rejects.toThrow('refused');
    await backend.pop(sessionId);
    await backend.clear(sessionId);
    expect(await rowsOf(url, `SELECT 1 FROM agent_sessions WHERE session_id = '${sessionId}'`)).toEqual([]);
    await backend.close();
  });

  test('a pool of one serves everything at once, within 20 s', async () => {
    const single = await MysqlSessionStore.fromUrl(url, { max: 1 });
    const ids = Array.from({ length: 8 }, () => randomUUID());
    await Promise.all(
      ids.flatMap((id) => [
        single.session(id).addItems(messages(3)),
        single.session(id).popItem(),
        single.session(id).getItems(2),
        single.session(id).addItems(messages(2, 'n')),
      ]),
    );
    for (const id of ids) {
      expect(contents(await single.session(id).getItems())).toEqual(['m0', 'm1', 'n0', 'n1']);
    }
    await single.close();
  });

  test('A8: 1,000 conversations at once use at most 10 connections', async () => {
    const database = await emptyDatabase(server);
    const many = await MysqlSessionStore.fromUrl(database);
    let most = 0;
    const count = async () => {
      most = Math.max(most, (await connectionsTo(database)).length);
    };
    const calls = Promise.all(
      Array.from({ length: 1000 }, (_, at) => many.session(`chat_${at}`).addItems(messages(1))),
    );
    for (let look = 0; look < 5; look++) await count();
    await calls;
    await count();
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(10);
    await many.close();
  });

  test.each([
    ['by URL', { made: 1, added: 1, operation: 1, popped: 2, edited: 4 }],
    ['over a pool', { made: 5, added: 4, operation: 5, popped: 5, edited: 5 }],
  ])('%s: the round trips of an append do not depend on sessions and rows', async (kind, expected) => {
    await using proxy = await startProxy(server, { protocol: engine });
    const pool = rawPool(proxy.url(url), { connectionLimit: 1 });
    const backend = await (kind === 'by URL'
      ? backendOpener({ url: proxy.url(url) }, { max: 1 })
      : backendOpener({ pool }))(failOnWarning);
    const trips = async (call: () => unknown) => {
      const before = proxy.roundTrips;
      await call();
      return proxy.roundTrips - before;
    };
    const [one, other] = [randomUUID(), randomUUID()];
    const batch = { sessionId: one, texts: texts(50) };
    // over a pool the first turn also asks whether the conversation was erased
    for (const sessionId of [one, other])
      expect(await trips(() => backend.append([{ sessionId, texts: texts(50) }]))).toBe(expected.made);
    expect(await trips(() => backend.append([batch]))).toBe(expected.added);
    const both = [batch, { sessionId: other, texts: texts(50) }];
    expect(await trips(() => backend.append(both))).toBe(expected.added);
    expect(await trips(() => backend.read(one, 20))).toBe(1);
    const operation = { id: 'o', digest: 'd' };
    expect(await trips(() => backend.append([{ ...batch, operation }]))).toBe(expected.operation);
    expect(await trips(() => backend.pop(one))).toBe(expected.popped);
    expect(await trips(() => backend.edit(one, 1, () => ({ append: texts(1) })))).toBe(expected.edited);
    await backend.close();
    await pool.end();
  });

  describe('one connection for everything', () => {
    const targets = {
      mysql2: (client: mysql.Connection) => ({ pool: client }),
      'mysql2/promise': (client: mysql.Connection) => ({ pool: client.promise() }),
      ...Object.fromEntries(
        Object.entries(DRIZZLES).map(([name, drizzle]) => [
          name,
          (client: mysql.Connection) => ({ db: drizzle({ client }) }),
        ]),
      ),
    };
    test.each(Object.entries(targets))('%s: 64 appends, pops and edits take turns', async (_name, target) => {
      const client = mysql.createConnection(driverUrl(url));
      const backend = await backendOpener(target(client))(failOnWarning);
      const second = await backendOpener(target(client))(failOnWarning);
      const sessionId = randomUUID();
      const calls = Array.from({ length: 64 }, (_, at) => {
        const port = at % 2 ? backend : second;
        if (at % 4 === 3) return port.pop(sessionId).then(() => undefined);
        if (at % 4 === 2) return port.edit(sessionId, 1, () => ({ append: texts(3, `b${at}:`) }));
        return port.append([{ sessionId, texts: texts(3, `b${at}:`) }]).then(() => undefined);
      });
      await Promise.all(calls);
      const rows = textsOf(await backend.read(sessionId));
      expect(rows).toHaveLength(48 * 3 - 16);
      // a pop takes the end of the newest batch, so only the cut ones are shorter
      const starts = new Map<string, number>();
      for (const row of rows) {
        const [batch = '', at] = String(row).split(':');
        expect(Number(at)).toBe(starts.get(batch) ?? 0);
        starts.set(batch, Number(at) + 1);
      }
      await client.promise().end();
    });
  });

  test('A6, A7: 4 processes with 16 first appends each to one new conversation lose nothing', async () => {
    const database = await emptyDatabase(server);
    const code = `
      import { MysqlSessionStore } from '@stackone/sessions-mysql';
      const [url, name] = process.argv.slice(-2);
      const store = new MysqlSessionStore({ url });
      await Promise.all(Array.from({ length: 16 }, (_, at) => new MysqlSessionStore({ url }).session('new').addItems(
        Array.from({ length: 4 }, (_, i) => ({ role: 'user', content: name + '-' + at + ':' + i })))));
    `;
    await Promise.all(['p', 'q', 'r', 's'].map((name) => runModule(code, database, name)));
    const reader = await MysqlSessionStore.fromUrl(database);
    const rows = contents(await reader.session('new').getItems());
    expect(rows).toHaveLength(4 * 16 * 4);
    expectWhole(rows, 4);
    await reader.close();
  });
});
