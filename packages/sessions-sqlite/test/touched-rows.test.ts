// Promise: what a page of conversations, the newest turn, a rewind and one conversation touch does not depend on how much is stored.
import { message } from '@stackone/test-environment/messages';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { SqliteSessionStore } from '../src/index.js';

/** The plans of all statements of some calls, on a database of so many conversations, and with so many items in one of them. */
async function plans(count: number): Promise<string[]> {
  const database = new Database(':memory:');
  const store = await SqliteSessionStore.fromDatabase(database);
  const numbers = `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${count})`;
  const time = "datetime('now', '-' || (n % 97) || ' seconds')";
  database.exec(`INSERT INTO agent_sessions ${numbers} SELECT 'chat_' || n, ${time}, ${time} FROM n;
    INSERT INTO agent_messages (session_id, message_data) ${numbers} SELECT 'chat_1', '{"role":"user","content":"x"}' FROM n;
    ANALYZE`);
  const { prepare } = database;
  const sent = new Set<string>();
  database.prepare = ((sql: string) => {
    sent.add(sql);
    return prepare.call(database, sql);
  }) as typeof prepare;
  const opened = await SqliteSessionStore.fromDatabase(database, { createTables: false });
  sent.clear();

  const session = opened.session('chat_1');
  const middle = new Date(Date.now() - 50_000);
  for (const by of ['changed', 'id'] as const) {
    for (const order of ['desc', 'asc'] as const) {
      const page = await opened.sessions.list({ by, order });
      expect((await page.getNextPage()).data).toHaveLength(20);
    }
  }
  expect((await opened.sessions.list({ changedBefore: middle })).data).toHaveLength(20);
  expect((await opened.sessions.list({ changedAfter: middle })).data).toHaveLength(20);
  await opened.sessions.retrieve('chat_7');
  await session.addItems([message('last')]);
  const { data } = await session.turns({ limit: 1 });
  await session.rewind(data[0]?.id ?? '');
  await store.close();

  database.prepare = prepare;
  return [...sent]
    .filter((sql) => /agent_/.test(sql))
    .flatMap((sql) => {
      const values = Array.from(sql.matchAll(/\?/g), () => 1);
      return database.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
    })
    .map(({ detail }) => detail);
}

test('20,000 conversations and items have the plans of 1,000: each table is entered by an index', async () => {
  const few = await plans(1_000);
  expect(await plans(20_000)).toEqual(few);
  expect(few.filter((step) => /^SEARCH agent_/.test(step)).length).toBeGreaterThan(10);
  const scans = few.filter((step) => /^SCAN agent_/.test(step));
  // in the order of the page, which ends with its last row
  for (const scan of scans) expect(scan).toMatch(/USING (?:COVERING )?INDEX/);
});
