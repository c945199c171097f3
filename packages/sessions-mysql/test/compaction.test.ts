import { COMPACTIONS } from '@stackone/runner-script';
import { atomicCompaction } from '@stackone/sessions-core';
import { describeEngine } from '@stackone/test-servers/vitest';
import { test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { SERVERS } from './databases.js';

describeEngine(SERVERS, ({ url }) => {
  test.each(Object.entries(COMPACTIONS))("the SDK's compaction: %s", async (name, play) => {
    await using store = await MysqlSessionStore.fromUrl(url);
    await play((sessionId, options) => store.session(sessionId, options), name, atomicCompaction);
  });
});
