// Thousands of conversations go through three databases, and the program is killed twice on each way.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Usage } from '@openai/agents-core';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { openSessionStore } from '../../src/index.js';
import { sessions, startSessions } from '../run-sessions.js';

const CONVERSATIONS = Number(process.env.MOVED_CONVERSATIONS ?? 2000);
const ITEMS = 4;

const newUrl = () => `sqlite:${join(temporaryFolder(), 'sessions.db')}`;

async function exported(url: string): Promise<string> {
  const { code, stdout } = await sessions(['export', url]);
  expect(code).toBe(0);
  // databases have ids in orders of their own
  return stdout.split('\n{"type":"session"').sort().join('\n{"type":"session"');
}

async function storedIn(url: string): Promise<number> {
  const { code, stdout } = await sessions(['list', '--count', url]);
  return code === 0 ? Number(stdout) : 0;
}

/** Kills the program after some of its work, twice, and then lets it finish. */
async function copyWithKills(from: string, to: string): Promise<void> {
  for (const part of [0.4 * Math.random(), 0.4 + 0.4 * Math.random()]) {
    const { program, ending } = startSessions(['copy', from, to]);
    while (program.exitCode === null && (await storedIn(to)) < CONVERSATIONS * part) await wait(20);
    program.kill('SIGKILL');
    await ending;
  }
  const { code, stdout, stderr } = await sessions(['copy', from, to, '--verify', '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { sessions: all, stored, same, verified } = JSON.parse(stdout);
  expect([all, stored + same, verified]).toEqual([CONVERSATIONS, CONVERSATIONS, CONVERSATIONS]);
}

const usage = new Usage({ requests: 1, inputTokens: 20, outputTokens: 3, totalTokens: 23 });

describeEngine('postgres:18', ({ url: postgres }) => {
  describeEngine('mysql', ({ url: mysql }) => {
    test('the exports are equal', async () => {
      const [from, back] = [newUrl(), newUrl()];
      const store = await openSessionStore(from, { synchronous: 'normal' });
      for (let n = 0; n < CONVERSATIONS; n++) {
        const items = Array.from({ length: ITEMS }, (_, item) => ({
          role: 'user' as const,
          content: `${n}, ${item}: it's ☃`,
        }));
        const session = store.session(`chat_${n}`);
        await session.addItems(items, undefined, n % 3 === 0 ? { operationId: `${n}` } : {});
        if (n % 5 === 0) await session.recordUsage({ rawResponses: [], state: { usage } });
        if (n % 7 === 0) await store.sessions.update(`chat_${n}`, { title: `Chat ${n}`, metadata: { n } });
      }
      await store.close();
      await copyWithKills(from, postgres);
      await copyWithKills(postgres, mysql);
      await copyWithKills(mysql, back);
      expect(await exported(back)).toBe(await exported(from));
    });
  });
});
