// `RACED_RUNS=1000` (`npm run test:runs`): as many runs on each engine, in some minutes.
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { openSessionStore } from '../src/index.js';

const PROGRAM = join(import.meta.dirname, 'programs/race-for-runs.mjs');
const COUNT = Number(process.env.RACED_RUNS ?? 40);
/** What hangs ends then. */
const LONG = { timeout: 300_000 + COUNT * 3000 };
const folder = temporaryFolder();

/** Two processes at a time, one of which is killed, or stopped for longer than a lease, again and again, until one has seen all runs end. */
async function race(url: string, name: string): Promise<{ killed: number; stopped: number }> {
  const did = { killed: 0, stopped: 0 };
  const start = () => fork(PROGRAM, [url, name, String(COUNT)], { execArgv: [] });
  const racers: [ChildProcess, ChildProcess] = [start(), start()];
  let isOver = false;
  const watched = (child: ChildProcess) => {
    child.on('exit', (code) => {
      isOver ||= code !== null;
      if (code !== null) expect(code).toBe(0);
    });
    return child;
  };
  racers.forEach(watched);
  while (!isOver) {
    await wait(500 + Math.random() * 1500);
    const at = Math.random() < 0.5 ? 0 : 1;
    const victim = racers[at];
    if (isOver || victim.exitCode !== null) break;
    if (Math.random() < 0.5) {
      victim.kill('SIGSTOP');
      await wait(800);
      victim.kill('SIGCONT');
      did.stopped++;
    } else {
      victim.kill('SIGKILL');
      racers[at] = watched(start());
      did.killed++;
    }
  }
  await Promise.all(racers.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
  return did;
}

function racing(url: () => string) {
  test(
    'runs that two processes race for, which are killed and stopped past the lease, end once each',
    LONG,
    async () => {
      const name = randomUUID();
      const did = await race(url(), name);
      const store = await openSessionStore(url());
      for (let index = 0; index < COUNT; index++) {
        const id = `${name}-${index}`;
        expect((await store.runs.retrieve(id)).state).toBe('done');
        const items = await store.session(id).getItems();
        expect(
          items.map((item) => ('role' in item ? item.role : item.type)),
          id,
        ).toEqual(['user', 'function_call', 'function_call_result', 'assistant']);
        expect(await store.session(id).usage(), id).toMatchObject({ requests: 2, totalTokens: 22 });
      }
      await store.close();
      console.info(`${COUNT} runs, ${did.killed} kills, ${did.stopped} stops`);
    },
  );
}

describe('sqlite', () => {
  racing(() => `sqlite:${join(folder, 'raced.db')}`);
});

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ url }) => {
  racing(() => url);
});
