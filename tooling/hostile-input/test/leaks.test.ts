// The canary is found, wherever it gets out.
import { expect, test } from 'vitest';
import { LEAKS } from '../planted/leaks.ts';
import { FAILURES } from '../src/canary/failures.ts';
import { playCanary } from '../src/canary/play.ts';
import { memoryWorld } from '../src/world.ts';

const closed = FAILURES['the store is closed'] as (typeof FAILURES)[string];

test.each(Object.entries(LEAKS))('finds %s', async (_name, { leak, found }) => {
  const seen = await playCanary(memoryWorld(), closed, leak);
  expect(seen?.leaks.join('\n')).toMatch(found);
});
