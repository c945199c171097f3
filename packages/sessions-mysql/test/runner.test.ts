import { playScene, playSceneForTenants, playWindowedScene, SCENES, WINDOWS } from '@stackone/runner-script';
import { variants } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { FIRST_SERVER } from './databases.js';

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
