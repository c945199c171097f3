// Promise: Compaction that a crash cannot break.
import { join } from 'node:path';
import { COMPACTIONS } from '@stackone/runner-script';
import { atomicCompaction } from '@stackone/sessions-core';
import { temporaryFolder } from '@stackone/test-environment';
import { test } from 'vitest';
import { SqliteSessionStore } from '../src/index.js';

const folder = temporaryFolder();

test.each(Object.entries(COMPACTIONS))("the SDK's compaction: %s", async (name, play) => {
  await using store = await SqliteSessionStore.fromUrl(`sqlite:${join(folder, 'compaction.db')}`);
  await play((sessionId, options) => store.session(sessionId, options), name, atomicCompaction);
});
