import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { afterTick, delay, now, retry, startTimer } from '../../src/backend.js';
import { SessionError } from '../../src/index.js';

/** Everything that Vitest can replace in a process of its own, `queueMicrotask` included, which is left out by default. */
const EVERYTHING = [
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
  'clearImmediate',
  'queueMicrotask',
  'hrtime',
  'performance',
  'Date',
] as const;

/** The fakes come before our code, as in a set-up file. */
const NODE_MOCKS = `
  import { mock } from 'node:test';
  mock.timers.enable();
  const { afterTick, delay, now, startTimer } = await import('@stackone/sessions-core/backend');
  startTimer(5, () => { throw new Error('canceled'); }).cancel();
  startTimer(60_000, () => undefined).unref();
  const began = now();
  await new Promise(afterTick);
  await delay(20);
  console.log(now() - began >= 19);
`;

afterEach(() => {
  vi.useRealTimers();
});

describe.each([
  ['as they are by default', undefined],
  ['all there are', [...EVERYTHING]],
])('fake timers, %s', (_name, toFake) => {
  beforeEach(() => {
    vi.useFakeTimers(toFake && { toFake });
  });

  test('stop no timer of ours', async () => {
    const began = now();
    await delay(5);
    await new Promise<void>(afterTick);
    expect(now() - began).toBeGreaterThan(4);
  });

  test('stop no repetition', async () => {
    let failures = 1;
    const work = () => {
      if (failures-- > 0) throw new SessionError('CONNECTION_FAILED', 'failed');
      return 'done';
    };
    expect(await retry(work, { retryDelay: 5 })).toBe('done');
  });

  test('that were there before our code stop nothing either', async () => {
    vi.resetModules();
    const fresh = await import('../../src/backend.js');
    expect(fresh.delay).not.toBe(delay);
    await fresh.delay(5);
    await new Promise<void>(fresh.afterTick);
    const canceled = vi.fn();
    fresh.startTimer(1, canceled).cancel();
    await fresh.delay(10);
    expect(canceled).not.toHaveBeenCalled();
  });
});

test('the mock timers of node:test stop nothing, and the process ends', () => {
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', NODE_MOCKS], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  expect(output.trim()).toBe('true');
});

test('a timer that is longer than those of Node does not end at once', async () => {
  let ended = false;
  const timer = startTimer(2 ** 31, () => {
    ended = true;
  });
  await delay(50);
  timer.cancel();
  expect(ended).toBe(false);
});
