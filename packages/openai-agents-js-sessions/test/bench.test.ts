import { join } from 'node:path';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { type BenchReport, bench, benchTable } from '../src/bench.js';

const SMALL = { rounds: 3, callers: 4, items: 40 };
const OPERATIONS = ['append a turn', 'append, 4 callers', 'newest 20 of 40', 'pop'];

/** Every operation was measured, and nothing that was read was wrong. */
function expectComplete(report: BenchReport): void {
  expect(report.operations.map(({ name, problem }) => ({ name, problem }))).toEqual(
    OPERATIONS.map((name) => ({ name, problem: undefined })),
  );
  for (const { calls, ms, perSecond } of report.operations) {
    expect(calls).toBeGreaterThanOrEqual(3);
    expect(ms.lower).toBeGreaterThan(0);
    expect(ms.median).toBeGreaterThanOrEqual(ms.lower);
    expect(ms.upper).toBeGreaterThanOrEqual(ms.median);
    expect(perSecond).toBeGreaterThan(0);
  }
}

test('measures a database and leaves the conversations of others alone', async () => {
  const file = join(temporaryFolder(), 'sessions.db');
  const before = new Database(file);
  await bench(`sqlite:${file}`, SMALL); // makes the tables
  before.exec(`INSERT INTO agent_sessions (session_id) VALUES ('mine');
    INSERT INTO agent_messages (session_id, message_data) VALUES ('mine', '{"role":"user","content":"Hello"}')`);

  const report = await bench(`sqlite:${file}`, SMALL);

  expect(report.scheme).toBe('sqlite');
  expectComplete(report);
  expect(before.prepare('SELECT session_id FROM agent_sessions').pluck().all()).toEqual(['mine']);
  expect(before.prepare('SELECT count(*) FROM agent_messages').pluck().get()).toBe(1);
  expect(before.prepare('SELECT count(*) FROM agent_sessions_operations').pluck().get()).toBe(0);
  before.close();
});

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ url, server }) => {
  test('measures a server and leaves nothing behind', async () => {
    expectComplete(await bench(url, SMALL));
    const database = decodeURIComponent(new URL(url).pathname.slice(1));
    for (const table of ['agent_sessions', 'agent_messages']) {
      const [row] = await server.query(`SELECT count(*) AS number FROM ${table}`, database);
      expect(Number(row?.number)).toBe(0);
    }
  });
});

test('tells what was read wrong, and cleans up all the same', async () => {
  const file = join(temporaryFolder(), 'sessions.db');
  const url = `sqlite:${file}`;
  await bench(url, SMALL);
  const damaged = new Database(file);
  // the database loses a row of every turn
  damaged.exec(`CREATE TRIGGER losing AFTER INSERT ON agent_messages WHEN NEW.message_data LIKE '%/2"%'
    BEGIN DELETE FROM agent_messages WHERE id = NEW.id; END`);

  const report = await bench(url, SMALL);

  expect(report.operations.map(({ problem }) => problem)).toEqual(
    OPERATIONS.map(() => expect.stringContaining('not what was written')),
  );
  expect(benchTable(report)).toContain('WRONG');
  expect(damaged.prepare('SELECT count(*) FROM agent_sessions').pluck().get()).toBe(0);
  damaged.close();
});

test('a signal ends it, with its reason and without a conversation left', async () => {
  const file = join(temporaryFolder(), 'sessions.db');
  await bench(`sqlite:${file}`, SMALL);
  const database = new Database(file);
  const rows = database.prepare('SELECT count(*) FROM agent_messages').pluck();
  const ending = new AbortController();
  const reason = new Error('enough');
  const measuring = bench(`sqlite:${file}`, { ...SMALL, items: 1_000_000, signal: ending.signal });
  await vi.waitFor(() => expect(rows.get()).toBeGreaterThan(100), { timeout: 100_000 });

  ending.abort(reason);

  await expect(measuring).rejects.toBe(reason);
  expect(rows.get()).toBe(0);
  expect(database.prepare('SELECT count(*) FROM agent_sessions').pluck().get()).toBe(0);
  await expect(bench(`sqlite:${file}`, { signal: ending.signal })).rejects.toBe(reason);
  database.close();
});

test('prints a table', () => {
  const ms = { lower: 0.5, median: 0.512_34, upper: 12.3 };
  const operations = [{ name: 'append a turn', calls: 3, ms, perSecond: 1951.8 }];
  expect(
    benchTable({ scheme: 'postgres', node: 'v24.0.0', date: '2026-01-01T00:00:00.000Z', operations }),
  ).toBe(
    [
      'operation      median ms  quartiles     per second',
      'append a turn      0.512  0.500 - 12.3       1,952',
    ].join('\n'),
  );
});

test('refuses what is no number of anything', async () => {
  await expect(bench('memory:', { callers: 0 })).rejects.toThrow(TypeError);
  await expect(bench('memory:', { caller: 4 } as object)).rejects.toThrow(/caller/);
  await expect(bench('memory:', { signal: {} as AbortSignal })).rejects.toThrow(/an AbortSignal/);
  await expect(bench('redis://localhost')).rejects.toMatchObject({ code: 'UNSUPPORTED_URL' });
});
