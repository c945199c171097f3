// The doctor finds what is planted, and nothing in a good database.
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FINDING_CODES } from '@stackone/sessions-core/doctor';
import { temporaryFolder, variants } from '@stackone/test-environment';
import type { Target } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import truncatedWidth from 'fast-string-truncated-width';
import { describe, expect, test } from 'vitest';
import { openSessionStore } from '../../src/index.js';
import { sessions, sessionsInTerminal } from '../run-sessions.js';
import { fillSample, sampleFolder } from './sample-database.js';

const ESCAPE = '\u001b[';
/** A line that says how far the work is, and goes again. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what terminals obey
const PROGRESS = /\r\u001b\[K(?:\d+ conversations)?/g;
const PAGE = readFileSync(resolve(import.meta.dirname, '../../../../docs/doctor.md'), 'utf8');

const sample = await sampleFolder();

/** A good database of its own, after some SQL. */
function database(sql = ''): { file: string; url: string } {
  const file = join(temporaryFolder(), 'sessions.db');
  copyFileSync(sample.file, file);
  const opened = new DatabaseSync(file);
  opened.exec(sql);
  opened.close();
  return { file, url: `sqlite:${file}` };
}

const NO_INDEX = 'DROP INDEX idx_agent_messages_session_id';
const NO_ITEM = `UPDATE agent_messages SET message_data = 'what was said' WHERE id = 2`;

describe('in a pipe', () => {
  test('a good database: a line for each thing, and 0', async () => {
    const { url } = database();
    const { code, stdout, stderr } = await sessions(['doctor', url]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.pop()).toBe('Nothing is wrong.');
    for (const line of lines) expect(line).toMatch(/^good {8}[A-Z_]+ +\S.*\.$/);
    expect(lines.map((line) => line.split(/ +/)[1])).toContain('INVALID_INPUT');
    expect(await sessions(['doctor', '--quiet', url])).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('what is wrong ends it with 1, what could be better does not', async () => {
    const { url } = database(`${NO_INDEX}; ${NO_ITEM}`);
    const { code, stdout, stderr } = await sessions(['doctor', '--quiet', url]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: 1 thing is wrong, and 1 could be better.\n',
    });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^improvable {2}INDEXES .* Run: CREATE INDEX /),
      expect.stringMatching(/^wrong {7}CORRUPT_ITEMS .*: 1 \(id 2\)\. Repair or delete these rows /),
      '',
    ]);
    expect(stdout + stderr).not.toMatch(/what was said|Where is my order/);
    const better = database(NO_INDEX);
    expect(await sessions(['doctor', better.url])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\nNothing is wrong, and 1 could be better\.\n$/),
    });
  });

  test('--json: a value for each thing', async () => {
    const { url } = database(NO_INDEX);
    const { code, stdout, stderr } = await sessions(['doctor', '--json', url]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const findings = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(findings[0]).toEqual({
      code: 'SERVER',
      level: 'good',
      message: expect.stringContaining('SQLite'),
      fixable: false,
    });
    expect(findings).toContainEqual({
      code: 'INDEXES',
      level: 'improvable',
      message: expect.any(String),
      advice: expect.stringMatching(/^Run: CREATE INDEX /),
      fixable: true,
    });
  });

  test('--fix does nothing without a terminal or --yes', async () => {
    const { url } = database(NO_INDEX);
    const refused = await sessions(['doctor', '--fix', '--quiet', url]);
    expect(refused).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('Say --yes') });
    const fixed = await sessions(['doctor', '--fix', '--yes', url]);
    expect(fixed).toMatchObject({ code: 0, stdout: expect.stringMatching(/\nNothing is wrong\.\n$/) });
    expect(fixed.stderr).toMatch(/^INDEXES: Run: CREATE INDEX .*\nput right: INDEXES\n$/);
    expect((await sessions(['doctor', '--fix', '--yes', url])).stderr).toBe('');
  });

  test('--fix makes tables that are missing', async () => {
    const file = join(temporaryFolder(), 'other.db');
    new DatabaseSync(file).exec('CREATE TABLE notes (text)');
    const url = `sqlite:${file}`;
    expect(await sessions(['doctor', '--quiet', url])).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^wrong {7}TABLES /m),
    });
    expect(await sessions(['doctor', '--fix', '--yes', url])).toMatchObject({ code: 0 });
    await using store = await openSessionStore(url, { createTables: false });
    expect(await store.sessions.count()).toBe(0);
  });

  test('options of the store, and keys', async () => {
    const url = `sqlite:${join(temporaryFolder(), 'encrypted.db')}`;
    await using store = await openSessionStore(url, { encryption: { key: 'a password' } });
    await store.session('chat_123').addItems([{ role: 'user', content: 'what was said' }]);
    const examined = (SESSIONS_ENCRYPTION_KEY: string, ...args: string[]) =>
      sessions(['doctor', '--quiet', ...args, url], { SESSIONS_ENCRYPTION_KEY });
    expect(await examined('a password')).toEqual({ code: 0, stdout: '', stderr: '' });
    const wrong = await examined('a wrong password', '--store', '{"synchronous":"normal"}');
    expect(wrong).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^improvable {2}DURABILITY .*\nwrong {7}KEYS /),
    });
    expect(wrong.stdout + wrong.stderr).not.toMatch(/password|what was said/);
  });

  test.each([
    [['memory:'], 2, 'error: A store in memory has nothing to look at'],
    [['sqlite::memory:'], 2, 'error: A store in memory has nothing to look at'],
    [['sqlite:./absent.db'], 3, 'error: DATABASE_NOT_FOUND: '],
    [['--store', '{"poolSize":5}', sample.url], 2, 'error: --store: unknown option'],
    [['postgres://user:secret@127.0.0.1:9/app'], 1, 'error: CONNECTION_FAILED: '],
    [['mysql://user:secret@127.0.0.1:9/app'], 1, 'error: CONNECTION_FAILED: '],
  ])('%j', async (args, exitCode, message) => {
    const { code, stdout, stderr } = await sessions(['doctor', ...args]);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toMatch(/^error: [^\n]*\n$/);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/secret|user:/);
    expect(existsSync(join(import.meta.dirname, '../modules/absent.db'))).toBe(false);
  });
});

