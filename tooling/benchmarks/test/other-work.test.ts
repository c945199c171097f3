import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '@stackone/test-environment';
import { expect, onTestFinished, test } from 'vitest';
import {
  type MachineTime,
  otherWork,
  type ProcessTime,
  readMachineTime,
  watchOthers,
} from '../src/other-work.ts';
import type { Report } from '../src/results.ts';

const run = promisify(execFile);

/** The process that measures in what follows. */
const ROOT = 100;

const process_ = (pid: number, parent: number, own: number, ended = 0): ProcessTime => ({
  pid,
  parent,
  name: `program-${pid}`,
  own,
  ended,
});

/** @param taken - By all cores, 10 s after the first look. */
const looks = (
  taken: number,
  before: readonly ProcessTime[],
  after: readonly ProcessTime[],
): [MachineTime, MachineTime] => [
  { at: 50, taken: 1000, processes: before },
  { at: 60, taken: 1000 + taken, processes: after },
];

test('what this process, its server and the kernel take is not the work of others', () => {
  const before = [
    process_(ROOT, 1, 5),
    process_(101, ROOT, 2),
    process_(102, 101, 1),
    process_(2, 0, 0),
    process_(30, 2, 1),
  ];
  const after = [
    process_(ROOT, 1, 8),
    process_(101, ROOT, 4),
    process_(102, 101, 3),
    process_(2, 0, 0),
    process_(30, 2, 2),
  ];
  expect(otherWork(...looks(8.5, before, after), ROOT)).toEqual({ cores: 0.05, busy: false });
});

test('a process of ours that has ended is in the time of its parent, whether it was there before or not', () => {
  const before = [process_(ROOT, 1, 5), process_(101, ROOT, 3)];
  const after = [process_(ROOT, 1, 6, 3 + 2 + 4)]; // 101 took 2 more, and one of 4 came and went
  expect(otherWork(...looks(7, before, after), ROOT)).toEqual({ cores: 0, busy: false });
});

test('who took more than a tenth of a core is named', () => {
  const before = [process_(ROOT, 1, 5), process_(200, 1, 7), process_(300, 1, 0)];
  const after = [process_(ROOT, 1, 15), process_(200, 1, 7.2), process_(300, 1, 1)];
  expect(otherWork(...looks(11.2, before, after), ROOT)).toEqual({
    cores: expect.closeTo(0.12),
    busy: true,
    busiest: 'program-300, process 300',
  });
});

test('a short look may be wrong by some ticks', () => {
  const [before, after] = looks(0.12, [], []);
  expect(otherWork(before, { ...after, at: 50.4 }, ROOT).busy).toBe(false);
  expect(otherWork(before, { ...after, at: 50.1 }, ROOT).busy).toBe(true);
});

test('where a server is not below this process, nothing is said', () => {
  expect(watchOthers({ isBelow: false })()).toBeUndefined();
});

/** Burns a core until the test ends, if nobody ends it before. */
function burn() {
  const burner = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  onTestFinished(() => void burner.kill('SIGKILL'));
  return burner;
}

test('what processes have taken is read as the system tells it, also of one that has ended', async () => {
  const ownOf = (look: MachineTime | undefined) => look?.processes.find(({ pid }) => pid === process.pid);
  const first = readMachineTime();
  const burner = burn();
  const taken = () => readMachineTime()?.processes.find(({ pid }) => pid === burner.pid)?.own ?? 0;
  if (!first)
    expect(taken()).toBe(0); // this system does not tell it
  else {
    await expect.poll(taken).toBeGreaterThan(0.3);
    burner.kill('SIGKILL');
    await once(burner, 'exit');
    const last = readMachineTime();
    expect(last?.taken).toBeGreaterThan(first.taken + 0.25);
    expect((ownOf(last)?.ended ?? 0) - (ownOf(first)?.ended ?? 0)).toBeGreaterThan(0.25);
  }
});

test('a run beside a program that burns a core is refused, or marked on request', async () => {
  burn();
  const folder = temporaryFolder();
  const bench = (...more: string[]) =>
    run(process.execPath, [
      new URL('../bench.ts', import.meta.url).pathname,
      ...['--quick', '--engines', 'sqlite', '--workloads', 'append-64', '--rounds', '20', '--no-peers'],
      ...['--out', folder, ...more],
    ]);
  if (readMachineTime()) {
    const refused = await bench().catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /The machine was busy: other programs took [\d.]+ of a core during "SQLite/,
      ),
    });
    expect(existsSync(join(folder, 'results.json'))).toBe(false);
  }
  const { stdout } = await bench('--even-if-busy');
  const page = readFileSync(join(folder, 'results.md'), 'utf8');
  const report: Report = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'));
  const [workload] = report.engines[0]?.workloads ?? [];
  if (readMachineTime()) {
    for (const text of [stdout, page]) {
      expect(text).toContain('**Busy machine**: other programs took up to');
      expect(text).toContain('64 conversations **(busy machine)**');
    }
    expect(workload?.others?.busy).toBe(true);
  } else {
    expect(page).toContain('Whether other programs kept the machine busy was not measured.');
    expect(workload?.others).toBeUndefined();
  }
});
