import { playTenants } from '@stackone/model-test';
import { describeEngine } from '@stackone/test-servers/vitest';
import { test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { SERVERS } from './databases.js';

describeEngine(SERVERS, ({ url, target }) => {
  test('tenants never see each other, whatever they are called', async () => {
    await using store = await MysqlSessionStore.fromUrl(url);
    await playTenants(target, store);
  });
});
