import { expect, test } from 'vitest';
import { compare, percentOff } from '../src/comparison.ts';
import type { EngineName } from '../src/engines.ts';
import type { RealTables } from '../src/real/real-tables.ts';
import { USUAL } from '../src/shape.ts';

/** How far the model may be from all of real tables, in percent. */
const BOUND = 15;

/** Items as they are usually, and such as are kept elsewhere than in their rows. */
const SHAPES = [
  ['100,000 items', { ...USUAL, conversations: 1250 }],
  ['8,000 items of 20 kB', { ...USUAL, conversations: 100, itemBytes: 20_000 }],
] as const;

/** Fills tables, each time afresh, and compares them with the model. */
export function checkModel(engine: EngineName, open: () => Promise<RealTables>): void {
  for (const [items, shape] of SHAPES)
    test(`the model is within ${BOUND} percent of real tables: ${items}`, async () => {
      const real = await open();
      try {
        await real.fill(shape);
        const { total } = await compare(engine, shape, real);
        expect(Math.abs(percentOff(total))).toBeLessThan(BOUND);
      } finally {
        await real.close();
      }
    });
}
