import { playScene, playSceneForTenants, SCENES } from '@stackone/runner-script';
import { describeEngine } from '@stackone/test-servers/vitest';
import { test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { SERVERS } from './databases.js';

describeEngine(SERVERS, ({ url }) => {
  test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
    await using store = await MysqlSessionStore.fromUrl(url);
    await playScene(name, (sessionId) => store.session(sessionId), name);
  });

  test.each(Object.keys(SCENES))('the runner, for two tenants: %s', async (name) => {
    await using store = await MysqlSessionStore.fromUrl(url);
    await playSceneForTenants(name, store, name);
  });
});
