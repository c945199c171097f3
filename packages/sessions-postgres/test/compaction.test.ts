import { randomUUID } from 'node:crypto';
import { COMPACTIONS } from '@stackone/runner-script';
import { atomicCompaction } from '@stackone/sessions-core';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterAll, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';

describeEngine(['postgres', 'pgbouncer'], ({ url }) => {
  const store = new PostgresSessionStore({ url });
  afterAll(() => store.close());

  test.each(Object.entries(COMPACTIONS))("the SDK's compaction: %s", async (_name, play) => {
    await play((sessionId, options) => store.session(sessionId, options), randomUUID(), atomicCompaction);
  });
});
