import { playScene, playSceneForTenants, SCENES } from '@stackone/runner-script';
import { test } from 'vitest';
import { MemorySessionStore } from '../src/index.js';

test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
  const store = new MemorySessionStore();
  await playScene(name, (sessionId) => store.session(sessionId), 'chat_123');
});

test.each(Object.keys(SCENES))('the runner, for two tenants: %s', async (name) => {
  await playSceneForTenants(name, new MemorySessionStore(), 'chat_123');
});
