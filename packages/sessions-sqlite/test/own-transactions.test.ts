// Promise: Your own transactions.
import { join } from 'node:path';
import { OWN_TRANSACTIONS, type OwnTransactionSubject } from '@stackone/interruptions';
import { temporaryFolder } from '@stackone/test-environment';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { sql } from 'drizzle-orm/sql';
import { expect, expectTypeOf, test } from 'vitest';
import { SqliteSessionStore } from '../src/index.js';

const CREATE = 'CREATE TABLE IF NOT EXISTS own_rows (text TEXT)';
const INSERT = 'INSERT INTO own_rows (text) VALUES (?)';
const COUNT = 'SELECT count(*) AS n FROM own_rows WHERE text = ?';

function counted(file: string, text: string): number {
  const database = new Database(file);
  const { n } = database.prepare(COUNT).get(text) as { n: number };
  database.close();
  return n;
}

function newFile(): string {
  const file = join(temporaryFolder(), 'own.db');
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  database.exec(CREATE);
  database.close();
  return file;
}

const SUBJECTS: Readonly<Record<string, () => OwnTransactionSubject>> = {
  'a URL': () => {
    const file = newFile();
    return {
      open: () => SqliteSessionStore.fromUrl(`sqlite:${file}`),
      insert: (client, text) => (client as Database.Database).prepare(INSERT).run(text),
      count: (text) => counted(file, text),
      hasOneConnection: true,
    };
  },
  'a URL, encrypted': () => {
    const file = newFile();
    return {
      open: () =>
        SqliteSessionStore.fromUrl(`sqlite:${file}`, { encryption: { key: 'a key of these tests' } }),
      insert: (client, text) => (client as Database.Database).prepare(INSERT).run(text),
      count: (text) => counted(file, text),
      hasOneConnection: true,
    };
  },
  'a Drizzle database': () => {
    const file = newFile();
    return {
      open: () => SqliteSessionStore.fromDrizzle(drizzle({ client: new Database(file) })),
      insert: (client, text) =>
        (client as ReturnType<typeof drizzle>).run(sql`INSERT INTO own_rows (text) VALUES (${text})`),
      count: (text) => counted(file, text),
      hasOneConnection: true,
    };
  },
};

test.each(
  Object.keys(SUBJECTS).flatMap((kind) => Object.keys(OWN_TRANSACTIONS).map((name) => [kind, name] as const)),
)('%s: %s', async (kind, name) => {
  await OWN_TRANSACTIONS[name]?.((SUBJECTS[kind] as () => OwnTransactionSubject)());
});

test('in memory: the handle is the one of the store', async () => {
  await using store = await SqliteSessionStore.fromUrl('sqlite::memory:');
  const rows = await store.transaction(async (tx) => {
    expectTypeOf(tx.client.inTransaction).toEqualTypeOf<boolean>();
    tx.client.prepare(CREATE).run();
    tx.client.prepare(INSERT).run('a');
    await tx.session('a').addItems([{ role: 'user', content: 'x' }]);
    return tx.client.prepare(COUNT).all('a');
  });
  expect(rows).toEqual([{ n: 1 }]);
});

test('a transaction that a statement of the application has ended is told', async () => {
  await using store = await SqliteSessionStore.fromUrl('sqlite::memory:');
  const ended = store.transaction(async (tx) => {
    await tx.session('a').addItems([{ role: 'user', content: 'x' }]);
    tx.client.prepare('ROLLBACK').run();
  });
  await expect(ended).rejects.toMatchObject({ code: 'NOT_OPEN' });
  expect(await store.session('a').getItems()).toEqual([]);
  await store.transaction((tx) => tx.session('a').addItems([{ role: 'user', content: 'y' }]));
  expect(await store.session('a').getItems()).toHaveLength(1);
});

test('on a handle on which the application has begun one, none begins', async () => {
  const database = new Database(':memory:');
  await using store = await SqliteSessionStore.fromDatabase(database);
  database.exec('BEGIN');
  await expect(store.transaction(() => undefined)).rejects.toMatchObject({ code: 'TRANSACTION_OPEN' });
  expect(database.inTransaction).toBe(true);
  database.exec('COMMIT');
  await store.transaction((tx) => tx.session('a').addItems([{ role: 'user', content: 'y' }]));
  expect(await store.session('a').getItems()).toHaveLength(1);
});
