// The doctor finds what is planted, and nothing in a good database.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  allOf,
  fillConversations,
  PLANTED_ROWS,
  problems as problemsOf,
  SECRET,
  tablesOf,
} from '@stackone/doctor-test';
import type { Finding } from '@stackone/sessions-core/doctor';
import { temporaryFolder } from '@stackone/test-environment';
import Database from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import { openDoctor } from '../src/doctor.js';
import { SqliteSessionStore, type SqliteStoreOptions, schemaSql } from '../src/index.js';

const folder = temporaryFolder();
const template = join(folder, 'good.db');
{
  await using store = await SqliteSessionStore.fromUrl(`sqlite:${template}`);
  await fillConversations(store);
}

const databases: Database.Database[] = [];
afterAll(() => {
  for (const database of databases) database.close();
});

let copies = 0;

/** A good database of its own. */
function goodFile(): string {
  const file = join(folder, `${copies++}.db`);
  copyFileSync(template, file);
  return file;
}

function opened(file: string): Database.Database {
  const database = new Database(file);
  databases.push(database);
  return database;
}

async function foundIn(file: string, options?: SqliteStoreOptions, full = false): Promise<Finding[]> {
  const doctor = await openDoctor(`sqlite:${file}`, options);
  try {
    return await allOf(doctor.examine({ full }));
  } finally {
    await doctor.close();
  }
}

/** What is not good, but for a folder of temporary files that is in memory. */
function problems(findings: readonly Finding[]): string[] {
  const isTmpfs = statfsSync(tmpdir()).type === 0x01021994;
  return problemsOf(findings).filter((problem) => !(isTmpfs && problem.endsWith(' FILE_SYSTEM')));
}

test('a good database', async () => {
  const findings = await foundIn(goodFile(), {}, true);
  expect(problems(findings)).toEqual([]);
  expect(findings.map(({ code }) => code)).toEqual([
    'SERVER',
    'FILE_SYSTEM',
    'FILE_MODE',
    'WRITABLE',
    'DURABILITY',
    'JOURNAL',
    'INTEGRITY',
    'SIZE',
    'FREE_SPACE',
    'INDEXES',
    'TABLES',
    'GROWTH',
    'ORPHAN_ITEMS',
    'ORPHAN_OPERATIONS',
    'CORRUPT_ITEMS',
    'KEYS',
    'INVALID_INPUT',
  ]);
  expect(findings.find(({ code }) => code === 'CORRUPT_ITEMS')?.message).toMatch(/^3 items of 2 conv/);
});

const python = `CREATE TABLE agent_sessions (session_id TEXT PRIMARY KEY, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
  CREATE TABLE agent_messages (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, message_data TEXT NOT NULL,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)`;

const TABLES = tablesOf(schemaSql());
const drop = TABLES.toReversed()
  .map((table) => `DROP TABLE ${table};`)
  .join('');

/** What is planted, and what has to be found. */
interface Plant {
  readonly sql?: string;
  readonly plant?: (database: Database.Database, file: string) => void;
  readonly options?: SqliteStoreOptions;
  readonly found: readonly string[];
  /** What is left when that was done which loses nothing; absent where nothing can be. */
  readonly left?: readonly string[];
}

