import { setTimeout as wait } from 'node:timers/promises';
import type { AgentInputItem } from '@openai/agents-core';
import { expect, test } from 'vitest';
import { Arena } from '../src/arena.ts';
import type { Contender, Conversations } from '../src/contender.ts';
import { memoryByHand } from '../src/contenders/memory-by-hand.ts';
import { QUICK } from '../src/effort.ts';
import { startEngine } from '../src/engines/start.ts';
import type { WorkloadResult } from '../src/results.ts';
import { summarize } from '../src/summary.ts';
import { appendAlone, appendTogether } from '../src/workloads/appending.ts';

const EFFORT = { ...QUICK, rounds: 2, operations: 3, callersTime: 5, deadline: 1000 };

/** A library that differs from a right one in one call. */
function faulty(name: string, change: (right: Conversations) => Partial<Conversations>): Contender {
  return {
    name,
    rank: 'peer',
    version: 'none',
    async open(url) {
      const right = await memoryByHand.open(url);
      return { ...right, ...change(right) };
    },
  };
}

const swapped = (items: AgentInputItem[]) => items.toSpliced(0, 2, ...items.slice(0, 2).reverse());

const FAULTY: readonly [Contender, string][] = [
  [faulty('losing', ({ append }) => ({ append: (id, items) => append(id, items.slice(1)) })), 'wrong: lost'],
  [
    faulty('disorderly', ({ newest }) => ({ newest: async (...call) => swapped(await newest(...call)) })),
    'wrong: wrong order',
  ],
  [faulty('hanging', () => ({ append: () => new Promise(() => {}) })), 'hung: no answer within 1 s'],
  [
    faulty('failing', () => ({
      append: async () => {
        throw new Error('no space left');
      },
    })),
    'fails: no space left',
  ],
];

function troubleOf({ measured }: WorkloadResult, name: string): string | undefined {
  const trouble = measured.find(({ contender }) => contender === name)?.trouble;
  return trouble && `${trouble.kind}: ${trouble.reason}`;
}

test('a library that is wrong, hangs, fails or does not open is marked, and the others are measured', async () => {
  const absent: Contender = {
    name: 'absent',
    rank: 'peer',
    version: 'none',
    open: async () => {
      throw new Error('made for another server');
    },
  };
  const contenders = [memoryByHand, ...FAULTY.map(([contender]) => contender), absent];
  const arena = await Arena.open(await startEngine('memory'), EFFORT, contenders, async () => 'memory:');
  const result = await appendAlone(arena);
  await arena.close();

  expect(troubleOf(result, 'by hand')).toBeUndefined();
  expect(summarize(result, 'by hand', 'by hand')?.ratio?.median).toBe(1);
  for (const [{ name }, trouble] of FAULTY) expect(troubleOf(result, name)).toMatch(trouble);
  expect(troubleOf(result, 'absent')).toBe('fails: made for another server');
});

test('a library that hangs and cannot be opened again fails from then on', async () => {
  let opened = 0;
  const gone: Contender = {
    ...faulty('gone', () => ({ append: () => new Promise(() => {}) })),
    async open(url) {
      opened += 1;
      if (opened > 1) throw new Error('locked for ever');
      return { ...(await memoryByHand.open(url)), append: () => new Promise(() => {}) };
    },
  };
  const arena = await Arena.open(await startEngine('memory'), EFFORT, [gone], async () => 'memory:');
  expect(troubleOf(await appendAlone(arena), 'gone')).toMatch(/^hung/);
  expect(troubleOf(await appendAlone(arena), 'gone')).toBe('fails: locked for ever');
  await arena.close();
});

test('turns of callers that tear each other are seen', async () => {
  const tearing = faulty('tearing', ({ append }) => ({
    async append(id, items) {
      for (const item of items) {
        await append(id, [item]);
        await wait(1);
      }
    },
  }));
  const arena = await Arena.open(
    await startEngine('memory'),
    EFFORT,
    [memoryByHand, tearing],
    async () => 'memory:',
  );
  const result = await appendTogether(arena, 3, true);
  await arena.close();

  expect(troubleOf(result, 'by hand')).toBeUndefined();
  expect(troubleOf(result, 'tearing')).toMatch(/^wrong: torn turn/);
});

test('an error of our own ends the run', async () => {
  const broken: Contender = {
    ...memoryByHand,
    open: async () => ({
      ...(await memoryByHand.open('')),
      append: async () => {
        throw new Error('ours');
      },
    }),
  };
  const arena = await Arena.open(await startEngine('memory'), EFFORT, [broken], async () => 'memory:');
  await expect(appendAlone(arena)).rejects.toThrow('ours');
  await arena.close();
});
