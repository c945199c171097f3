import { COMPACTIONS } from '@stackone/runner-script';
import { atomicCompaction } from '@stackone/sessions-core';
import { test } from 'vitest';
import { MemorySessionStore } from '../src/index.js';

test.each(Object.entries(COMPACTIONS))("the SDK's compaction: %s", async (_name, play) => {
  const store = new MemorySessionStore();
  await play((sessionId, options) => store.session(sessionId, options), 'chat_123', atomicCompaction);
});
