import type { SessionWindow } from '@stackone/sessions-core';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { SqliteBackend } from '../src/backend.js';
import { SqliteSessionStore } from '../src/index.js';

const MILLION = 1_000_000;

describe('a conversation of a million items, every hundredth row of the newest half none, and others after it', () => {
  const database = new Database(':memory:');
  const read = vi.spyOn(SqliteBackend.prototype, 'read');
  let store: SqliteSessionStore;
  let warnings = 0;

  beforeAll(async () => {
    store = await SqliteSessionStore.fromDatabase(database);
    store.on('warning', () => warnings++);
    const fill = database.prepare(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @rows)
      INSERT INTO agent_messages (session_id, message_data)
      SELECT @id, CASE WHEN i > 500000 AND i % 100 = 0 THEN 'broken'
        ELSE '{"role":"' || CASE i % 4 WHEN 1 THEN 'user' ELSE 'assistant' END || '","content":"' || i || '"}' END FROM n`);
    for (const id of ['long', 'other'])
      database.prepare('INSERT INTO agent_sessions (session_id) VALUES (?)').run(id);
    fill.run({ id: 'long', rows: MILLION });
    fill.run({ id: 'other', rows: 100_000 });
  });
  afterAll(() => database.close());

  const count = () => 3;
  test.each<[SessionWindow, number]>([
    [{ items: 10 }, 10],
    [{ items: 200 }, 200],
    [{ turns: 20 }, 80],
    [{ turns: 1000 }, 4000],
    [{ tokens: 8000, count }, 2666],
    [{ turns: 50, items: 1000, tokens: 9000, count }, 200],
    [{ items: 600_000 }, 600_000],
  ])('window %j: %i items', async (window, length) => {
    read.mockClear();
    warnings = 0;
    const items = await store.session('long', { window }).getItems();
    expect(items.length).toBeLessThanOrEqual(length);
    expect(items.length).toBeGreaterThan(length * 0.97 - 2);
    expect(items.at(-1)).toMatchObject({ role: 'assistant', content: [{ text: '999999' }] }); // the millionth is broken
    const rows = read.mock.results.reduce((sum, { value }) => sum + value.length, 0);
    expect(rows).toBeLessThanOrEqual(2 * (items.length + warnings) + 64);
    expect(warnings).toBeLessThanOrEqual(1 + rows / 100);
  });
});