const PLANTED: Readonly<Record<string, Plant>> = {
  'no tables': { sql: drop, found: ['wrong TABLES'], left: [] },
  'a column that is missing': {
    sql: 'DROP INDEX idx_agent_messages_session_time; ALTER TABLE agent_messages DROP COLUMN created_at',
    found: ['wrong TABLES'],
  },
  'ids that differ in case are one': {
    sql: `${drop} ${python.replace('session_id TEXT PRIMARY KEY', 'session_id TEXT COLLATE NOCASE PRIMARY KEY')}`,
    found: ['wrong TABLES'],
  },
  'tables of a later version': {
    sql: 'DROP TABLE agent_sessions_schema; CREATE TABLE agent_sessions_schema (version INTEGER DEFAULT 99 NOT NULL)',
    found: ['wrong TABLES'],
  },
  'a side table is missing': { sql: 'DROP TABLE agent_sessions_usage', found: ['wrong TABLES'], left: [] },
  'tables of the Python SDK': {
    sql: drop + python,
    found: ['improvable INDEXES', 'improvable INDEXES', 'improvable TABLES'],
    left: [],
  },
  'the index of the newest items is missing': {
    sql: 'DROP INDEX idx_agent_messages_session_id',
    found: ['improvable INDEXES'],
    left: [],
  },
  'the index of the last changes is missing': {
    sql: 'DROP INDEX idx_agent_sessions_changed',
    found: ['improvable INDEXES'],
    left: [],
  },
  'the trigger is missing': {
    sql: 'DROP TRIGGER trg_agent_sessions_operations',
    found: ['improvable TABLES'],
    left: [],
  },
  'everybody may change the file': {
    plant: (_, file) => chmodSync(file, 0o666),
    found: ['wrong FILE_MODE'],
  },
  'another connection holds the lock': {
    sql: 'BEGIN IMMEDIATE',
    options: { busyTimeout: 1 },
    found: ['improvable WRITABLE'],
  },
  'synchronous is normal': { options: { synchronous: 'normal' }, found: ['improvable DURABILITY'] },
  'the journal is no write-ahead log': {
    sql: 'PRAGMA journal_mode = DELETE',
    found: ['improvable JOURNAL'],
    left: [],
  },
  'the write-ahead log is long': {
    sql: `PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0; CREATE TABLE large (data);
      INSERT INTO large VALUES (zeroblob(66000000)); DELETE FROM large`,
    found: ['improvable JOURNAL', 'improvable FREE_SPACE'],
    left: [],
  },
  'the file is damaged': {
    plant: (database, file) => {
      const [{ rootpage }] = database
        .prepare("SELECT rootpage FROM sqlite_master WHERE name = 'idx_agent_messages_session_id'")
        .all() as [{ rootpage: number }];
      database.close();
      const bytes = Buffer.alloc(4096, 0xff);
      const whole = readFileSync(file);
      whole.set(bytes, (rootpage - 1) * 4096);
      writeFileSync(file, whole);
    },
    found: ['wrong INTEGRITY'],
  },
  'half of the file is free': {
    sql: `CREATE TABLE large (data); INSERT INTO large VALUES (zeroblob(8000000)); DROP TABLE large`,
    found: ['improvable FREE_SPACE'],
    left: [],
  },
  'items without their conversation': {
    sql: `PRAGMA foreign_keys = OFF; INSERT INTO agent_messages (session_id, message_data) VALUES ('lost', '{"role":"user","content":"hi"}')`,
    found: ['improvable ORPHAN_ITEMS'],
    left: [],
  },
  'an operation without its conversation': {
    sql: `INSERT INTO agent_sessions_operations (session_id, operation_id, digest) VALUES ('lost', 'op', 'd')`,
    found: ['improvable ORPHAN_OPERATIONS'],
    left: [],
  },
  'rows that no key opens': {
    options: { encryption: { key: 'another key' } },
    plant: (database) =>
      database.exec(`UPDATE agent_messages SET message_data = '{"role":"user","content":"${SECRET}"}'`),
    found: ['wrong KEYS'],
  },
  ...PLANTED_ROWS,
};

test.each(Object.entries(PLANTED))('%s', async (_name, { sql, plant, options, found, left }) => {
  const file = goodFile();
  const database = opened(file);
  if (sql) database.exec(sql);
  plant?.(database, file);
  const doctor = await openDoctor(`sqlite:${file}`, options);
  const findings = await allOf(doctor.examine({ full: true }));
  expect(problems(findings)).toEqual(found);
  for (const { level, advice, message } of findings) {
    expect(message).not.toBe('');
    expect(Boolean(advice)).toBe(level !== 'good');
  }
  const fixes = new Set(findings.flatMap(({ fix }) => (fix ? [fix] : [])));
  expect(fixes.size > 0).toBe(left !== undefined);
  for (const fix of fixes) await doctor.repair(fix);
  if (left) expect(problems(await allOf(doctor.examine()))).toEqual(left);
  await doctor.close();
});

test('without `full` the newest items are looked at', async () => {
  const file = goodFile();
  opened(file).exec(`UPDATE agent_messages SET message_data = 'no item' WHERE id = 3`);
  expect(problems(await foundIn(file))).toEqual(['wrong CORRUPT_ITEMS']);
});

test('looking changes nothing', async () => {
  const file = goodFile();
  opened(file).exec('PRAGMA journal_mode = DELETE');
  const before = readFileSync(file);
  await foundIn(file, { retention: { days: 1 } }, true);
  expect(readFileSync(file).equals(before)).toBe(true);
});

test.each([
  ['a file that is not there', 'sqlite:./absent.db', { code: 'DATABASE_NOT_FOUND' }],
  ['a database in memory', 'sqlite::memory:', TypeError],
])('%s', async (_name, url, error) => {
  const failure: unknown = await openDoctor(url).catch((thrown: unknown) => thrown);
  if (typeof error === 'function') expect(failure).toBeInstanceOf(error);
  else expect(failure).toMatchObject(error);
  expect(existsSync('./absent.db')).toBe(false);
});

test('a file that is no database', async () => {
  const file = join(folder, 'text.db');
  writeFileSync(file, 'This is no database, but a text of more than one hundred bytes. '.repeat(20));
  await expect(foundIn(file)).rejects.toMatchObject({ code: 'INVALID_DATABASE' });
});

test('a file in memory', async () => {
  const memory = mkdtempSync('/dev/shm/sessions-');
  try {
    copyFileSync(template, join(memory, 'a.db'));
    const findings = await foundIn(join(memory, 'a.db'));
    expect(findings.find(({ code }) => code === 'FILE_SYSTEM')?.level).toBe('improvable');
  } finally {
    rmSync(memory, { recursive: true });
  }
});
