import { join } from 'node:path';
import { playScene, playSceneForTenants, SCENES } from '@stackone/runner-script';
import { temporaryFolder } from '@stackone/test-environment';
import { test } from 'vitest';
import { SqliteSessionStore } from '../src/index.js';

const folder = temporaryFolder();

test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
  await using store = await SqliteSessionStore.fromUrl(`sqlite:${join(folder, 'runner.db')}`);
  await playScene(name, (sessionId) => store.session(sessionId), name);
});

test.each(Object.keys(SCENES))('the runner, for two tenants: %s', async (name) => {
  await using store = await SqliteSessionStore.fromUrl(`sqlite:${join(folder, 'tenants.db')}`);
  await playSceneForTenants(name, store, name);
});
