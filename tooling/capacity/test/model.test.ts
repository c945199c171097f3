import { expect, test } from 'vitest';
import { chosen } from '../src/arguments.ts';
import { touchedPages } from '../src/calls.ts';
import { ENGINE_NAMES, modelled } from '../src/engines.ts';
import { size } from '../src/figures.ts';
import { measuredSpeed } from '../src/measured.ts';
import { needsOf } from '../src/needs.ts';
import { reportOf } from '../src/report.ts';
import { USUAL } from '../src/shape.ts';
import { bytesOf, pagesAbove, sum } from '../src/size.ts';

const shapeOf = (conversations: number) => ({ ...USUAL, conversations });

test('a tree has as many levels as it takes for one page at the top', () => {
  expect(pagesAbove(1, 100)).toEqual({ leaves: 1, all: 1, depth: 1 });
  expect(pagesAbove(100, 100)).toEqual({ leaves: 100, all: 101, depth: 2 });
  expect(pagesAbove(101, 100)).toEqual({ leaves: 101, all: 104, depth: 3 });
});

test.for(ENGINE_NAMES)(
  '%s: a thousand times as many conversations are a thousand times as large',
  (engine) => {
    const bytes = (conversations: number) => sum(modelled(engine, shapeOf(conversations)).map(bytesOf));
    const ratio = bytes(1e9) / bytes(1e6);
    expect(ratio).toBeGreaterThan(990);
    expect(ratio).toBeLessThan(1050);
  },
);

test.for(ENGINE_NAMES)(
  '%s: a thousand times as many conversations are at most two pages more a tree',
  (engine) => {
    const depths = (conversations: number) =>
      modelled(engine, shapeOf(conversations)).flatMap(({ parts }) => parts.map(({ depth = 0 }) => depth));
    const small = depths(1e6);
    for (const [at, depth] of depths(1e9).entries()) expect(depth - (small[at] ?? 0)).toBeOneOf([0, 1, 2]);
  },
);

test.for(ENGINE_NAMES)(
  '%s: what the newest items cost does not depend on how long a conversation is',
  (engine) => {
    const pages = (conversations: number, turns: number) => {
      const shape = { ...USUAL, conversations, turns };
      return touchedPages(engine, shape, modelled(engine, shape)).find(({ call }) => call === 'newest 20')
        ?.pages;
    };
    expect(pages(1e6, 20)).toBe(pages(1e4, 2000));
  },
);

test('items of any size are stored: those that do not fit beside their rows take pages of their own', () => {
  for (const engine of ENGINE_NAMES) {
    const bytes = (itemBytes: number) =>
      sum(modelled(engine, { ...shapeOf(1000), itemBytes }).map(bytesOf)) / 80_000;
    for (const itemBytes of [100, 2000, 2100, 4100, 8100, 9000, 40_000, 1_000_000]) {
      expect(bytes(itemBytes)).toBeGreaterThan(itemBytes);
      expect(bytes(itemBytes)).toBeLessThan(itemBytes * 1.5 + 20_000);
    }
  }
});

test('servers are as many as the size or the turns want, whichever is more', () => {
  const demand = {
    shape: shapeOf(1e6),
    bytes: 1e12,
    shardBytes: 5e11,
    retentionDays: 10,
    pruneRate: 1000,
    speed: { append: 1, newest: 1, turnsPerSecond: 1000 },
  };
  const few = needsOf({ ...demand, turnsPerSecond: 100 });
  expect(few.shards).toEqual({ bySize: 2, byTurns: 1 });
  // three calls of a millisecond each, of connections that are half busy
  expect(few.connections).toBe(1);
  expect(needsOf({ ...demand, turnsPerSecond: 5000 })).toMatchObject({
    shards: { bySize: 2, byTurns: 10 },
    connections: 30,
  });
});

test('what comes in a day goes in a day', () => {
  const shape = shapeOf(864_000);
  const { turnsPerSecond, retention } = needsOf({
    shape,
    bytes: 1e9,
    shardBytes: 1e9,
    retentionDays: 10,
    turnsPerSecond: undefined,
    pruneRate: 1000,
    speed: { append: 1, newest: 1, turnsPerSecond: 1000 },
  });
  expect(turnsPerSecond).toBe(20);
  expect(retention).toEqual({ rowsPerDay: 6_912_000, bytesPerDay: 1e8, seconds: 6912 });
});

test('the command line takes large numbers and sizes, and refuses what it cannot read', () => {
  expect(chosen(['--conversations', '1e9', '--shard-size', '2TB', '--engine', 'mysql,sqlite'])).toMatchObject(
    {
      engines: ['mysql', 'sqlite'],
      shape: { conversations: 1e9, turns: 20 },
      isCheck: false,
      shardBytes: 2e12,
    },
  );
  expect(chosen(['--check', '1e6'])).toMatchObject({ isCheck: true, shape: { conversations: 12_500 } });
  for (const args of [
    [],
    ['--conversations', '1', '--check', '1'],
    ['--conversations', 'many'],
    ['--conversations', '0'],
    ['--conversations', '1', '--usage', '101'],
    ['--conversations', '1', '--engine', 'oracle'],
    ['--conversations', '1', '--shard-size', '5'],
    ['--conversations', '1', '--shards', '5'],
  ])
    expect(() => chosen(args)).toThrow();
});

test('the published results of the benchmarks have what the report takes from them', () => {
  for (const engine of ENGINE_NAMES)
    for (const value of Object.values(measuredSpeed(engine))) expect(value).toBeGreaterThan(0);
});

test('the report says how large all is', () => {
  const choice = chosen(['--conversations', '1e6']);
  const bytes = sum(modelled('postgres', choice.shape).map(bytesOf));
  expect(reportOf('postgres', choice)).toContain(`80,000,000 items, **${size(bytes)}**`);
});
