import { join } from 'node:path';
import {
  playEffects,
  playScene,
  playSceneAsRun,
  playSceneForTenants,
  playWindowedScene,
  RUN_SCENES,
  SCENES,
  WINDOWS,
} from '@stackone/runner-script';
import { durableCall } from '@stackone/sessions-core';
import { temporaryFolder } from '@stackone/test-environment';
import Database from 'better-sqlite3';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { describe, test } from 'vitest';
import { SqliteSessionStore } from '../src/index.js';

const folder = temporaryFolder();

test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
  await using store = await SqliteSessionStore.fromUrl(`sqlite:${join(folder, 'runner.db')}`);
  await playScene(name, (sessionId) => store.session(sessionId), name);
});

test.each(Object.keys(SCENES))('the runner, on rows of the Responses API: %s', async (name) => {
  const options = { itemFormat: 'responses' } as const;
  await using store = await SqliteSessionStore.fromUrl(`sqlite:${join(folder, 'responses.db')}`, options);
  await playScene(name, (sessionId) => store.session(sessionId), name);
});

test.each(Object.keys(SCENES))('the runner, for two tenants: %s', async (name) => {
  await using store = await SqliteSessionStore.fromUrl(`sqlite:${join(folder, 'tenants.db')}`);
  await playSceneForTenants(name, store, name);
});

test.each(RUN_SCENES)('a run of the store: %s', async (name) => {
  await using store = await SqliteSessionStore.fromUrl(`sqlite:${join(folder, 'runs.db')}`);
  await playSceneAsRun(name, store, name);
});

test('store.with(tx): an effect and its record commit or roll back together', async () => {
  const client = new Database(join(folder, 'effects.db'));
  const db = drizzle({ client });
  await using store = await SqliteSessionStore.fromDrizzle(db);
  db.run(sql`CREATE TABLE payments (id TEXT)`);
  const pay = (details: unknown, fails: boolean) => {
    const call = durableCall(details);
    return db.transaction((tx) => {
      tx.run(sql`INSERT INTO payments VALUES (${call.idempotencyKey})`);
      // at once, as the transaction is
      void call.record(store.with(tx), 'paid');
      if (fails) throw new Error('rolled back');
      return 'paid';
    });
  };
  const count = async () => db.all(sql`SELECT id FROM payments`).length;
  await playEffects(store, { pay: async (...call) => pay(...call), count }, 'effects');
  client.close();
});

describe.each(Object.keys(WINDOWS))('in a window of %s', (window) => {
  test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
    await using store = await SqliteSessionStore.fromUrl(`sqlite:${join(folder, `${window}.db`)}`);
    await playWindowedScene(name, window, (sessionId, options) => store.session(sessionId, options), name);
  });
});
