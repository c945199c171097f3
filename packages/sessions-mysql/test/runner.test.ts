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
import { variants } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/mysql2';
import mysql from 'mysql2/promise';
import { describe, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { driverUrl, FIRST_SERVER, SERVERS } from './databases.js';

describeEngine(FIRST_SERVER, ({ url }) => {
  test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
    await using store = await MysqlSessionStore.fromUrl(url);
    await playScene(name, (sessionId) => store.session(sessionId), name);
  });

  test.each(Object.keys(SCENES))('the runner, for two tenants: %s', async (name) => {
    await using store = await MysqlSessionStore.fromUrl(url);
    await playSceneForTenants(name, store, name);
  });

  describe.each(variants([], Object.keys(WINDOWS)))('in a window of %s', (window) => {
    test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
      await using store = await MysqlSessionStore.fromUrl(url);
      const id = `${window}: ${name}`;
      await playWindowedScene(name, window, (sessionId, options) => store.session(sessionId, options), id);
    });
  });
});

describeEngine(SERVERS, ({ url }) => {
  test.each(RUN_SCENES)('a run of the store: %s', async (name) => {
    await using store = await MysqlSessionStore.fromUrl(url);
    await playSceneAsRun(name, store, `run: ${name}`);
  });

  test('store.with(tx): an effect and its record commit or roll back together', async () => {
    const pool = mysql.createPool({ uri: driverUrl(url) });
    const db = drizzle({ client: pool });
    await db.execute(sql`CREATE TABLE payments (id VARCHAR(255))`);
    await using store = await MysqlSessionStore.fromDrizzle(db);
    const pay = (details: unknown, fails: boolean) =>
      db.transaction(async (tx) => {
        const call = durableCall(details);
        await tx.execute(sql`INSERT INTO payments VALUES (${call.idempotencyKey})`);
        const recorded = await call.record(store.with(tx), 'paid');
        if (fails) throw new Error('rolled back');
        return recorded;
      });
    const count = async () => {
      const [rows] = await db.execute(sql`SELECT id FROM payments`);
      return (rows as unknown as unknown[]).length;
    };
    await playEffects(store, { pay, count }, 'effects');
    await pool.end();
  });
});
