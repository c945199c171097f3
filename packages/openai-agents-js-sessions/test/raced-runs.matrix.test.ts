// `RACED_RUNS=1000` (`npm run test:runs`): as many runs on each engine, in some minutes.
import { join } from 'node:path';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { expectOneEndEach, race } from './raced-runs.js';

const count = Number(process.env.RACED_RUNS ?? 40);
/** What hangs ends then. */
const LONG = { timeout: 300_000 + count * 3000 };
const folder = temporaryFolder();

function racing(url: () => string) {
  test(
    'runs that two processes race for, which are killed and stopped past the lease, end once each',
    LONG,
    async () => {
      const runs = { url: url(), count };
      const did = await race(runs);
      await expectOneEndEach(runs, did);
      console.info(`${count} runs, ${did.killed} kills, ${did.stopped} stops`);
    },
  );
}

describe('sqlite', () => {
  racing(() => `sqlite:${join(folder, 'raced.db')}`);

  test('the race finds writes that do not look who holds the run', LONG, async () => {
    // slow, so that who comes back finds another one at work
    const runs = {
      url: `sqlite:${join(folder, 'faulty.db')}`,
      count: 80,
      slowest: 300,
      fault: 'unchecked',
    } as const;
    // when processes are stopped is chance: one race of several has to find it
    for (let races = 0; races < 20; races++) {
      const did = await race(runs);
      const found = await expectOneEndEach(runs, did).catch((error: Error) => error);
      if (!found) continue;
      expect(found.message).toContain(did.name);
      return;
    }
    expect.unreachable('20 races found nothing');
  });
});

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ url }) => {
  racing(() => url);
});
