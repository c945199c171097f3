import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '@stackone/test-environment';
import { expect, test } from 'vitest';
import type { Report } from '../src/results.ts';

const run = promisify(execFile);
const BENCH = new URL('../bench.ts', import.meta.url).pathname;

/** Runs the command; of what it measures nothing is judged but that it was measured, and that it was right. */
async function benchInto(folder: string, ...args: string[]): Promise<{ report: Report; page: string }> {
  const options = ['--quick', '--rounds', '1', '--no-peers', '--even-if-busy', '--out', folder];
  await run(process.execPath, [BENCH, ...options, ...args]);
  const report = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'));
  return { report, page: readFileSync(join(folder, 'results.md'), 'utf8') };
}

test('a small run of everything, on SQLite and in memory', async () => {
  const folder = temporaryFolder();
  const { report, page } = await benchInto(folder, '--engines', 'memory,sqlite', '--sizes', '100,10000');

  expect(report.engines.map(({ engine }) => engine)).toEqual(['memory', 'sqlite']);
  const [memory, sqlite] = report.engines;
  const names = sqlite?.workloads.map(({ workload }) => workload);
  expect(names).toEqual([
    'append-alone',
    'first-turn',
    'pop',
    'replace-suffix',
    'agent-run',
    'append-16',
    'append-64',
    'append-16-one',
    'newest-20-of-100',
    'newest-20-of-10000',
    'append-to-100',
    'append-to-10000',
    'memory',
    'cold-start',
    'cold-start-loaded',
    'event-loop-p50',
    'event-loop-p99',
    'event-loop-max',
    'event-loop-rate',
  ]);
  expect(memory?.workloads.map(({ workload }) => workload)).toEqual(
    names?.filter((name) => !/newest|append-to|cold-start|event-loop/.test(name)),
  );
  for (const { engine, workloads } of report.engines) {
    for (const { workload, measured } of workloads) {
      expect(measured.map(({ contender, trouble }) => ({ engine, workload, contender, trouble }))).toEqual(
        ['ours', 'by hand'].map((contender) => ({ engine, workload, contender, trouble: undefined })),
      );
      for (const { rounds } of measured) expect(rounds).toEqual([expect.any(Number)]);
    }
  }
  expect(sqlite?.settings).toMatchObject({ journal_mode: 'wal', synchronous: '2' });
  expect(report.imports.map(({ package: name }) => name)).toContain('@stackone/openai-agents-js-sessions');

  expect(page).toContain('| append a turn, alone');
  for (const chart of ['append.svg', 'callers.svg', 'newest.svg']) {
    expect(page).toContain(`(${chart})`);
    expect(readFileSync(join(folder, chart), 'utf8')).toMatch(/^<svg [\s\S]*by hand[\s\S]*<\/svg>\n$/);
  }
});

const AWAY = [
  'append',
  'append-once',
  'newest-20',
  'pop',
  'clear',
  'replace-suffix',
  'replace-call',
  'compaction',
  'list',
  'rewind',
  'delete',
].map((call) => `${call}-delayed`);

test.each([
  ['postgres', { append: 1, 'append-once': 1, 'replace-suffix': 7, compaction: 6 }],
  ['mysql', { append: 4, 'append-once': 5, 'replace-suffix': 7, compaction: 6 }],
  ['mariadb', { append: 4, 'append-once': 5, 'replace-suffix': 7, compaction: 6 }],
] as const)('every call on a server that is 2 ms away: %s', async (name, byHand) => {
  const { report, page } = await benchInto(
    temporaryFolder(),
    ...['--engines', name, '--workloads', 'wire,cold-start'],
  );
  const [engine] = report.engines;
  expect(engine?.workloads.map(({ workload }) => workload)).toEqual([
    'cold-start',
    'cold-start-loaded',
    'cold-start-away',
    'cold-start-loaded-away',
    ...AWAY,
  ]);
  for (const { workload, measured } of engine?.workloads ?? []) {
    const isCounted = /delayed$|away$/.test(workload);
    expect(measured.map((one) => ({ workload, ...one }))).toEqual(
      ['ours', 'by hand'].map((contender) => ({
        workload,
        contender,
        rounds: [expect.any(Number)],
        ...(isCounted && { roundTrips: expect.any(Number) }),
      })),
    );
  }
  for (const [call, roundTrips] of Object.entries(byHand)) {
    const found = engine?.workloads.find(({ workload }) => workload === `${call}-delayed`);
    const [ours, other] = (found?.measured ?? []).map((one) => one.roundTrips);
    expect({ call, roundTrips: other }).toEqual({ call, roundTrips });
    expect(ours).toBeLessThanOrEqual(roundTrips);
  }
  expect(page).toMatch(/The bound (holds|\*\*does not hold\*\*): /);
});

test('what there is of other engines is kept on request, if it was measured alike', async () => {
  const folder = temporaryFolder();
  const alone = ['--workloads', 'append-alone', '--keep'];
  await benchInto(folder, '--engines', 'memory', '--workloads', 'append-alone');
  const { report, page } = await benchInto(folder, '--engines', 'sqlite', ...alone);
  expect(report.engines.map(({ engine }) => engine)).toEqual(['memory', 'sqlite']);
  expect(page).toMatch(/## Memory[\s\S]*## SQLite/i);
  await expect(benchInto(folder, '--engines', 'sqlite', ...alone, '--rounds', '2')).rejects.toThrow(
    /another machine or effort/,
  );
});

test('what it does not know is an error that names what there is', async () => {
  await expect(benchInto(temporaryFolder(), '--engines', 'oracle')).rejects.toThrow(
    /no engine "oracle"[\s\S]*postgres/,
  );
  await expect(benchInto(temporaryFolder(), '--rounds', 'many')).rejects.toThrow(/"many" is no whole number/);
});
