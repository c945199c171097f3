// Promise: Hostile input.
import { join } from 'node:path';
import { temporaryFolder, wholeMatrix } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { playFuzz } from '../src/fuzz/play.ts';
import { databaseWorld, memoryWorld, type World } from '../src/world.ts';

const MINUTES = Number(process.env.FUZZ_MINUTES ?? 0);
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** How many cases of each game, in a round. */
const CASES = wholeMatrix || MINUTES > 0 ? 60 : 15;

async function play(world: World): Promise<void> {
  console.info(`${world.engine}: seed ${SEED}`);
  const played = await playFuzz(world, { seed: SEED, cases: CASES, milliseconds: MINUTES * 60_000 });
  console.info(`${world.engine}: ${played} cases, no fault`);
  expect(played).toBeGreaterThanOrEqual(6 * CASES);
}

const TIMES = { timeout: 300_000 + MINUTES * 60_000 };
const folder = temporaryFolder();

test('memory keeps what it accepts, and refuses the rest', TIMES, () => play(memoryWorld()));

test('sqlite keeps what it accepts, and refuses the rest', TIMES, async () => {
  await play(await databaseWorld('sqlite', `sqlite:${join(folder, 'fuzz.db')}`));
});

// servers take their time for each statement
if (wholeMatrix || MINUTES > 0)
  describeEngine(['postgres:18', 'mysql', 'mariadb:11.8'], ({ engine, url }) => {
    test('keeps what it accepts, and refuses the rest', TIMES, async () => {
      await play(await databaseWorld(engine, url));
    });
  });
