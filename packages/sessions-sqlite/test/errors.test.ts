// Promise: Retries only where nothing was written.
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import { moduleRunner, temporaryFolder } from '@stackone/test-environment';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, test } from 'vitest';
import { ERROR_CODES } from '../src/errors.js';
import { SqliteSessionStore } from '../src/index.js';

const runModule = moduleRunner(import.meta.dirname);

const folder = temporaryFolder();
const canary: AgentInputItem = { role: 'user', content: 'canary' };

let files = 0;
function newFile(): string {
  return join(folder, `${files++}.db`);
}

async function failure(call: () => Promise<unknown>): Promise<Error> {
  const error: unknown = await call().then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  expect(inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true })).not.toContain('canary');
  return error as Error;
}

test('a missing folder', async () => {
  const error = await failure(() => SqliteSessionStore.fromUrl(`sqlite:${folder}/none/a.db`));
  expect(error).toMatchObject({
    code: 'DATABASE_NOT_FOUND',
    message: `The folder ${folder}/none does not exist. Make it first.`,
  });
});

test('a file where a folder should be, and a folder where a file should be', async () => {
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'folder'));
  expect(await failure(() => SqliteSessionStore.fromUrl(`sqlite:${folder}/file/a.db`))).toMatchObject({
    code: 'DATABASE_NOT_FOUND',
  });
  expect(await failure(() => SqliteSessionStore.fromUrl(`sqlite:${folder}/folder`))).toMatchObject({
    code: 'INVALID_DATABASE',
  });
});

test('a file that is not a database stays as it is', async () => {
  const file = newFile();
  const content = 'canary: a file of somebody else, long enough to be read as a page of a database. '.repeat(
    99,
  );
  writeFileSync(file, content);
  expect(await failure(() => SqliteSessionStore.fromUrl(`sqlite:${file}`))).toMatchObject({
    code: 'INVALID_DATABASE',
    cause: { code: 'SQLITE_NOTADB' },
  });
  expect(readFileSync(file, 'utf8')).toBe(content);
});

describe('without the rights of root', () => {
  /** Opens a URL as an ordinary user and prints the code of the failure. */
  const openAsUser = (url: string) =>
    runModule(
      `import { SqliteSessionStore } from '@stackone/sessions-sqlite';
      const loaded = await SqliteSessionStore.fromUrl('sqlite::memory:');
      if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
      const store = await SqliteSessionStore.fromUrl(process.argv[1]).catch((error) => error);
      console.log(store.code ?? 'opened');`,
      url,
    );

  // so that an ordinary user can remove them
  const places: string[] = [];
  afterAll(() => {
    for (const place of places) chmodSync(place, 0o777);
  });

  function folderWith(mode: number, prepare?: (file: string) => void): string {
    const place = join(folder, `rights-${files++}`);
    places.push(place);
    mkdirSync(place);
    chmodSync(folder, 0o755);
    prepare?.(join(place, 'a.db'));
    chmodSync(place, mode);
    return `sqlite:${join(place, 'a.db')}`;
  }

  const makeDatabase = (mode: number) => (file: string) => {
    new Database(file).exec('CREATE TABLE t (x)').close();
    chmodSync(file, mode);
  };

  test('a folder that may not be entered', async () => {
    expect(await openAsUser(folderWith(0o600, makeDatabase(0o666)))).toBe('PERMISSION_DENIED');
  });
  test('a folder that may not be written to, for a new file', async () => {
    expect(await openAsUser(folderWith(0o555))).toBe('PERMISSION_DENIED');
  });
  test('a folder that may not be written to, for a file that may', async () => {
    expect(await openAsUser(folderWith(0o555, makeDatabase(0o666)))).toBe('PERMISSION_DENIED');
  });
  test('a file that may not be read', async () => {
    expect(await openAsUser(folderWith(0o777, makeDatabase(0o000)))).toBe('PERMISSION_DENIED');
  });
  test('a file that may only be read', async () => {
    expect(await openAsUser(folderWith(0o777, makeDatabase(0o444)))).toBe('READ_ONLY');
  });
  test('a file and a folder that may be written to', async () => {
    expect(await openAsUser(folderWith(0o777, makeDatabase(0o666)))).toBe('opened');
  });
});

