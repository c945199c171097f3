// `RACED_RUNS=1000` (`npm run test:runs`): as many runs on each engine, in some minutes.
import { join } from 'node:path';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { expectOneEndEach, race } from './raced-runs.js';

const count = Number(process.env.RACED_RUNS ?? 40);
/** With many runs answers are slow, so that a process that is killed or stopped has some in its hands. */
const slowest = count < 1000 ? 20 : 100;
/** What hangs ends then. */
const LONG = { timeout: 300_000 + count * 3000 };
const SEVERAL_RACES = { timeout: 1_200_000 };
const folder = temporaryFolder();

function racing(url: () => string) {
  test(
    'runs that two processes race for, which are killed and stopped past the lease, end once each',
    LONG,
    async () => {
      const runs = { url: url(), count, slowest };
      const did = await race(runs);
      await expectOneEndEach(runs, did);
      if (count >= 1000) expect([did.killed, did.stopped].every((times) => times > 3)).toBe(true);
      console.info(`${count} runs, ${did.killed} kills, ${did.stopped} stops`);
    },
  );
}

function finding(url: () => string) {
  test('the race finds writes that do not look who holds the run', SEVERAL_RACES, async () => {
    // slow, so that who comes back finds another one at work
    const runs = { url: url(), count: 80, slowest: 300, fault: 'unchecked' } as const;
    // when processes are stopped is chance: one race of several has to find it
    for (let races = 1; races <= 20; races++) {
      const did = await race(runs);
      const found = await expectOneEndEach(runs, did).catch((error: Error) => error);
      if (!found) continue;
      expect(found.message).toContain(did.name);
      console.info(`found by race ${races}`);
      return;
    }
    expect.unreachable('20 races found nothing');
  });
}

describe('sqlite', () => {
  racing(() => `sqlite:${join(folder, 'raced.db')}`);
  finding(() => `sqlite:${join(folder, 'faulty.db')}`);
});

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ url }) => {
  racing(() => url);
  finding(() => url);
});
