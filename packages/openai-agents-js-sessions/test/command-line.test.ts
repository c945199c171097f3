import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { temporaryFolder } from '@stackone/test-environment';
import { expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { type Ending, sessions } from './run-sessions.js';

const conformance = (...args: string[]) => sessions(['conformance', ...args]);

/** The numbers of the last line. */
function totals({ stdout }: Ending): number[] {
  const [, ...numbers] = /(\d+) passed, (\d+) failed, (\d+) not covered\n$/.exec(stdout) ?? [];
  return numbers.map(Number);
}

test('a right store passes, under the name of each contract', async () => {
  const ending = await conformance('./right-store.mjs');
  expect(ending).toMatchObject({ code: 0, stderr: '' });
  expect(ending.stdout).toMatch(/^\.\/right-store\.mjs: a SessionStore and its sessions\n\ngetItems\n {2}✓ /);
  expect(ending.stdout).toContain('\nopening and closing\n  ✓ open() gives the store');
  expect(ending.stdout).toContain(
    '  - a turn commits with the transaction: not covered (needs: transactions, inTransaction)',
  );
  const [passed, failed, notCovered] = totals(ending);
  expect(passed).toBeGreaterThan(160);
  expect([failed, notCovered]).toEqual([0, expect.any(Number)]);
  expect(ending.stdout).not.toContain('\u001b');
});

test('a broken store fails, and the report names the case and what it found', async () => {
  const ending = await conformance('broken-store.mjs');
  expect(ending.code).toBe(1);
  expect(ending.stdout).toContain('  ✗ getItems(1) of three items gives 1\n      Expected values to be');
  expect(ending.stdout).toContain('\nFailed\n  ✗ getItems: getItems(1) of three items gives 1\n');
  expect(totals(ending)[1]).toBeGreaterThan(0);
});

test('a backend is asked by itself and through sessions', async () => {
  const ending = await conformance('right-backend.mjs');
  expect(ending).toMatchObject({ code: 0, stderr: '' });
  expect(ending.stdout).toContain('a SessionBackend, by itself and through sessions');
  expect(ending.stdout).toContain('✓ adds batches of several sessions, in order');
  expect(ending.stdout).toContain('✓ a limit counts items, not rows');
});

test("the SDK's MemorySession, from a TypeScript module: its optional methods are found", async () => {
  const ending = await conformance('sdk-session.ts');
  expect(ending).toMatchObject({ code: 0, stderr: '' });
  expect(ending.stdout).toContain('✓ replace_suffix with nothing expected appends');
  expect(ending.stdout).toContain(
    '- an unknown conversation begins with the given items: not covered (needs: compaction)',
  );
});

test('sessions by their ids, from a CommonJS module', async () => {
  const ending = await conformance('sessions-by-id.cjs');
  expect(ending).toMatchObject({ code: 0, stderr: '' });
  expect(ending.stdout).toContain('✓ values that plain JSON loses tell turns apart');
});

test('a case that hangs fails after the time limit, and the next one begins', async () => {
  const ending = await conformance('hanging-session.mjs', '--time-limit', '0.2');
  expect(ending.code).toBe(1);
  expect(ending.stdout).toContain(
    '  ✗ popping gives the newest item and removes it alone\n      Error: not done after 0.2 s',
  );
  expect(ending.stdout).toContain('  ✓ clearing leaves other conversations alone');
});

test('an exception outside of every call fails the case under way', async () => {
  const ending = await conformance('forgetful-session.mjs');
  expect(ending.code).toBe(1);
  expect(ending.stdout).toContain('  ✗ clearing removes every item\n      Error: the connection was gone');
  expect(ending.stdout).toContain('  ✓ items come back in the order in which they were added');
});

test.each([
  ['missing.mjs', 'There is no file missing.mjs.'],
  ['throwing.mjs', 'throwing.mjs cannot be loaded: no DATABASE_URL'],
  ['nothing.mjs', 'nothing.mjs exports no function open(), and no function as its default.'],
  ['something-else.mjs', 'open() of something-else.mjs makes neither a session (getItems,'],
  ['redis://user:secret@host/1', 'The database cannot be opened: UNSUPPORTED_URL: '],
])('%s: one line, and 2', async (target, message) => {
  const { code, stdout, stderr } = await conformance(target);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: [^\n]*\n$/);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('secret');
});

test('--json gives the same for machines', async () => {
  const ending = await conformance('broken-store.mjs', '--json');
  expect(ending.code).toBe(1);
  const { name, kind, suites } = JSON.parse(ending.stdout);
  expect({ name, kind }).toEqual({ name: 'broken-store.mjs', kind: 'a SessionStore and its sessions' });
  const [{ contracts, passed, failed, notCovered }] = suites;
  const cases = contracts.flatMap((contract: { cases: unknown[] }) => contract.cases);
  expect(cases.length).toBe(passed + failed + notCovered);
  expect(cases).toContainEqual({
    name: 'getItems(1) of three items gives 1',
    outcome: 'failed',
    error: expect.stringContaining('Expected values'),
  });
});

test('the URL of a database: the suite leaves nothing behind', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'sessions.db');
  const ending = await conformance(`sqlite:${file}`);
  expect(ending).toMatchObject({ code: 0, stderr: '' });
  expect(ending.stdout).toMatch(/^the database: the store of its URL\n/);
  expect(ending.stdout).toContain('✓ what another connection does is seen at once');
  const database = new DatabaseSync(file);
  // that of erasures has digests of ids that nobody uses again
  const tables = database
    .prepare(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'agent_%' AND name <> 'agent_sessions_erasures'`,
    )
    .all();
  expect(tables.length).toBeGreaterThanOrEqual(4);
  // for a while it keeps the digests of ids that were erased
  const kept = tables.filter(({ name }) => name !== 'agent_sessions_erasures');
  for (const { name: table } of kept) {
    expect(database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()).toEqual({ rows: 0 });
  }
  database.close();
  expect(readdirSync(folder)).toContain('sessions.db');
});

test('colours where they are wanted, and nowhere else', async () => {
  const coloured = await sessions(['conformance', 'sdk-session.ts'], { FORCE_COLOR: '1' });
  expect(coloured.stdout).toContain('\u001b[32m✓');
  const plain = await sessions(['conformance', 'sdk-session.ts'], { NO_COLOR: '1' });
  expect(plain.stdout).not.toContain('\u001b');
});

test('--help and --version', async () => {
  expect(await sessions(['--version'])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: '' });
  const help = await sessions(['--help']);
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toContain('conformance [options] <target>');
  const ofCommand = await conformance('--help');
  expect(ofCommand).toMatchObject({ code: 0, stderr: '' });
  expect(ofCommand.stdout).toContain('--time-limit <seconds>');
});

test.each([
  [['no-such-command'], "error: unknown command 'no-such-command'"],
  [['conformance'], "error: missing required argument 'target'"],
  [['conformance', 'right-store.mjs', '--fast'], "error: unknown option '--fast'"],
  [
    ['conformance', 'right-store.mjs', '--time-limit', 'soon'],
    "error: option '--time-limit <seconds>' argument 'soon'",
  ],
])('%j: one line, and 2', async (args, message) => {
  const { code, stdout, stderr } = await sessions(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^[^\n]*\n$/);
  expect(stderr).toContain(message);
});
