import { playTenants } from '@stackone/model-test';
import { test } from 'vitest';
import { MemorySessionStore } from '../src/index.js';

test('tenants never see each other, whatever they are called', async () => {
  await playTenants('memory', new MemorySessionStore(), 1000);
});