test('a database that is read-only for its handle', async () => {
  const file = newFile();
  await (await SqliteSessionStore.fromUrl(`sqlite:${file}`)).close();
  const database = new Database(file, { readonly: true });
  const store = await SqliteSessionStore.fromDatabase(database, { createTables: false });
  expect(await store.session('a').getItems()).toEqual([]);
  expect(await failure(() => store.session('canary').addItems([canary]))).toMatchObject({
    code: 'READ_ONLY',
  });
  database.close();
});

test('a lock held for longer than the timeout: nothing is written, and the call can be made again', async () => {
  const file = newFile();
  const store = await SqliteSessionStore.fromUrl(`sqlite:${file}`, { busyTimeout: 50 });
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  const session = store.session('canary');
  for (const call of [
    () => session.addItems([canary]),
    () => session.popItem(),
    () => session.clearSession(),
  ]) {
    expect(await failure(call)).toMatchObject({ code: 'BUSY', retryable: true });
  }
  expect(await session.getItems()).toEqual([]);
  other.exec('COMMIT');
  await session.addItems([canary]);
  expect(await session.getItems()).toEqual([canary]);
  other.close();
  await store.close();
});

test('a lock that is let go in time is waited for', async () => {
  const file = newFile();
  const store = await SqliteSessionStore.fromUrl(`sqlite:${file}`, { busyTimeout: 100_000 });
  const [locked, waiting, letGo] = ['locked', 'waiting', 'let go'].map((name) => `${file} ${name}`) as [
    string,
    string,
    string,
  ];
  const holding = runModule(
    `import { existsSync, writeFileSync } from 'node:fs';
    import { setTimeout as wait } from 'node:timers/promises';
    import Database from 'better-sqlite3';
    const [file, locked, waiting, letGo] = process.argv.slice(1);
    const database = new Database(file);
    database.exec('BEGIN IMMEDIATE');
    writeFileSync(locked, '');
    while (!existsSync(waiting)) await wait(10);
    await wait(300);
    writeFileSync(letGo, '');
    database.exec('COMMIT');`,
    file,
    locked,
    waiting,
    letGo,
  );
  await expect.poll(() => existsSync(locked)).toBe(true);
  expect(existsSync(letGo)).toBe(false);
  writeFileSync(waiting, '');
  await store.session('a').addItems([canary]);
  expect(existsSync(letGo)).toBe(true);
  await holding;
  await store.close();
});

test('a full disk: the turn is not stored, what was there stays, and with room it goes on', async () => {
  const database = new Database(newFile());
  const store = await SqliteSessionStore.fromDatabase(database);
  const session = store.session('canary');
  await session.addItems([canary]);
  database.pragma(`max_page_count = ${Number(database.pragma('page_count', { simple: true })) + 2}`);
  const large = { role: 'user', content: 'canary'.repeat(10_000) } as const;
  expect(await failure(() => session.addItems([canary, large]))).toMatchObject({
    code: 'STORAGE_FULL',
    retryable: false,
  });
  expect(await session.getItems()).toEqual([canary]);
  database.pragma('max_page_count = 1000000');
  await session.addItems([large]);
  expect(await session.getItems()).toEqual([canary, large]);
  database.close();
});

test('no tables and createTables: false; with the tables made, the same store works', async () => {
  const file = newFile();
  const store = new SqliteSessionStore({ url: `sqlite:${file}` }, { createTables: false });
  expect(await failure(() => store.open())).toMatchObject({
    code: 'DATABASE_NOT_FOUND',
    message: `${file} does not exist, and the store may make none: createTables is false.`,
  });
  expect(existsSync(file)).toBe(false);
  const other = new Database(file);
  other.exec('CREATE TABLE other (x)');
  expect(await failure(() => store.open())).toMatchObject({
    code: 'TABLE_MISSING',
    message: expect.stringContaining('createTables'),
  });
  expect(await failure(() => store.session('a').getItems())).toMatchObject({ code: 'TABLE_MISSING' });
  expect(other.prepare('SELECT count(*) AS n FROM sqlite_master').get()).toEqual({ n: 1 });
  other.close();
  await (await SqliteSessionStore.fromUrl(`sqlite:${file}`)).close();
  await store.session('a').addItems([canary]);
  await store.close();
});

