// Promise: Runs at the same time.
import { randomUUID } from 'node:crypto';
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
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { afterAll, describe, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';

describeEngine(['postgres', 'pgbouncer'], ({ url }) => {
  const store = new PostgresSessionStore({ url });
  afterAll(() => store.close());

  test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
    await playScene(name, (sessionId) => store.session(sessionId), randomUUID());
  });

  test.each(Object.keys(SCENES))('the runner, for two tenants: %s', async (name) => {
    await playSceneForTenants(name, store, randomUUID());
  });

  test.each(RUN_SCENES)('a run of the store: %s', async (name) => {
    await playSceneAsRun(name, store, randomUUID());
  });

  test('store.with(tx): an effect and its record commit or roll back together', async () => {
    const pool = new pg.Pool({ connectionString: url });
    const db = drizzle({ client: pool });
    await db.execute(sql`CREATE TABLE payments (id text)`);
    const own = await PostgresSessionStore.fromDrizzle(db);
    const pay = (details: unknown, fails: boolean) =>
      db.transaction(async (tx) => {
        const call = durableCall(details);
        await tx.execute(sql`INSERT INTO payments VALUES (${call.idempotencyKey})`);
        const recorded = await call.record(own.with(tx), 'paid');
        if (fails) throw new Error('rolled back');
        return recorded;
      });
    const count = async () => (await db.execute(sql`SELECT id FROM payments`)).rows.length;
    await playEffects(own, { pay, count }, randomUUID());
    await own.close();
    await pool.end();
  });

  describe.each(variants([], Object.keys(WINDOWS)))('in a window of %s', (window) => {
    test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
      const id = randomUUID();
      await playWindowedScene(name, window, (sessionId, options) => store.session(sessionId, options), id);
    });
  });
});
