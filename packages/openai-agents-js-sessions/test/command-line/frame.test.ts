// What every command of the command line has in common.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { temporaryFolder } from '@stackone/test-environment';
import { describe, expect, test } from 'vitest';
import { PROGRAM, sessions } from '../run-sessions.js';
import { sampleFolder } from './sample-database.js';

const { url, folder } = await sampleFolder();

/** A command of each kind, without its URL. */
const COMMANDS = [
  ['list'],
  ['show', 'chat_123'],
  ['turns', 'chat_123'],
  ['delete', 'chat_123', '--yes'],
  ['rename', 'chat_123', 'new'],
  ['fork', 'chat_123', 'new'],
  ['rewind', 'chat_123', '--yes'],
];

describe('the URL', () => {
  const count = (args: readonly string[], environment?: NodeJS.ProcessEnv) =>
    sessions(['list', '--count', ...args], environment, folder);

  test.each([
    ['an argument', [url], {}],
    ['--url', ['--url', url], {}],
    ['SESSIONS_URL', [], { SESSIONS_URL: url, DATABASE_URL: 'sqlite:./nothing.db' }],
    ['DATABASE_URL', [], { DATABASE_URL: url }],
    ['an argument, before the environment', [url], { SESSIONS_URL: 'sqlite:./nothing.db' }],
  ])('from %s', async (_where, args, environment) => {
    expect(await count(args, environment)).toEqual({ code: 0, stdout: '3\n', stderr: '' });
  });

  test('from a file, if that is asked for', async () => {
    writeFileSync(join(folder, '.env'), 'DATABASE_URL="sqlite:./sessions.db"\n');
    expect(await count(['--env', '.env'])).toEqual({ code: 0, stdout: '3\n', stderr: '' });
    const other = { SESSIONS_URL: 'sqlite:./nothing.db' };
    expect(await count(['--env', '.env'], other)).toMatchObject({ code: 0, stdout: '3\n' });
    expect(await count([])).toMatchObject({ code: 2, stdout: '' });
    const absent = await count(['--env', 'absent.env']);
    expect(absent).toMatchObject({
      code: 2,
      stderr: 'error: The file of --env cannot be read: ENOENT.\n',
    });
  });

  test('from nowhere, or twice', async () => {
    const { code, stderr } = await count([]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: Which database\? Give its URL [^\n]*SESSIONS_URL or DATABASE_URL[^\n]*\n$/,
    );
    expect(await count([url, '--url', url])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe.each(COMMANDS)('%s', (...command) => {
  test('makes no database', async () => {
    const empty = temporaryFolder();
    const { code, stdout, stderr } = await sessions([...command, '--url', `sqlite:${empty}/absent.db`]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^error: DATABASE_NOT_FOUND: [^\n]*absent.db does not exist[^\n]*\n$/);
    expect(existsSync(join(empty, 'absent.db'))).toBe(false);
  });

  test('makes no tables', async () => {
    const file = join(temporaryFolder(), 'other.db');
    const database = new DatabaseSync(file);
    database.exec('CREATE TABLE notes (text)');
    const { code, stdout, stderr } = await sessions([...command, '--url', `sqlite:${file}`]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^error: TABLE_MISSING: [^\n]*\n$/);
    expect(database.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'notes' }]);
    database.close();
  });
});

test.each([
  ['redis://user:secret@host/1', 2],
  ['postgres://user:secret@127.0.0.1:9/app', 1],
  ['mysql://user:secret@127.0.0.1:9/app', 1],
  ['sqlite:/no/such/folder/secret.db', 3],
])('shows no secret of %s', async (wrong, exitCode) => {
  const { code, stdout, stderr } = await sessions(['list', '--url', wrong, '--store', '{"maxRetries":0}']);
  expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
  expect(stderr).toMatch(/^error: [A-Z_]+: [^\n]*\n$/);
  expect(stderr).not.toMatch(/secret@|user:|host\/1/);
});

test.each([
  [['--store', '{"secret"'], '--store must be a JSON object.'],
  [['--store', '[]'], '--store must be a JSON object.'],
  [['--store', '{"poolSize":5}'], 'unknown option. Known: '],
  [['--limit', '0'], "option '--limit <number>' argument '0' is invalid"],
  [
    ['--changed-after', 'soon'],
    "option '--changed-after <time>' argument 'soon' is invalid. It must be a time",
  ],
  [['--by', 'size'], "option '--by <what>' argument 'size' is invalid"],
  [['--metadata', 'topic'], 'It must be like topic=billing.'],
  [['--tenant', ' '], 'tenant'],
])('list %j: one line, and 2', async (args, message) => {
  const { code, stdout, stderr } = await sessions(['list', ...args, url]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: [^\n]*\n$/);
  expect(stderr).toContain(message);
});

test.each([
  [['lst'], "unknown command 'lst' (Did you mean list?)"],
  [['runs', 'aprove', 'run_1'], 'too many arguments'],
  [['list', '--tenat', 'acme'], "unknown option '--tenat' (Did you mean --tenant?)"],
  [['list', '--limit'], "option '--limit <number>' argument missing"],
  [['list', url, 'sqlite:./other.db'], 'too many arguments'],
  [['show'], "missing required argument 'id'"],
  [['prune', '--keep-turns', '1', '--keep-items', '1', url], 'cannot be used with'],
  [['show', '--json'], "missing required argument 'id'"],
  [['postgres://user:secret@host/app'], "unknown command 'postgres://..."],
])('%j: what makes no sense is told as all errors are, and ends with 2', async (args, message) => {
  const { code, stdout, stderr } = await sessions(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: [^\n]*\n$/);
  expect(stderr).toContain(message);
  expect(stderr).not.toContain('secret');
});

test('a driver that is missing: the line that installs it', async () => {
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) {
      if (name !== 'better-sqlite3') return next(name, context);
      throw Object.assign(new Error("Cannot find package 'better-sqlite3' imported from here"), { code: 'ERR_MODULE_NOT_FOUND' });
    } });`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hook)}`;
  expect(await sessions(['list', url], { NODE_OPTIONS })).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'error: DRIVER_MISSING: The package "better-sqlite3" is not installed. Run: npm install better-sqlite3\n',
  });
});

