import { compactionRounds, killCompactions, roundsTimeout } from '@stackone/interruptions';
import { COMPACTIONS } from '@stackone/runner-script';
import { atomicCompaction } from '@stackone/sessions-core';
import { describeEngine } from '@stackone/test-servers/vitest';
import { test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { FIRST_SERVER } from './databases.js';

describeEngine(FIRST_SERVER, ({ url }) => {
  test.each(Object.entries(COMPACTIONS))("the SDK's compaction: %s", async (name, play) => {
    await using store = await MysqlSessionStore.fromUrl(url);
    await play((sessionId, options) => store.session(sessionId, options), name, atomicCompaction);
  });

  test('turns of other processes are there once, when and wherever a compaction is killed', {
    timeout: roundsTimeout(compactionRounds()),
  }, async () => {
    const subject = { url, open: (target: string) => MysqlSessionStore.fromUrl(target) };
    const program = new URL('./programs/store-to-kill.mjs', import.meta.url);
    await killCompactions(subject, program, compactionRounds());
  });
});
