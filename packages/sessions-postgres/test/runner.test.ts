// Promise: Runs at the same time.
import { randomUUID } from 'node:crypto';
import { playScene, playSceneForTenants, playWindowedScene, SCENES, WINDOWS } from '@stackone/runner-script';
import { variants } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
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

  describe.each(variants([], Object.keys(WINDOWS)))('in a window of %s', (window) => {
    test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
      const id = randomUUID();
      await playWindowedScene(name, window, (sessionId, options) => store.session(sessionId, options), id);
    });
  });
});
