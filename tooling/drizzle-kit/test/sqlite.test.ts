import { join } from 'node:path';
import { SqliteSessionStore } from '@stackone/sessions-sqlite';
import { temporaryFolder } from '@stackone/test-environment';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { expect, test } from 'vitest';
import { checkStore, refusalOf } from './checked-store.js';
import { DrizzleKit } from './run-drizzle-kit.js';

const folder = temporaryFolder();

function project(name: string) {
  const url = join(folder, name);
  const kit = new DrizzleKit({ dialect: 'sqlite', url });
  const migrated = () => {
    const client = new Database(url);
    migrate(drizzle({ client }), { migrationsFolder: kit.migrations });
    client.close();
  };
  return {
    kit,
    migrated,
    store: (createTables = false) => new SqliteSessionStore({ url: `sqlite:${url}` }, { createTables }),
  };
}

test('generate: tables of the first version, then those of today, then nothing', async () => {
  const { kit, migrated, store } = project('generated.db');
  expect(await kit.generate('sqlite-of-first-version')).toBe(true);
  migrated();
  await refusalOf(store());
  expect(await kit.generate('sqlite')).toBe(true);
  migrated();
  // Drizzle knows no triggers
  expect(await checkStore(store())).toMatchObject([{ code: 'SCHEMA' }]);
  expect(await kit.generate('sqlite')).toBe(false);
  expect(await kit.planned('sqlite')).toEqual([]);
});

test('push: an empty database, then nothing', async () => {
  const { kit, store } = project('pushed.db');
  await kit.push('sqlite');
  expect(await checkStore(store())).toMatchObject([{ code: 'SCHEMA' }]);
  expect(await kit.planned('sqlite')).toEqual([]);
});

test('push: nothing to change in what a store made', async () => {
  const { kit, store } = project('made.db');
  expect(await checkStore(store(true))).toEqual([]);
  expect(await kit.planned('sqlite')).toEqual([]);
});