test('tables that disappear while the store is open', async () => {
  const database = new Database(':memory:');
  const store = await SqliteSessionStore.fromDatabase(database);
  await store.session('a').addItems([canary]);
  database.exec('DROP TABLE agent_messages');
  expect(await failure(() => store.session('a').addItems([canary]))).toMatchObject({ code: 'TABLE_MISSING' });
  database.close();
  expect(await failure(() => store.session('a').addItems([canary]))).toMatchObject({ code: 'CLOSED' });
});

test('a row refused by a trigger: the whole turn is refused, and its text does not get out', async () => {
  const database = new Database(':memory:');
  const store = await SqliteSessionStore.fromDatabase(database);
  database.exec(`CREATE TRIGGER no_canary BEFORE INSERT ON agent_messages WHEN NEW.message_data LIKE '%canary%'
    BEGIN SELECT RAISE(ABORT, 'canary is not allowed'); END`);
  const session = store.session('canary-session');
  expect(await failure(() => session.addItems([{ role: 'user', content: 'fine' }, canary]))).toMatchObject({
    code: 'CONSTRAINT_VIOLATED',
  });
  expect(await session.getItems()).toEqual([]);
  expect(database.prepare('SELECT count(*) AS n FROM agent_sessions').get()).toEqual({ n: 0 });
});

test('a transaction of the application on the same handle', async () => {
  const database = new Database(':memory:');
  const store = await SqliteSessionStore.fromDatabase(database);
  database.exec('BEGIN');
  expect(await failure(() => store.session('a').addItems([canary]))).toMatchObject({
    code: 'TRANSACTION_OPEN',
  });
  expect(database.inTransaction).toBe(true);
  database.exec('ROLLBACK');
  await store.session('a').addItems([canary]);
});

test('the driver is not installed', async () => {
  const project = join(folder, 'project');
  for (const name of ['sessions-core', 'sessions-sqlite']) {
    const source = join(import.meta.dirname, '../..', name);
    const target = join(project, 'node_modules/@stackone', name);
    for (const part of ['package.json', 'dist'])
      cpSync(join(source, part), join(target, part), { recursive: true });
  }
  writeFileSync(
    join(project, 'open.mjs'),
    `import { SqliteSessionStore } from '@stackone/sessions-sqlite';
    await SqliteSessionStore.fromUrl('sqlite::memory:').catch((error) => console.log(error.code, error.message));`,
  );
  expect(await runModule(`await import(process.argv[1])`, join(project, 'open.mjs'))).toBe(
    'DRIVER_MISSING The package "better-sqlite3" is not installed. Run: npm install better-sqlite3',
  );
});

test('every entry of the table of result codes can be told from the others', () => {
  const names = ERROR_CODES.map(([sqlite]) => sqlite);
  for (const [index, name] of names.entries()) {
    expect(names.slice(0, index).find((earlier) => name.startsWith(earlier))).toBeUndefined();
  }
});

describe('targets and options', () => {
  test.each([
    'sqlite:',
    'sqlite://',
    'sqlite:///',
    'sqlite://a.db',
    'file:%zz',
    'file:///a%zz',
    'file:///a%2Fb',
    'file:///a.db#canary',
    'file:a.db#canary',
    'postgres://h/db',
    'memory:',
  ])('%s is not a SQLite URL', (url) => {
    expect(() => new SqliteSessionStore({ url })).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_URL' }),
    );
  });
  test('unknown options, misplaced options and foreign objects are refused at once', async () => {
    const options = { createTable: true } as object;
    expect(() => new SqliteSessionStore({ url: 'sqlite::memory:' }, options)).toThrow(TypeError);
    await expect(SqliteSessionStore.fromUrl('sqlite::memory:', options)).rejects.toThrow(TypeError);
    const database = new Database(':memory:');
    expect(() => new SqliteSessionStore({ database }, { busyTimeout: 1 })).toThrow(TypeError);
    for (const database of [{}, null, undefined, 'canary'])
      expect(() => new SqliteSessionStore({ database } as never)).toThrow(/not a better-sqlite3 database/);
    expect(() => new SqliteSessionStore({ db: null } as never)).toThrow(/not a better-sqlite3 database/);
    expect(() => new SqliteSessionStore({ db: {} as never })).toThrow(TypeError);
  });
});
