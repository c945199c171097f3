import { playTenants } from '@stackone/model-test';
import { describeEngine } from '@stackone/test-servers/vitest';
import { test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';

describeEngine(['postgres', 'pgbouncer'], ({ url, target }) => {
  test('tenants never see each other, whatever they are called', async () => {
    await using store = await PostgresSessionStore.fromUrl(url);
    await playTenants(target, store);
  });
});
