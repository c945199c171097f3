// Promises: Whole turns, in order; Order; No item twice.
import { randomUUID } from 'node:crypto';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PostgresBackend } from '../src/backend.js';
import { PostgresSessionStore } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { contents, message, turn, turnNames } from './messages.js';
import { runProgram } from './processes.js';

describeEngine(['postgres', 'pgbouncer'], ({ url, engine }) => {
  const raw = new pg.Pool({ connectionString: url, max: 2 });
  let stores: PostgresSessionStore[];
  beforeAll(async () => {
    const open = (max: number) => PostgresSessionStore.fromUrl(url, { max });
    stores = await Promise.all([open(10), open(10), open(1)]);
  });
  afterAll(async () => {
    for (const store of stores) await store.close();
    await raw.end();
  });
  const store = (index: number) => stores[index % stores.length] as PostgresSessionStore;

  // store.session() orders the calls of one store: sessions of the same store would not contend for the lock
  const manyStores = async <T>(
    count: number,
    work: (store: PostgresSessionStore, index: number) => Promise<T>,
  ) => {
    const pool = new pg.Pool({ connectionString: url, max: Math.min(count, 40) });
    const all = await Promise.all(Array.from({ length: count }, () => PostgresSessionStore.fromPool(pool)));
    try {
      return await Promise.all(all.map(work));
    } finally {
      await pool.end();
    }
  };

  test('A6: 64 first turns of a new conversation at once are all stored, each whole', async () => {
    const id = randomUUID();
    await manyStores(64, (one, index) => one.session(id).addItems(turn(`t${index}`)));
    const names = turnNames(await store(0).session(id).getItems());
    expect(names.length).toBe(64);
    expect(new Set(names).size).toBe(64);
  });

  test('64 writers: turns stay whole, in the order of their acknowledgement, for Python too (A17)', async () => {
    const id = randomUUID();
    const spans = new Map<string, { begun: number; ended: number }>();
    await manyStores(64, async (one, index) => {
      for (let round = 0; round < 3; round++) {
        const name = `w${index}.${round}`;
        const begun = performance.now();
        await one.session(id).addItems(turn(name));
        spans.set(name, { begun, ended: performance.now() });
      }
    });
    const names = turnNames(await store(0).session(id).getItems());
    expect(names.length).toBe(192);
    // a turn that stands later was not acknowledged before an earlier one began
    for (const [position, name] of names.entries()) {
      const { begun } = spans.get(name) as { begun: number };
      for (const later of names.slice(position + 1)) expect(spans.get(later)?.ended).toBeGreaterThan(begun);
    }
    const order = (by: string) =>
      raw.query(`SELECT id FROM agent_messages WHERE session_id = $1 ORDER BY ${by}`, [id]);
    expect((await order('created_at, id')).rows).toEqual((await order('id')).rows);
    const times = await raw.query(
      'SELECT count(DISTINCT created_at)::int AS n FROM agent_messages WHERE session_id = $1',
      [id],
    );
    expect(times.rows).toEqual([{ n: 192 }]);
  });

  test('A9: 40 callers popping 40 items get each item once, and no undefined', async () => {
    for (let round = 0; round < 4; round++) {
      const id = randomUUID();
      await store(0).session(id).addItems(turn('x', 40));
      const popped = await manyStores(40, (one) => one.session(id).popItem());
      expect(contents(popped).toSorted()).toEqual(contents(turn('x', 40)).toSorted());
      expect(await store(0).session(id).getItems()).toEqual([]);
    }
  });

  test('pops between appends lose nothing and double nothing', async () => {
    const id = randomUUID();
    const results = await manyStores(40, async (one, index) => {
      if (index % 2 === 0) {
        await one.session(id).addItems(turn(`p${index}`));
        return [];
      }
      return [await one.session(id).popItem(), await one.session(id).popItem()];
    });
    const popped = results.flat().filter((item) => item !== undefined);
    const left = await store(0).session(id).getItems();
    const all = Array.from({ length: 20 }, (_, index) => turn(`p${2 * index}`)).flat();
    expect(contents([...popped, ...left]).toSorted()).toEqual(contents(all).toSorted());
  });

  test('A8: 1,000 conversations open at once use at most 10 connections', async () => {
    const name = `count-${randomUUID()}`;
    const through = new URL(url);
    if (engine === 'postgres') through.searchParams.set('application_name', name);
    await using many = await PostgresSessionStore.fromUrl(through.href);
    const sessions = Array.from({ length: 1000 }, (_, index) => many.session(`${name}-${index}`));
    const added = sessions.map((session) => session.addItems([message('hello')]));
    await Promise.all(added.slice(0, 200));
    const { rows } = await raw.query(
      'SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = $1',
      [name],
    );
    expect(rows[0].n).toBeLessThanOrEqual(10);
    if (engine === 'postgres') expect(rows[0].n).toBeGreaterThan(0);
    await Promise.all(added);
    expect(await sessions[999]?.getItems()).toEqual([message('hello')]);
  });

  test('a pool of one does everything, also at the same time', async () => {
    await using one = await PostgresSessionStore.fromUrl(url, { max: 1, onCorruptItem: 'throw' });
    const ids = Array.from({ length: 8 }, () => randomUUID());
    await Promise.all(
      ids.map(async (id) => {
        const session = one.session(id);
        await session.addItems(turn('one'));
        await session.popItem();
        expect((await session.getItems(2)).length).toBe(2);
        await session.clearSession();
        expect(await session.getItems()).toEqual([]);
      }),
    );
  });

  test('32 callers at once, of everything, on conversations they share', async () => {
    const ids = Array.from({ length: 4 }, () => randomUUID());
    await manyStores(32, async (one, index) => {
      for (let round = 0; round < 6; round++) {
        const session = one.session(ids[(index + round) % ids.length] as string);
        await session.addItems(turn(`c${index}.${round}`));
        await session.getItems(5);
        if (round % 3 === 1) await session.popItem();
        if (round % 5 === 4 && index % 8 === 0) await session.clearSession();
      }
    });
    for (const id of ids) expect(Array.isArray(await store(0).session(id).getItems())).toBe(true);
  });

  test('4 processes with 16 first turns each lose nothing', async () => {
    const id = randomUUID();
    const ended = await Promise.all(
      [0, 1, 2, 3].map((number) =>
        runProgram('first-turns.mjs', { DATABASE_URL: url, SESSION: id, NAME: `p${number}`, TURNS: '16' }),
      ),
    );
    expect(ended.map(({ code, output }) => ({ code, output }))).toEqual(
      ended.map(() => ({ code: 0, output: '' })),
    );
    const names = turnNames(await store(0).session(id).getItems());
    expect(new Set(names).size).toBe(64);
    // the turns of one process are in the order in which it made them
    for (const number of [0, 1, 2, 3]) {
      const own = names.filter((name) => name.startsWith(`p${number}.`));
      expect(own).toEqual(Array.from({ length: 16 }, (_, index) => `p${number}.${index}`));
    }
  });

  test('A5, A17: a limit gives the newest items by id, whatever their times say', async () => {
    const id = randomUUID();
    await store(0).session(id).addItems(turn('x', 20));
    await raw.query(
      "UPDATE agent_messages SET created_at = created_at - id * interval '1 hour' WHERE session_id = $1",
      [id],
    );
    const all = contents(turn('x', 20));
    expect(contents(await store(1).session(id).getItems())).toEqual(all);
    for (const limit of [1, 19, 20, 21])
      expect(contents(await store(2).session(id).getItems(limit))).toEqual(all.slice(-limit));
    for (const limit of [0, -1]) expect(await store(0).session(id).getItems(limit)).toEqual([]);
    expect(contents([await store(0).session(id).popItem()])).toEqual(['x-19']);
  });

  test('appends of several conversations in one call, in any order, never wait for each other in a circle', async () => {
    const ids = Array.from({ length: 6 }, () => randomUUID());
    const outcomes = await manyBackends(16, async (backend, index) => {
      for (let round = 0; round < 4; round++) {
        const shuffled = ids.toSorted(() => Math.random() - 0.5);
        await backend.append(
          shuffled.map((sessionId) => ({
            sessionId,
            texts: turn(`b${index}.${round}`).map((item) => JSON.stringify(item)),
          })),
        );
      }
      return 'done';
    });
    expect(outcomes.length).toBe(16);
    for (const id of ids) expect(turnNames(await store(0).session(id).getItems()).length).toBe(64);
  });

  test('an operation that many callers repeat at once is stored once', async () => {
    const sessionId = randomUUID();
    const outcomes = await manyBackends(16, (backend, index) =>
      backend.append([
        {
          sessionId,
          texts: ['{"n":1}', '{"n":2}'],
          operation: { id: 'o', digest: index < 8 ? 'same' : `other${index}` },
        },
      ]),
    );
    const counted = outcomes.flat();
    expect(counted.filter((outcome) => outcome === 'stored').length).toBe(1);
    const repeated = counted.filter((outcome) => outcome === 'repeated').length;
    expect([0, 7]).toContain(repeated); // 0 if one of the other digests was first
    expect(await raw.query('SELECT 1 FROM agent_messages WHERE session_id = $1', [sessionId])).toMatchObject({
      rowCount: 2,
    });
  });

  /** Without any repetition: a deadlock would be seen. */
  async function manyBackends<T>(
    count: number,
    work: (backend: PostgresBackend, index: number) => Promise<T>,
  ) {
    const pool = new pg.Pool({ connectionString: url, max: count });
    const open = backendOpener({ pool }, { maxRetries: 0 });
    try {
      const backends = await Promise.all(Array.from({ length: count }, () => open(() => {})));
      return await Promise.all(backends.map(work));
    } finally {
      await pool.end();
    }
  }
});
