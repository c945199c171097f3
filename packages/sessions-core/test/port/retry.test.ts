import { describe, expect, test, vi } from 'vitest';
import { retry } from '../../src/backend.js';
import { SESSION_ERROR_CODES, SessionError, type SessionErrorCode } from '../../src/index.js';

/** What is thrown by whoever was shown the rows and the recorded operation. */
const DECIDED: SessionErrorCode[] = [
  'CORRUPT_ITEM',
  'DECRYPTION_FAILED',
  'INVALID_TRANSACTION',
  'OPERATION_CONFLICT',
  'SUFFIX_MISMATCH',
];

function failing(code: SessionErrorCode, times: number) {
  let left = times;
  return vi.fn(async () => {
    if (left-- > 0) throw new SessionError(code, 'failed');
    return 'done';
  });
}

test('a failed connection is tried again maxRetries times', async () => {
  const twice = failing('CONNECTION_FAILED', 2);
  expect(await retry(twice, { maxRetries: 2, retryDelay: 1 })).toBe('done');
  expect(twice).toHaveBeenCalledTimes(3);
  const thrice = failing('CONNECTION_FAILED', 3);
  await expect(retry(thrice, { maxRetries: 2, retryDelay: 1 })).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
  });
  expect(thrice).toHaveBeenCalledTimes(3);
});

test('a conflict is tried again ten times', async () => {
  const ten = failing('TRANSACTION_CONFLICT', 10);
  expect(await retry(ten, { retryDelay: 1 })).toBe('done');
  const eleven = failing('TRANSACTION_CONFLICT', 11);
  await expect(retry(eleven, { retryDelay: 1 })).rejects.toMatchObject({ code: 'TRANSACTION_CONFLICT' });
  expect(eleven).toHaveBeenCalledTimes(11);
});

test('with maxRetries 0 nothing is repeated', async () => {
  for (const code of ['CONNECTION_FAILED', 'TRANSACTION_CONFLICT'] as const) {
    const attempt = failing(code, 1);
    await expect(retry(attempt, { maxRetries: 0 })).rejects.toMatchObject({ code });
    expect(attempt).toHaveBeenCalledTimes(1);
  }
});

test('nothing else is repeated: not an unknown outcome, not a lock, not a mistake', async () => {
  for (const code of ['OUTCOME_UNKNOWN', 'BUSY', 'DATABASE_ERROR'] as const) {
    const attempt = failing(code, 1);
    await expect(retry(attempt, { retryDelay: 1 })).rejects.toMatchObject({ code });
    expect(attempt).toHaveBeenCalledTimes(1);
  }
  const mistake = vi.fn(() => {
    throw new TypeError('mistake');
  });
  await expect(retry(mistake)).rejects.toThrow(TypeError);
  expect(mistake).toHaveBeenCalledTimes(1);
});

test('the first attempt starts in the same tick', () => {
  const attempt = vi.fn(async () => 1);
  void retry(attempt);
  expect(attempt).toHaveBeenCalledTimes(1);
});

describe('once the outcome of an attempt is unknown', () => {
  /** Fails with these codes, one after the other. */
  function failingWith(...codes: (SessionErrorCode | 'RangeError')[]) {
    return vi.fn(async () => {
      const code = codes.shift();
      if (code === 'RangeError') throw new RangeError('a mistake');
      if (code) throw new SessionError(code, 'failed');
      return 'done';
    });
  }
  const options = { maxRetries: 2, retryDelay: 1 };

  test.each(SESSION_ERROR_CODES.filter((code) => !DECIDED.includes(code)))(
    'it stays so whatever fails later: %s',
    async (code) => {
      const attempt = failingWith('OUTCOME_UNKNOWN', ...Array<SessionErrorCode>(11).fill(code));
      await expect(retry(attempt, options, true)).rejects.toMatchObject({
        code: 'OUTCOME_UNKNOWN',
        retryable: false,
      });
    },
  );

  test('so it is after something that is no SessionError', async () => {
    const attempt = failingWith('OUTCOME_UNKNOWN', 'RangeError');
    await expect(retry(attempt, options, true)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });

  test('the cause names the later failure', async () => {
    const attempt = failingWith('OUTCOME_UNKNOWN', 'READ_ONLY');
    await expect(retry(attempt, options, true)).rejects.toMatchObject({ cause: { code: 'READ_ONLY' } });
  });

  test.each(DECIDED)('a refusal under the lock is the truth: %s', async (code) => {
    await expect(retry(failingWith('OUTCOME_UNKNOWN', code), options, true)).rejects.toMatchObject({ code });
  });

  test('a repetition that succeeds is the truth', async () => {
    expect(await retry(failingWith('OUTCOME_UNKNOWN', 'CONNECTION_FAILED'), options, true)).toBe('done');
  });
});