describe('in a terminal', () => {
  const QUESTION = 'Put right: INDEXES?';

  test.each([
    ['y', 0, 'Nothing is wrong.', 'good'],
    ['n', 4, 'error: Nothing was done.', 'improvable'],
    ['\u0003', 130, 'Interrupted.', 'improvable'],
  ])('--fix asks first: %j', async (typed, code, message, level) => {
    const { url } = database(NO_INDEX);
    const ending = await sessionsInTerminal(['doctor', '--fix', url], { keys: [[QUESTION, typed]] });
    expect(ending).toMatchObject({ code, stdout: expect.stringContaining(message) });
    expect((await sessions(['doctor', url])).stdout).toMatch(new RegExp(`^${level} +INDEXES`, 'm'));
  });

  test.each([40, 100])('fits into %d columns', async (columns) => {
    const { url } = database(NO_ITEM);
    const { code, stdout: shown } = await sessionsInTerminal(['doctor', url], {
      columns,
      environment: { NO_COLOR: '1' },
    });
    const stdout = shown.replace(PROGRESS, '');
    expect(code).toBe(1);
    expect(stdout).not.toContain(ESCAPE);
    for (const line of stdout.split(/\r?\n/)) expect(truncatedWidth(line).width).toBeLessThanOrEqual(columns);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'no items, and are left out of their conversations: 1 (id 2).',
    );
  });

  test('in colours', async () => {
    const { stdout } = await sessionsInTerminal(['doctor', database(NO_ITEM).url]);
    expect(stdout).toContain(`${ESCAPE}31mwrong`);
    expect(stdout).toContain(`${ESCAPE}32mgood`);
  });

  test('an id gives the terminal no orders', async () => {
    const { url } = database();
    const store = await openSessionStore(url);
    await store.session('a\u001b[2Jb').addItems([
      {
        type: 'function_call_result',
        callId: 'c',
        name: 'f',
        status: 'completed',
        output: 'what was said',
      },
    ]);
    await store.close();
    const { stdout } = await sessionsInTerminal(['doctor', url]);
    expect(stdout).toContain('a\\u{1b}[2Jb');
    expect(stdout).not.toContain(`${ESCAPE}2J`);
    expect(stdout).not.toContain('what was said');
  });
});

describeEngine(variants<Target>(['postgres:18'], ['mysql', 'mariadb:10.11']), ({ url, server }) => {
  test('what a server that does not wait for the disk does wrong is all there is', async () => {
    expect(await sessions(['doctor', '--quiet', url])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('wrong       TABLES '),
    });
    await fillSample(url);
    const { stdout } = await sessions(['doctor', '--full', '--quiet', '--json', url]);
    const findings = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { code: string });
    const known = ['CRASH_SAFETY', 'DURABILITY', 'TIME_ZONE'];
    expect(findings.map(({ code }) => code).filter((code) => !known.includes(code))).toEqual([]);
    expect(findings.map(({ code }) => code)).toContain('CRASH_SAFETY');
    for (const secret of [url, `:${server.password}@`, 'Where is my order'])
      expect(stdout).not.toContain(secret);
  });
});

describe('docs/doctor.md', () => {
  test('has every code', () => {
    const [, table = ''] = /<!-- finding table -->\s+((?:\|.*\n)+)/.exec(PAGE) ?? [];
    const codes = [...table.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code = '']) => code);
    expect(codes.toSorted()).toEqual([...FINDING_CODES].toSorted());
  });

  test('has samples that work', async () => {
    const [, block = ''] = /```sh\n([^`]*)```/.exec(PAGE) ?? [];
    const lines = block.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) {
      const { folder } = await sampleFolder();
      const [program, ...args] = line.replace(/ +#.*/, '').split(' ');
      expect(program).toBe('sessions');
      expect(await sessions(args, {}, folder)).toMatchObject({ code: 0, stderr: '' });
    }
  });
});
