// The fuzzer finds what it is for.
import { join } from 'node:path';
import { temporaryFolder } from '@stackone/test-environment';
import { expect, test } from 'vitest';
import { FAULTS } from '../planted/faults.ts';
import { playFuzz } from '../src/fuzz/play.ts';
import { databaseWorld } from '../src/world.ts';

const folder = temporaryFolder();

for (const [nth, [name, { plant, found }]] of Object.entries(FAULTS).entries()) {
  test(`finds ${name}`, async () => {
    const world = await databaseWorld('sqlite', `sqlite:${join(folder, `${nth}.db`)}`);
    const error = await playFuzz(world, { seed: 1, cases: 200, plant }).then(
      () => new Error('nothing was found'),
      (reason: Error) => reason,
    );
    expect(`${error.message} ${error.cause}`).toMatch(found);
  });
}
