// Promise: what a page of conversations, the newest turn, a rewind and one conversation touch does not depend on how much is stored.
import { checkTouchedRows, type FilledStore } from '@stackone/interruptions';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';

describeEngine('postgres', ({ server }) => {
  const opened: { pool: pg.Pool; database: string }[] = [];
  afterAll(async () => {
    for (const { pool, database } of opened) {
      await pool.end();
      await server.dropDatabase(database);
    }
  });

  /** A store of so many conversations, and with so many items in one of them. */
  async function filled(count: number, distributed: boolean): Promise<FilledStore> {
    const database = await server.createDatabase();
    const pool = new pg.Pool({ connectionString: server.url(database), max: 1 });
    opened.push({ pool, database });
    const store = await PostgresSessionStore.fromPool(pool, { distributed });
    await pool.query(`
      INSERT INTO agent_sessions SELECT 'chat_' || n, now() - n % 97 * interval '1 s', now() - n % 97 * interval '1 s'
        FROM generate_series(1, ${count}) AS n;
      INSERT INTO agent_messages (session_id, message_data)
        SELECT 'chat_1', '{"role":"user","content":"x"}' FROM generate_series(1, ${count})`);
    await pool.query('VACUUM ANALYZE agent_sessions, agent_messages');
    return { store, touched: (call) => touched(pool, call) };
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

  test.each([
    ['on one server', false],
    ['over tables that are split by conversation', true],
  ])('of 20,000 conversations and items no more rows are touched than of 1,000: %s', (_where, distributed) =>
    checkTouchedRows((count) => filled(count, distributed)),
  );
});
