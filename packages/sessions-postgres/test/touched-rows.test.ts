// Promise: what a page of conversations, the newest turn, a rewind and one conversation touch does not depend on how much is stored.
import type { SessionListOptions } from '@stackone/sessions-core';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';
import { message } from './messages.js';

describeEngine('postgres', ({ server }) => {
  const opened: { pool: pg.Pool; database: string }[] = [];
  afterAll(async () => {
    for (const { pool, database } of opened) {
      await pool.end();
      await server.dropDatabase(database);
    }
  });

  /** A store of so many conversations, and with so many items in one of them. */
  async function filled(count: number) {
    const database = await server.createDatabase();
    const pool = new pg.Pool({ connectionString: server.url(database), max: 1 });
    opened.push({ pool, database });
    const store = await PostgresSessionStore.fromPool(pool);
    await pool.query(`
      INSERT INTO agent_sessions SELECT 'chat_' || n, now() - n % 97 * interval '1 s', now() - n % 97 * interval '1 s'
        FROM generate_series(1, ${count}) AS n;
      INSERT INTO agent_messages (session_id, message_data)
        SELECT 'chat_1', '{"role":"user","content":"x"}' FROM generate_series(1, ${count})`);
    await pool.query('VACUUM ANALYZE agent_sessions, agent_messages');
    return { pool, store };
  }

  /** The entries of tables and indexes that a call went over. */
  async function touched(pool: pg.Pool, call: () => Promise<unknown>): Promise<number> {
    const sum = async () => {
      await pool.query('SELECT pg_stat_force_next_flush()');
      const { rows } =
        await pool.query(`SELECT (SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables)
        + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes) AS n`);
      return Number(rows[0].n);
    };
    const before = await sum();
    await call();
    return (await sum()) - before;
  }

  async function counts(count: number): Promise<Record<string, number>> {
    const { pool, store } = await filled(count);
    const session = store.session('chat_1');
    const found: Record<string, number> = {};
    const counted = async (name: string, call: () => Promise<unknown>) => {
      found[name] = await touched(pool, call);
    };
    const page = async (options: SessionListOptions, length = 20) =>
      expect((await store.sessions.list(options)).data).toHaveLength(length);
    const middle = new Date(Date.now() - 50_000);
    for (const by of ['changed', 'id'] as const) {
      for (const order of ['desc', 'asc'] as const) {
        const { nextCursor } = await store.sessions.list({ by, order });
        await counted(`page by ${by} ${order}`, () => page({ by, order }));
        await counted(`next page by ${by} ${order}`, () => page({ by, order, after: nextCursor }));
      }
    }
    await counted('changed before', () => page({ changedBefore: middle }));
    await counted('changed after', () => page({ changedAfter: middle, order: 'asc' }));
    await counted('none changed since', () => page({ changedAfter: new Date(Date.now() + 86_400_000) }, 0));
    await counted('retrieve', () => store.sessions.retrieve('chat_7'));
    await counted('newest turn', () => session.turns({ limit: 1 }));
    await session.addItems([message('last')]);
    const { data } = await session.turns({ limit: 1 });
    await counted('rewind', () => session.rewind(data[0]?.id ?? ''));
    await store.close();
    return found;
  }

  test('of 20,000 conversations and items no more rows are touched than of 1,000', async () => {
    const few = await counts(1_000);
    const many = await counts(20_000);
    expect(Object.keys(many)).toEqual(Object.keys(few));
    for (const [name, rows] of Object.entries(many)) {
      // where a range ends within a page of an index, one or two entries more are looked at
      expect([name, rows]).toEqual([
        name,
        expect.toSatisfy((n: number) => n <= (few[name] ?? 0) + 2 && n < 150),
      ]);
    }
  });
});
