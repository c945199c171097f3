import { expect, test } from 'vitest';
import { bestPeer } from '../src/best-peer.ts';
import { boundsOf } from '../src/bounds.ts';
import { conclusion, loadingConclusion } from '../src/conclusion.ts';
import { engineSection } from '../src/markdown.ts';
import type { EngineResult, Measured, WorkloadResult } from '../src/results.ts';

const contenders: EngineResult['contenders'] = [
  { name: 'ours', rank: 'ours', version: 'ours 1' },
  { name: 'by hand', rank: 'by-hand', version: 'pg 8' },
  { name: 'Slow', rank: 'peer', version: 'slow 1' },
  { name: 'Quick', rank: 'peer', version: 'quick 1' },
  { name: 'Careless', rank: 'unranked', version: 'careless 1' },
];

/** What each contender measured in every round. */
function workload(
  name: string,
  values: Readonly<Record<string, number>>,
  more: Partial<WorkloadResult> = {},
): WorkloadResult {
  const measured: Measured[] = Object.entries(values).map(([contender, value]) => ({
    contender,
    rounds: [value, value, value],
  }));
  return { workload: name, title: `title of ${name}`, unit: 'ms', measured, ...more };
}

const APPEND = workload('append', { ours: 1, 'by hand': 2, Slow: 8, Quick: 4, Careless: 0.5 });

test('the best peer is the quickest, or the one with the most turns a second', () => {
  expect(bestPeer(APPEND, contenders)).toEqual({ name: 'Quick', ratio: 0.25 });
  expect(bestPeer({ ...APPEND, unit: 'turns/s' }, contenders)).toEqual({ name: 'Slow', ratio: 0.125 });
});

test('a peer that is wrong, and one without rank, is not the best', () => {
  const measured = APPEND.measured.map((one) =>
    one.contender === 'Quick' ? { ...one, trouble: { kind: 'wrong', reason: 'lost' } as const } : one,
  );
  expect(bestPeer({ ...APPEND, measured }, contenders)).toEqual({ name: 'Slow', ratio: 0.125 });
  expect(bestPeer(workload('append', { ours: 1, 'by hand': 2, Careless: 1 }), contenders)).toBeUndefined();
});

test('a sentence says what a table shows', () => {
  const lines = [
    APPEND,
    workload('read', { ours: 2.04, 'by hand': 2, Quick: 1 }),
    workload('pop', { ours: 3, 'by hand': 2 }),
    workload('rate', { ours: 400, 'by hand': 100 }, { unit: 'turns/s' }),
    workload('heap', { ours: 4, 'by hand': 1 }, { unit: 'MB' }),
  ];
  expect(conclusion(lines, contenders)).toBe(
    'Of 4 comparisons with what is written by hand, ours is ahead in 2 (most in "title of rate", 4.00×), level within 5 % in 1, ' +
      'behind in 1 ("title of pop", 1.50×), and ahead of the best peer in 1 of 2.',
  );
  expect(conclusion([workload('append', { Slow: 1 })], contenders)).toBe('');
});

test('a sentence says how quickly packages load', () => {
  const overNode = (median: number) => ({ median, lower: median, upper: median });
  const ours = { package: '@stackone/ours', rank: 'ours', overNode: overNode(12.4) } as const;
  const peers = [300, 200].map(
    (ms) => ({ package: `peer-${ms}`, rank: 'peer', overNode: overNode(ms) }) as const,
  );
  expect(loadingConclusion([ours, ...peers])).toBe(
    '@stackone/ours takes 12 ms, and the best peer, peer-200, 200 ms.',
  );
  expect(loadingConclusion([ours])).toBe('');
});

const engine = (workloads: readonly WorkloadResult[]): EngineResult => ({
  engine: 'postgres',
  title: 'PostgreSQL 18',
  date: '2026-01-01T12:00:00.000Z',
  settings: {},
  contenders,
  workloads,
});

test('a bound holds up to its value, and the report says so', () => {
  const results = [
    workload('replace-suffix-delayed', { ours: 4, 'by hand': 10 }),
    workload('compaction-delayed', { ours: 4.1, 'by hand': 10 }),
    workload('append-delayed', { ours: 9, 'by hand': 10 }), // without a bound on PostgreSQL
  ];
  expect(boundsOf(engine(results)).map(({ measured, holds }) => [measured, holds])).toEqual([
    [0.4, true],
    [0.41, false],
  ]);
  const page = engineSection(engine(results)).join('\n');
  expect(page).toContain(
    'The bound holds: title of replace-suffix-delayed, 0.400× of what is written by hand',
  );
  expect(page).toContain('The bound **does not hold**: title of compaction-delayed, 0.410×');
  expect(boundsOf(engine([]))).toEqual([]);
});

test('each kind of comparison has a table, with its contenders, the best peer, round trips and a sentence', () => {
  const away = workload('append-delayed', { ours: 3, 'by hand': 6, Quick: 9 });
  const measured = away.measured.map((one) => ({ ...one, roundTrips: one.contender === 'ours' ? 1 : 2 }));
  const cold = workload('cold-start', { ours: 50, 'by hand': 50 });
  const [text] = [engineSection(engine([APPEND, { ...away, measured }, cold])).join('\n\n')];
  const [near = '', far = '', start = ''] = text.split('\n### ');
  expect(near).toMatch(/\| title of append .*\*\*0\.250×\*\* +\|$/m);
  expect(near).toMatch(/\| Careless +\| best peer +\|/);
  expect(far).toMatch(/^PostgreSQL 18: 2 ms away\n/);
  expect(far).toMatch(/\| 3\.00 ms \(3\.00–3\.00\), \*\*0\.500×\*\*, 1 round trip +\|/);
  expect(far).toMatch(/2 round trips +\| Quick, \*\*0\.333×\*\* +\|/);
  expect(far).not.toMatch(/^\|.*Careless/m);
  expect(start).toMatch(/^PostgreSQL 18: cold start\n\n\| +\| ours +\| by hand +\|\n/);
  for (const part of [near, far, start])
    expect(part).toMatch(/^Of 1 comparison with what is written by hand/m);
});
