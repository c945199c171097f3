import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { temporaryFolder, variants } from '@stackone/test-environment';
import type { Target, TestServer } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { expect, test, vi } from 'vitest';
import { sessions, startSessions } from './run-sessions.js';

const SMALL = ['--rounds', '3', '--callers', '4', '--items', '40'];
/** More than any test waits for. */
const LONG = ['--rounds', '3', '--callers', '4', '--items', '1000000'];
const OPERATIONS = ['append a turn', 'append, 4 callers', 'newest 20 of 40', 'pop'];
const TABLES = ['agent_sessions', 'agent_messages', 'agent_sessions_operations'];

const bench = (url: string, ...args: string[]) => sessions(['bench', url, ...args]);

const newFile = () => join(temporaryFolder(), 'sessions.db');

/** How many rows the tables of a file have. */
function rowsIn(file: string): number[] {
  const database = new DatabaseSync(file);
  const counts = TABLES.map((table) => database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.rows);
  database.close();
  return counts.map(Number);
}

/** The report for people: a line for each operation, with numbers, and nothing that is wrong. */
function expectTable(stdout: string, scheme: string): void {
  const [title, empty, head, ...rows] = stdout.split('\n');
  expect(title).toBe(`the database: ${scheme}, Node ${process.version}`);
  expect(empty).toBe('');
  expect(head).toMatch(/^operation +median ms +quartiles +per second$/);
  expect(rows.pop()).toBe('');
  expect(rows.map((row) => row.split(/ {2,}/)[0])).toEqual(OPERATIONS);
  for (const row of rows) expect(row).toMatch(/ {2,}[\d.]+ {2,}[\d.]+ - [\d.]+ {2,}[\d,]+$/);
}

test('prints a table, and leaves the conversations of others alone', async () => {
  const file = newFile();
  await bench(`sqlite:${file}`, ...SMALL); // makes the tables
  const database = new DatabaseSync(file);
  database.exec(`INSERT INTO agent_sessions (session_id) VALUES ('mine');
    INSERT INTO agent_messages (session_id, message_data) VALUES ('mine', '{"role":"user","content":"Hello"}')`);
  database.close();

  const ending = await bench(`sqlite:${file}`, ...SMALL);

  expect(ending).toMatchObject({ code: 0, stderr: '' });
  expectTable(ending.stdout, 'sqlite');
  expect(rowsIn(file)).toEqual([1, 1, 0]);
});

test('--json gives the report for machines', async () => {
  const { code, stdout, stderr } = await bench('memory:', ...SMALL, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const report = JSON.parse(stdout);
  expect(report).toEqual({
    scheme: 'memory',
    node: process.version,
    date: expect.any(String),
    operations: OPERATIONS.map((name) => ({
      name,
      calls: expect.any(Number),
      ms: { lower: expect.any(Number), median: expect.any(Number), upper: expect.any(Number) },
      perSecond: expect.any(Number),
    })),
  });
  expect(Math.abs(Date.now() - Date.parse(report.date))).toBeLessThan(3_600_000);
});

test('without options it measures what bench() measures by default', async () => {
  const { operations } = JSON.parse((await bench('memory:', '--json')).stdout);
  expect(operations.map(({ name, calls }: { name: string; calls: number }) => [name, calls])).toEqual([
    ['append a turn', 20],
    ['append, 64 callers', 64 * 20],
    ['newest 20 of 1000', 20],
    ['pop', 20],
  ]);
});

test('--store takes options of the store', async () => {
  const file = newFile();
  const tables = { sessions: 'chats', messages: 'chat_items' };
  const ending = await bench(`sqlite:${file}`, ...SMALL, '--store', JSON.stringify({ tables }));
  expect(ending).toMatchObject({ code: 0, stderr: '' });
  const database = new DatabaseSync(file);
  const made = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
  expect(made.map(({ name }) => name)).toEqual(expect.arrayContaining(['chats', 'chat_items']));
  expect(made.map(({ name }) => name)).not.toContain('agent_messages');
  database.close();
});

test('what was read wrong is marked, ends with 1, and is removed all the same', async () => {
  const file = newFile();
  await bench(`sqlite:${file}`, ...SMALL);
  const damaged = new DatabaseSync(file);
  // the database loses a row of every turn
  damaged.exec(`CREATE TRIGGER losing AFTER INSERT ON agent_messages WHEN NEW.message_data LIKE '%/2"%'
    BEGIN DELETE FROM agent_messages WHERE id = NEW.id; END`);
  damaged.close();

  const ending = await bench(`sqlite:${file}`, ...SMALL);
  expect(ending).toMatchObject({ code: 1, stderr: '' });
  expect(ending.stdout.match(/ {2}WRONG: what was read is not what was written\n/g)).toHaveLength(4);
  const { code, stdout } = await bench(`sqlite:${file}`, ...SMALL, '--json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout).operations[3].problem).toBe('what was read is not what was written');
  expect(rowsIn(file)).toEqual([0, 0, 0]);
});

test('a call that fails: one line, and 1, and what was stored before is removed', async () => {
  const file = newFile();
  await bench(`sqlite:${file}`, ...SMALL);
  const damaged = new DatabaseSync(file);
  damaged.exec(`CREATE TRIGGER failing BEFORE INSERT ON agent_messages WHEN NEW.message_data LIKE '%of-many-3/2/%'
    BEGIN SELECT RAISE(FAIL, 'private text'); END`);
  damaged.close();

  // the other callers have many turns to go
  const { code, stdout, stderr } = await bench(`sqlite:${file}`, ...SMALL, '--rounds', '300');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error: The measuring failed: [A-Z_]+: [^\n]+\n$/);
  expect(stderr).not.toContain('private');
  expect(rowsIn(file)).toEqual([0, 0, 0]);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s: the conversations are removed before it ends', async (signal, code) => {
  const file = newFile();
  await bench(`sqlite:${file}`, ...SMALL);
  const { program, ending } = startSessions(['bench', `sqlite:${file}`, ...LONG]);
  await vi.waitFor(() => expect(rowsIn(file)[1]).toBeGreaterThan(100), { timeout: 100_000 });

  program.kill(signal);

  expect(await ending).toEqual({
    code,
    stdout: '',
    stderr: 'Interrupted: the conversations of this run are removed. Once more ends at once.\n',
  });
  expect(rowsIn(file)).toEqual([0, 0, 0]);
});

test.each([
  [['redis://user:secret@host/1'], 'The database cannot be opened: UNSUPPORTED_URL: '],
  [['postgres://user:secret@127.0.0.1:9/app'], 'The database cannot be opened: '],
  [['mysql://user:secret@127.0.0.1:9/app'], 'The database cannot be opened: '],
  [['sqlite:/no/such/folder/secret.db'], 'The database cannot be opened: '],
  [[], "missing required argument 'url'"],
  [['memory:', 'postgres://user:secret@host/app'], 'too many arguments'],
  [['memory:', '--rounds', '0'], "option '--rounds <number>' argument '0' is invalid. It must be a whole"],
  [['memory:', '--callers', '1.5'], "option '--callers <number>' argument '1.5'"],
  [['memory:', '--items', 'many'], "option '--items <number>' argument 'many'"],
  [
    ['memory:', '--items', 'postgres://user:secret@host/app'],
    "option '--items <number>' argument 'postgres://...",
  ],
  [['--url=postgres://user:secret@host/app'], "unknown option '--url=postgres://..."],
  [['memory:', '--store', '{"secret"'], '--store must be a JSON object.'],
  [['memory:', '--store', '5'], '--store must be a JSON object.'],
  [['memory:', '--store', '{"poolSize":5}'], 'unknown option. Known: '],
])('%j: one line, and 2', async (args, message) => {
  const { code, stdout, stderr } = await sessions(['bench', ...args]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: [^\n]*\n$/);
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/secret|user|host\//);
});

test('a URL in the place of the command is not shown either', async () => {
  const { code, stderr } = await sessions(["postgres://user:it's secret@host/app"]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: "error: unknown command 'postgres://...\n" });
});

