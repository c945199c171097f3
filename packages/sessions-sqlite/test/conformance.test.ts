import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backendConformance, sessionConformance } from '@stackone/sessions-core/conformance';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { afterAll, describe, test } from 'vitest';
import { SqliteSessionStore, type SqliteStoreOptions } from '../src/index.js';
import { backendOpener } from '../src/store.js';

const folder = mkdtempSync(join(tmpdir(), 'sessions-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

function failOnWarning(): never {
  throw new Error('a warning about tables of our own');
}

async function openFile(options: SqliteStoreOptions) {
  const file = join(folder, `${files++}.db`);
  const store = await SqliteSessionStore.fromUrl(`sqlite:${file}`, options);
  store.on('warning', () => {}); // of the rows that cases damage
  const raw = new Database(file);
  const insert = raw.prepare(
    `INSERT INTO "${options.tables?.messages ?? 'agent_messages'}" (session_id, message_data) VALUES (?, ?)`,
  );
  return {
    session: (id: string) => store.session(id),
    insertRaw: (id: string, text: string) => insert.run(id, text),
    reopen: () => SqliteSessionStore.fromUrl(`sqlite:${file}`, options),
    close: async () => {
      raw.close();
      await store.close();
    },
  };
}

const supports = { checksIds: true, anyValue: true, namesPaths: true, reopen: true, raw: true };
const tables = { sessions: 'my "chats"', messages: 'rows; -- of ?' };

sessionConformance({ name: 'a file', describe, test, open: () => openFile({}), supports });
sessionConformance({
  name: 'a file with other table names, weaker durability',
  describe,
  test,
  open: () => openFile({ tables, synchronous: 'normal' }),
  supports,
});

const embedded = { checksIds: true, anyValue: true, namesPaths: true };
sessionConformance({
  name: 'in memory',
  describe,
  test,
  open: () => SqliteSessionStore.fromUrl('sqlite::memory:'),
  supports: embedded,
});
sessionConformance({
  name: 'a Drizzle database',
  describe,
  test,
  open: () => SqliteSessionStore.fromDrizzle(drizzle({ client: new Database(':memory:') })),
  supports: embedded,
});

backendConformance({
  name: 'the port',
  describe,
  test,
  open: async () => {
    return { backend: await backendOpener({ database: new Database(':memory:') })(failOnWarning) };
  },
  supports: {
    durable: false,
    shared: false,
    edit: true,
    operations: true,
    transactions: false,
    listing: true,
  },
});
backendConformance({
  name: 'the port inside a transaction of the application',
  describe,
  test,
  open: async () => {
    const database = new Database(':memory:');
    const db = drizzle({ client: database });
    const backend = await backendOpener({ db })(failOnWarning);
    database.exec('BEGIN');
    return { backend: backend.with(db), close: () => database.exec('COMMIT') };
  },
  supports: {
    durable: false,
    shared: false,
    edit: true,
    operations: true,
    transactions: false,
    listing: true,
  },
});
