// Promise: Nothing lost under faults.
// The short form of `npm run faults`: one round of each cheap fault on each engine.
import { tortureTable } from '@stackone/openai-agents-js-sessions/torture';
import { expect, test } from 'vitest';
import { ARENAS } from '../src/arenas.ts';
import { playTogether } from '../src/play-arena.ts';

for (const [engine, arenas] of Object.entries(ARENAS)) {
  const cheap = arenas({}).filter(({ faults }) => faults.some(({ isExpensive = false }) => !isExpensive));
  test.each(cheap.map((arena) => [arena.name, arena] as const))(
    `${engine}, %s: nothing lost, doubled, partial, reordered or untrue, and nothing left open`,
    async (_name, arena) => {
      const report = await playTogether(arena, { rounds: 1, seed: 'short form', writers: 2 });
      expect(report.isSound, tortureTable(report)).toBe(true);
      expect(report.rows.every(({ acknowledged }) => acknowledged > 0)).toBe(true);
    },
  );
}
