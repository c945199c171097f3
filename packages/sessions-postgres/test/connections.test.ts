import { randomUUID } from 'node:crypto';
import { playSteps } from '@stackone/runner-script';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { contents, message, turn, turnNames } from './messages.js';

const KILL =
  'SELECT count(pg_terminate_backend(pid))::int AS n FROM pg_stat_activity WHERE application_name = $1';

describeEngine('postgres', ({ server, url }) => {
  const raw = new pg.Pool({ connectionString: url, max: 4 });
  beforeAll(async () => {
    await (await PostgresSessionStore.fromUrl(url)).close();
  });
  afterAll(() => raw.end());

  const named = () => {
    const application = `app-${randomUUID()}`;
    const changed = new URL(url);
    changed.searchParams.set('application_name', application);
    return { application, url: changed.href };
  };

  test('connections carry the name of the application', async () => {
    await using store = await PostgresSessionStore.fromUrl(url);
    await store.session('a').getItems();
    const count = 'SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = $1';
    expect((await raw.query(count, ['openai-agents-sessions'])).rows[0].n).toBeGreaterThan(0);
  });

  test('a password with every special character works', async () => {
    const role = `odd_${randomUUID().replaceAll('-', '')}`;
    const password = ' !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ é 👋 %41';
    await raw.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password.replaceAll("'", "''")}'`);
    await raw.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
    const { host, pathname } = new URL(url);
    await using store = await PostgresSessionStore.fromUrl(
      `postgres://${role}:${encodeURIComponent(password)}@${host}${pathname}`,
    );
    expect(await store.session(randomUUID()).getItems()).toEqual([]);
    await store.close();
    await raw.query(`DROP OWNED BY ${role}`);
    await raw.query(`DROP ROLE ${role}`);
  });

  test('idle connections that the server ends do no harm', async () => {
    const { application, url: own } = named();
    await using store = await PostgresSessionStore.fromUrl(own);
    const ids = Array.from({ length: 8 }, () => randomUUID());
    await Promise.all(ids.map((id) => store.session(id).addItems(turn('x'))));
    for (let round = 0; round < 3; round++) {
      expect((await raw.query(KILL, [application])).rows[0].n).toBeGreaterThan(0);
      // a read finds out at the latest, and is made again
      await Promise.all(ids.map((id) => store.session(id).getItems()));
      await Promise.all(ids.map((id) => store.session(id).addItems(turn('x'))));
    }
    for (const id of ids) expect(turnNames(await store.session(id).getItems()).length).toBe(4);
  });

  test('busy connections that the server ends: a transaction is made again, a statement is unknown', async () => {
    const { application, url: own } = named();
    await using store = await PostgresSessionStore.fromUrl(own, { retryDelay: 50 });
    const session = store.session(randomUUID());
    await session.addItems(turn('a'));
    const holder = await raw.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM agent_sessions WHERE session_id = $1 FOR UPDATE', [session.sessionId]);
    const added = session.addItems(turn('b'));
    const cleared = session.clearSession();
    await waitForLock(application);
    await raw.query(KILL, [application]);
    await holder.query('COMMIT');
    holder.release();
    await expect(added).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await cleared;
    expect(await session.getItems()).toEqual([]);
  });

  test.each(['pg', 'Drizzle'])(
    'an edit with an operation id whose connection is ended on its way is made again as a whole, over %s',
    async (driver) => {
      const { application, url: own } = named();
      const pool = new pg.Pool({ connectionString: own, max: 1 });
      const target = driver === 'pg' ? { pool } : { db: drizzle({ client: pool }) };
      const backend = await backendOpener(target, { retryDelay: 10 })(() => {});
      const sessionId = randomUUID();
      await backend.append([{ sessionId, texts: ['{"n":1}', '{"n":2}'] }]);
      const holder = await raw.connect();
      await holder.query('BEGIN');
      await holder.query('SELECT 1 FROM agent_messages WHERE session_id = $1 FOR UPDATE', [sessionId]);
      let decided = 0;
      const decide = () => {
        decided++;
        return { clear: true, append: ['{"n":3}'] };
      };
      const edited = backend.edit(sessionId, 1, decide, { id: 'edit', digest: 'digest' });
      await waitForLock(application);
      await raw.query(KILL, [application]);
      await holder.query('COMMIT');
      holder.release();
      await edited;
      expect(decided).toBe(2);
      expect(await backend.read(sessionId)).toMatchObject([{ text: '{"n":3}' }]);
      await pool.end();
    },
  );

  test("the application's pool is not ended, and survives the end of its connections", async () => {
    const { application, url: own } = named();
    const pool = new pg.Pool({ connectionString: own, max: 2 });
    for (let round = 0; round < 2; round++) {
      const store = await PostgresSessionStore.fromPool(pool);
      await store.session('pool').addItems(turn('x'));
      await raw.query(KILL, [application]);
      await store.session('pool').getItems();
      await store.close();
      await expect(store.session('pool').getItems()).rejects.toMatchObject({ code: 'CLOSED' });
    }
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
  });

  test('append, read and pop are one round trip each', async () => {
    await using proxy = await startProxy(server, { protocol: 'postgres' });
    await using store = await PostgresSessionStore.fromUrl(proxy.url(url), { max: 1 });
    const session = store.session(randomUUID());
    const calls = [
      () => session.addItems(turn('a')),
      () => session.getItems(),
      () => session.getItems(2),
      () => session.popItem(),
    ];
    for (const call of calls) {
      const before = proxy.roundTrips;
      await call();
      expect(proxy.roundTrips - before).toBe(1);
    }
  });

  test('a step of a run is one round trip', async () => {
    await using proxy = await startProxy(server, { protocol: 'postgres' });
    await using store = await PostgresSessionStore.fromUrl(proxy.url(url), { max: 1 });
    const trips: number[] = [];
    const count = async () => {
      trips.push(proxy.roundTrips);
    };
    await playSteps(store, randomUUID(), count);
    // at each of five answers of the model, with a result of a tool between
    const each = trips.slice(1).map((at, index) => at - (trips[index] as number));
    expect(each).toEqual([2, 2, 2, 2]);
  });

  test('inside BEGIN and COMMIT of a pg client: together with a row of the application, or not at all', async () => {
    await using store = await PostgresSessionStore.fromUrl(url);
    await raw.query('CREATE TABLE orders (name text)');
    const id = randomUUID();
    const client = await raw.connect();
    for (const end of ['ROLLBACK', 'COMMIT']) {
      await client.query('BEGIN');
      await client.query('INSERT INTO orders VALUES ($1)', [id]);
      const session = store.with(client).session(id);
      await Promise.all([session.addItems(turn('a')), session.clearSession(), session.addItems(turn('b'))]);
      expect(turnNames(await session.getItems())).toEqual(['b']);
      expect(await store.session(id).getItems()).toEqual([]);
      await client.query(end);
    }
    client.release();
    expect(turnNames(await store.session(id).getItems())).toEqual(['b']);
    expect((await raw.query('SELECT name FROM orders')).rows).toEqual([{ name: id }]);
  });

  test('B21: ids beyond 2^53 stay exact and in order', async () => {
    const tables = { sessions: 'big_s', messages: 'big_m' };
    await using store = await PostgresSessionStore.fromUrl(url, { tables, onCorruptItem: 'throw' });
    const session = store.session('a');
    for (const [start, name] of [
      ['9007199254740990', 'x'],
      ['4611686018427387904', 'y'],
    ] as const) {
      await raw.query(`ALTER SEQUENCE big_m_id_seq RESTART WITH ${start}`);
      await session.addItems(turn(name));
    }
    expect(turnNames(await session.getItems())).toEqual(['x', 'y']);
    expect(contents([await session.popItem(), await session.popItem()])).toEqual(['y-3', 'y-2']);
    expect(contents(await session.getItems(3))).toEqual(['x-3', 'y-0', 'y-1']);
  });

  test('70,000 items, items of 10 MB, and one that is too large', async () => {
    await using store = await PostgresSessionStore.fromUrl(url);
    const session = store.session(randomUUID());
    await session.addItems(turn('many', 70_000));
    const all = await session.getItems();
    expect(all.length).toBe(70_000);
    expect(contents([all[0], all[69_999]])).toEqual(['many-0', 'many-69999']);
    const large = [message('x'.repeat(10_000_000)), message('"'.repeat(10_000_000))];
    await session.addItems(large);
    expect(await session.getItems(2)).toEqual(large);

    const backend = await backendOpener({ url })(() => {});
    const huge = 'x'.repeat(300_000_000); // two of them are longer than any string can be
    await expect(
      backend.append([{ sessionId: session.sessionId, texts: [huge, huge] }]),
    ).rejects.toMatchObject({ code: 'ITEM_TOO_LARGE', message: expect.stringContaining('512 million') });
    expect(await session.getItems(2)).toEqual(large);
    await backend.close();
  });

  async function waitForLock(application: string): Promise<void> {
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`;
    while ((await raw.query(waiting, [application])).rows.length === 0);
  }
});
