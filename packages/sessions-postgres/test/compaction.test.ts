import { randomUUID } from 'node:crypto';
import { compactionRounds, killCompactions, roundsTimeout } from '@stackone/interruptions';
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

describeEngine('postgres:18', ({ url }) => {
  test('turns of other processes are there once, when and wherever a compaction is killed', {
    timeout: roundsTimeout(compactionRounds()),
  }, async () => {
    const subject = { url, open: (target: string) => PostgresSessionStore.fromUrl(target) };
    const program = new URL('./programs/store-to-kill.mjs', import.meta.url);
    await killCompactions(subject, program, compactionRounds());
  });
});
