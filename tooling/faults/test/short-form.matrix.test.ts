// The short form of `npm run faults`: one round of each cheap fault on each engine.
import { tortureTable } from '@stackone/openai-agents-js-sessions/torture';
import { expect, test } from 'vitest';
import { ARENAS } from '../src/arenas.ts';
import { playTogether } from '../src/play-arena.ts';

for (const [engine, open] of Object.entries(ARENAS)) {
  test(`${engine}: nothing lost, doubled, partial, reordered or untrue, and nothing left open`, async () => {
    await using arena = await open({});
    const report = await playTogether(arena, { rounds: 1, seed: 'short form', writers: 2 });
    expect(report.isSound, tortureTable(report)).toBe(true);
    expect(report.rows.every(({ acknowledged }) => acknowledged > 0)).toBe(true);
  });
}
