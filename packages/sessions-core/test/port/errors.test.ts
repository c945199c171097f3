// Promises: Typed errors; Silent secrets.
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { driverErrorOf } from '../../src/backend.js';
import { isSessionError, SESSION_ERROR_CODES, SessionError } from '../../src/index.js';

test('an error has a code, says whether to try again, and keeps what identifies its cause', () => {
  const cause = Object.assign(new Error('canary-message'), {
    code: '23505',
    errno: 7,
    constraint: 'agent_sessions_pkey',
    detail: 'Key (id)=(canary-detail)',
    sql: 'INSERT canary-sql',
    sqlMessage: 'canary-sqlMessage',
    params: ['canary-param'],
    input: 'postgres://u:canary@h',
    cause: Object.assign(new TypeError('canary-inner'), { code: 'ECONNRESET', query: 'canary-query' }),
  });
  const error = new SessionError('BUSY', 'Busy.', { cause });
  expect(error).toMatchObject({ name: 'SessionError', code: 'BUSY', retryable: true, message: 'Busy.' });
  expect(error.cause).toMatchObject({ code: '23505', errno: 7, constraint: 'agent_sessions_pkey' });
  expect((error.cause as Error).cause).toMatchObject({ name: 'TypeError', code: 'ECONNRESET' });
  expect((error.cause as Error).stack).toContain('errors.test.ts');
  for (const text of [
    inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true }),
    JSON.stringify(error),
  ]) {
    expect(text).not.toContain('canary');
  }
});

test('a message of several lines does not slip into the stack of the cause', () => {
  const cause = new Error('first\n    at canary (line)\nINSERT canary\n    canary');
  const error = new SessionError('DATABASE_ERROR', 'Failed.', { cause });
  expect(inspect(error, { depth: 9 })).not.toContain('canary');
});

test('what is thrown and is no error is not shown', () => {
  expect(inspect(new SessionError('DATABASE_ERROR', 'Failed.', { cause: 'canary' }))).not.toContain('canary');
});

test('errors of another copy of the package are recognised', async () => {
  const { SessionError: Other } = await import('@stackone/sessions-core');
  expect(Other).not.toBe(SessionError);
  expect(isSessionError(new Other('CLOSED', 'Closed.'))).toBe(true);
  expect(isSessionError(new SessionError('CLOSED', 'Closed.'))).toBe(true);
  expect(isSessionError(new Error('CLOSED'))).toBe(false);
  expect(isSessionError({ code: 'CLOSED' })).toBe(false);
  expect(isSessionError(undefined)).toBe(false);
});

test('only failures after which nothing was written can be retried', () => {
  const retryable = SESSION_ERROR_CODES.filter((code) => new SessionError(code, '').retryable);
  expect(retryable).toEqual([
    'ABORTED',
    'BUSY',
    'CONNECTION_FAILED',
    'OVERLOADED',
    'RUN_ACTIVE',
    'TRANSACTION_CONFLICT',
  ]);
});

test('a cause that is its own cause, or that of its cause, is kept once', () => {
  const itself = new Error('itself');
  itself.cause = itself;
  const [one, other] = [new Error('one'), new Error('other')];
  Object.assign(one, { cause: other });
  Object.assign(other, { cause: one });
  expect((new SessionError('BUSY', 'Busy.', { cause: itself }).cause as Error).cause).toBeUndefined();
  const stripped = new SessionError('BUSY', 'Busy.', { cause: one }).cause as { cause: Error };
  expect(stripped.cause).toBeInstanceOf(Error);
  expect(stripped.cause.cause).toBeUndefined();
  expect(driverErrorOf(itself)).toBe(itself);
  expect(driverErrorOf(one)).toBe(other);
});
