import { join } from 'node:path';
import { playTenants } from '@stackone/model-test';
import { temporaryFolder } from '@stackone/test-environment';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { expect, test } from 'vitest';
import { SqliteSessionStore } from '../src/index.js';

const folder = temporaryFolder();

test('tenants never see each other, whatever they are called', async () => {
  await using store = await SqliteSessionStore.fromUrl(`sqlite:${join(folder, 'tenants.db')}`);
  await playTenants('sqlite', store);
});

test("a scoped store joins a transaction of Drizzle's, and rolls back with it", async () => {
  const db = drizzle({ client: new Database(join(folder, 'scoped.db')) });
  await using store = await SqliteSessionStore.fromDrizzle(db);
  const acme = store.scoped('acme');
  const failure = new Error('no order');
  expect(() =>
    db.transaction((tx) => {
      acme
        .with(tx)
        .session('chat_123')
        .addItems([{ role: 'user', content: 'lost' }]);
      throw failure;
    }),
  ).toThrow(failure);
  db.transaction((tx) => {
    acme
      .with(tx)
      .session('chat_123')
      .addItems([{ role: 'user', content: 'kept' }]);
  });
  expect(await acme.session('chat_123').getItems()).toEqual([{ role: 'user', content: 'kept' }]);
  expect(await store.session('chat_123').getItems()).toEqual([]);
  // @ts-expect-error: what a scoped store joins is what its store joins
  expect(() => acme.with('a text')).toThrow(TypeError);
  for (const value of [{}, null, 42, 'a text', [], () => undefined])
    expect(() => store.with(value as never)).toThrow(/not a Drizzle transaction/);
  db.$client.close();
});
