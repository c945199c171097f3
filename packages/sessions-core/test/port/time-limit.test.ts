import { expect, test, vi } from 'vitest';
import { DEFAULT_TIMEOUT, TIME_LIMIT_OPTION_CHECKS, withTimeLimit } from '../../src/backend.js';

const tooLate = () => new Error('too late');

test('what comes in time is passed on, also a failure', async () => {
  expect(await withTimeLimit(10_000, Promise.resolve('here'), tooLate)).toBe('here');
  await expect(withTimeLimit(10_000, Promise.reject(new Error('broken')), tooLate)).rejects.toThrow('broken');
});

test('what does not come in time is too late, under fake timers too', async () => {
  vi.useFakeTimers();
  try {
    await expect(withTimeLimit(1, new Promise(() => {}), tooLate)).rejects.toThrow('too late');
  } finally {
    vi.useRealTimers();
  }
});

test('a result that comes too late is handed over, a failure is dropped', async () => {
  let finish: (value: string) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const late: string[] = [];
  const work = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const failing = new Promise<string>((_, reject) => {
    fail = reject;
  });
  await expect(withTimeLimit(1, work, tooLate, (value) => late.push(value))).rejects.toThrow('too late');
  await expect(withTimeLimit(1, failing, tooLate, (value) => late.push(value))).rejects.toThrow('too late');
  finish('a connection');
  fail(new Error('gone'));
  await work;
  expect(late).toEqual(['a connection']);
});

test('0 waits for ever, and a very long limit is not a short one', async () => {
  const slowly = () => new Promise((resolve) => setTimeout(resolve, 20, 'here'));
  expect(await withTimeLimit(0, slowly(), tooLate)).toBe('here');
  expect(await withTimeLimit(Number.MAX_SAFE_INTEGER, slowly(), tooLate)).toBe('here');
});

test('the option is a whole number of ms', () => {
  expect(TIME_LIMIT_OPTION_CHECKS.timeout(0)).toBeUndefined();
  expect(TIME_LIMIT_OPTION_CHECKS.timeout(DEFAULT_TIMEOUT)).toBeUndefined();
  expect(TIME_LIMIT_OPTION_CHECKS.timeout(-1)).toMatch('whole number');
});