test('--help', async () => {
  expect((await sessions(['--help'])).stdout).toContain('bench [options] <url>');
  const { code, stdout, stderr } = await sessions(['bench', '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const option of [
    '--rounds <number>',
    '--callers <number>',
    '--items <number>',
    '--store <json>',
    '--json',
  ]) {
    expect(stdout).toContain(option);
  }
});

/** How many rows the tables of a database have. */
function rowsOf(server: TestServer, url: string): Promise<number[]> {
  const database = decodeURIComponent(new URL(url).pathname.slice(1));
  const counts = TABLES.map(async (table) => {
    const [row] = await server.query(`SELECT count(*) AS number FROM ${table}`, database);
    return Number(row?.number);
  });
  return Promise.all(counts);
}

describeEngine(variants<Target>(['postgres:18'], ['mysql', 'mariadb:10.11']), ({ url, engine, server }) => {
  const rows = () => rowsOf(server, url);

  test('measures a server, shows nothing of its URL and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await bench(url, ...SMALL);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expectTable(stdout, engine === 'mariadb' ? 'mysql' : engine);
    expect(stdout).not.toContain(new URL(url).host);
    expect(await rows()).toEqual([0, 0, 0]);
  });

  test('an interruption leaves nothing behind', async () => {
    const { program, ending } = startSessions(['bench', url, ...LONG]);
    await vi.waitFor(async () => expect((await rows())[1]).toBeGreaterThan(100), { timeout: 100_000 });
    program.kill('SIGINT');
    expect(await ending).toMatchObject({ code: 130, stdout: '' });
    expect(await rows()).toEqual([0, 0, 0]);
  });

  test('a password that the server refuses is not shown', async () => {
    const refused = new URL(url);
    refused.password = 'not-the-password';
    const { code, stderr } = await bench(refused.href);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: The database cannot be opened: [^\n]*\n$/);
    expect(stderr).not.toContain('not-the-password');
  });
});

describeEngine('postgres:18', ({ url, server }) => {
  test('a second interruption ends it, though the server does not answer', async () => {
    const client = new pg.Client(url);
    await client.connect();
    const { program, ending } = startSessions(['bench', url, ...LONG]);
    await vi.waitFor(async () => expect((await rowsOf(server, url))[1]).toBeGreaterThan(100), {
      timeout: 100_000,
    });
    await client.query('BEGIN; LOCK TABLE agent_messages');
    program.kill('SIGINT');
    const { promise: told, resolve } = Promise.withResolvers<unknown>();
    program.stderr?.once('data', resolve);
    await told;
    program.kill('SIGINT');
    expect(await ending).toMatchObject({ code: -1, signal: 'SIGINT' });
    await client.end();
  });
});
