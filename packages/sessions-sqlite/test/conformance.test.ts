import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  backendConformance,
  sessionConformance,
  sessionFeatures,
  storeConformance,
} from '@stackone/sessions-core/conformance';
import { describeSuite, wholeMatrix } from '@stackone/test-environment';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { afterAll, describe, expect, test } from 'vitest';
import { SqliteSessionStore, type SqliteStoreOptions } from '../src/index.js';
import { backendOpener } from '../src/store.js';

const folder = mkdtempSync(join(tmpdir(), 'sessions-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const location = (number: number) => join(folder, `${number}.db`);

function failOnWarning(): never {
  throw new Error('a warning about tables of our own');
}

async function openFile(options: SqliteStoreOptions) {
  const file = location(files++);
  const store = await SqliteSessionStore.fromUrl(`sqlite:${file}`, options);
  store.on('warning', () => {}); // of the rows that cases damage
  const raw = new Database(file);
  const insert = raw.prepare(
    `INSERT INTO "${options.tables?.messages ?? 'agent_messages'}" (session_id, message_data) VALUES (?, ?)`,
  );
  return {
    store,
    insertRaw: (id: string, text: string) => insert.run(id, text),
    reopen: () => SqliteSessionStore.fromUrl(`sqlite:${file}`, options),
    outOfReach: () => {
      const missing = join(folder, `missing-${files++}`);
      const store = new SqliteSessionStore({ url: `sqlite:${missing}/a.db` }, options);
      return { store, mend: () => mkdirSync(missing) };
    },
    close: () => raw.close(),
  };
}

const file = {
  durable: true,
  shared: true,
  edit: true,
  operations: true,
  transactions: false,
  listing: true,
  conversations: true,
  history: true,
  metadata: true,
  copying: true,
  usage: true,
  runs: true,
  ownTransactions: true,
  erasure: true,
  retention: true,
  restoring: true,
  watching: true,
};
const inMemory = { ...file, durable: false, shared: false };
const parts = { tenants: true, limits: true, reopen: true, raw: true, outOfReach: true };
const tables = { sessions: 'my "chats"', messages: 'rows; -- of ?' };

storeConformance({
  name: 'a file',
  describe,
  test,
  open: () => openFile({}),
  supports: { ...file, ...parts },
});
if (wholeMatrix) {
  storeConformance({
    name: 'a file with other table names, weaker durability',
    describe,
    test,
    open: () => openFile({ tables, synchronous: 'normal' }),
    supports: { ...file, ...parts },
  });
  storeConformance({
    name: 'a file with rows of the Responses API',
    describe,
    test,
    open: () => openFile({ itemFormat: 'responses' }),
    supports: { ...file, ...parts },
  });
}

sessionConformance({
  name: 'in memory',
  describe,
  test,
  open: () => SqliteSessionStore.fromUrl('sqlite::memory:'),
  supports: sessionFeatures(inMemory),
});
const drizzled = storeConformance({
  name: 'a Drizzle database',
  describe,
  test,
  open: async () => {
    const { insertRaw, reopen, outOfReach, store, close } = await openFile({});
    await store.close();
    const client = new Database(location(files - 1));
    const db = drizzle({ client });
    return {
      store: await SqliteSessionStore.fromDrizzle(db),
      insertRaw,
      reopen,
      outOfReach,
      inTransaction: async (work, end) => {
        client.exec('BEGIN');
        await work(db);
        client.exec(end);
      },
      close: () => {
        client.close();
        close();
      },
    };
  },
  supports: { ...file, ...parts, transactions: true, inTransaction: true },
});

test('on a file, through Drizzle, every case of the suite is covered', () => {
  expect(drizzled.notCovered).toEqual([]);
  expect(drizzled.covered.length).toBeGreaterThanOrEqual(190);
});

backendConformance({
  name: 'the port',
  describe: describeSuite,
  test,
  open: async () => {
    return { backend: await backendOpener({ database: new Database(':memory:') })(failOnWarning) };
  },
  supports: inMemory,
});
backendConformance({
  name: 'the port inside a transaction of the application',
  describe: describeSuite,
  test,
  open: async () => {
    const database = new Database(':memory:');
    const db = drizzle({ client: database });
    const backend = await backendOpener({ db })(failOnWarning);
    database.exec('BEGIN');
    return { backend: backend.with(db), close: () => database.exec('COMMIT') };
  },
  supports: inMemory,
});
