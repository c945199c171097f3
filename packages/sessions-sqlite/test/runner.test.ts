import { join } from 'node:path';
import { playScene, playSceneForTenants, playWindowedScene, SCENES, WINDOWS } from '@stackone/runner-script';
import { temporaryFolder } from '@stackone/test-environment';
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

describe.each(Object.keys(WINDOWS))('in a window of %s', (window) => {
  test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
    await using store = await SqliteSessionStore.fromUrl(`sqlite:${join(folder, `${window}.db`)}`);
    await playWindowedScene(name, window, (sessionId, options) => store.session(sessionId, options), name);
  });
});
