// Promise: Compaction that a crash cannot break.
import { join } from 'node:path';
import { compactionRounds, killCompactions, roundsTimeout } from '@stackone/interruptions';
import { COMPACTIONS } from '@stackone/runner-script';
import { atomicCompaction } from '@stackone/sessions-core';
import { temporaryFolder } from '@stackone/test-environment';
import { expect, test } from 'vitest';
import { SqliteSessionStore } from '../src/index.js';

const folder = temporaryFolder();

test.each(Object.entries(COMPACTIONS))("the SDK's compaction: %s", async (name, play) => {
  await using store = await SqliteSessionStore.fromUrl(`sqlite:${join(folder, 'compaction.db')}`);
  await play((sessionId, options) => store.session(sessionId, options), name, atomicCompaction);
});

const subject = (name: string) => ({
  url: `sqlite:${join(folder, name)}`,
  open: (url: string) => SqliteSessionStore.fromUrl(url),
});

test('turns of other processes are there once, when and wherever a compaction is killed', {
  timeout: roundsTimeout(compactionRounds()),
}, async () => {
  const program = new URL('./programs/store-to-kill.mjs', import.meta.url);
  await killCompactions(subject('killed.db'), program, compactionRounds());
});

test('a compaction that replaces everything is found out', async () => {
  const program = new URL('./programs/replaces-everything.mjs', import.meta.url);
  await expect(killCompactions(subject('everything.db'), program, 5)).rejects.toThrow(/deep-equal/);
});
