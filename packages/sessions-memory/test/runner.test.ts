import { playScene, playSceneForTenants, playWindowedScene, SCENES, WINDOWS } from '@stackone/runner-script';
import { describe, test } from 'vitest';
import { MemorySessionStore } from '../src/index.js';

test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
  const store = new MemorySessionStore();
  await playScene(name, (sessionId) => store.session(sessionId), 'chat_123');
});

test.each(Object.keys(SCENES))('the runner, for two tenants: %s', async (name) => {
  await playSceneForTenants(name, new MemorySessionStore(), 'chat_123');
});

describe.each(Object.keys(WINDOWS))('in a window of %s', (window) => {
  test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
    const store = new MemorySessionStore();
    await playWindowedScene(
      name,
      window,
      (sessionId, options) => store.session(sessionId, options),
      'chat_123',
    );
  });
});