test('an encrypted database, with the keys of the environment', async () => {
  const { openSessionStore } = await import('../../src/index.js');
  const encrypted = `sqlite:${join(temporaryFolder(), 'encrypted.db')}`;
  const store = await openSessionStore(encrypted, { encryption: { key: 'a password' } });
  await store.session('chat_123').addItems([{ role: 'user', content: 'Do you read me?' }]);
  await store.close();
  const shown = (SESSIONS_ENCRYPTION_KEY: string) =>
    sessions(['show', 'chat_123', encrypted], { SESSIONS_ENCRYPTION_KEY });
  expect((await shown('another one\na password\n')).stdout).toContain('Do you read me?');
  const { code, stdout, stderr } = await shown('a wrong password');
  expect({ code, read: stdout.includes('read me') }).toEqual({ code: 1, read: false });
  expect(stderr).toMatch(/DECRYPTION_FAILED/);
  expect(stderr).not.toContain('wrong password');
});

test('warnings go to standard error, and --quiet leaves them out', async () => {
  const file = join(temporaryFolder(), 'corrupt.db');
  const { fillSample } = await import('./sample-database.js');
  await fillSample(`sqlite:${file}`);
  const database = new DatabaseSync(file);
  database.exec(`UPDATE agent_messages SET message_data = 'no item' WHERE id = 2`);
  database.close();
  const loud = await sessions(['show', 'chat_123', `sqlite:${file}`]);
  expect(loud.stderr).toMatch(/^warning: CORRUPT_ITEM: [^\n]*\n$/);
  const quiet = await sessions(['show', 'chat_123', '--quiet', `sqlite:${file}`]);
  expect(quiet).toEqual({ ...loud, stderr: '' });
});

test('a reader that wants no more, like head, is no failure', async () => {
  const store = await (await import('../../src/index.js')).openSessionStore(url);
  const items = Array.from({ length: 2000 }, () => ({ role: 'user' as const, content: 'x'.repeat(500) }));
  await store.session('long').addItems(items);
  await store.close();
  const command = `"${process.execPath}" "${PROGRAM}" show long --json "${url}" 2>errors | head -n 1; cat errors`;
  const { stdout } = await promisify(execFile)('bash', ['-c', `set -o pipefail; ${command}; echo "$?"`], {
    cwd: folder,
  });
  expect(stdout).toMatch(/^\{"id":[^\n]+\}\n0\n$/);
});

test('--help loads no store, no driver and no prompts', async () => {
  const list = join(temporaryFolder(), 'loaded');
  const hook = `import { registerHooks } from 'node:module'; import { appendFileSync } from 'node:fs';
    registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(list)}, url + '\\n'); return next(url, context); } });`;
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hook)}`;
  expect((await sessions(['--help'], { NODE_OPTIONS })).code).toBe(0);
  const loaded = readFileSync(list, 'utf8')
    .split('\n')
    .filter((one) => one !== '' && !one.startsWith('node:'));
  const packages = loaded.map(
    (one) => /.*\/(node_modules\/[^.][^/]*|packages\/[^/]+)\//.exec(one)?.[1] ?? one,
  );
  expect([...new Set(packages)].sort()).toEqual([
    'node_modules/commander',
    'packages/openai-agents-js-sessions',
  ]);
});
