import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SESSION_ERROR_CODES, SessionError, type SessionErrorCode } from '../../src/index.js';

const page = readFileSync(join(import.meta.dirname, '../../../../docs/errors.md'), 'utf8');
const [, table = ''] = /<!-- error table -->\s+((?:\|.*\n)+)/.exec(page) ?? [];
const rows = table
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, code = '', meaning, retryable, action]) => ({
    code: code.replaceAll('`', ''),
    meaning,
    retryable,
    action,
  }));

test('docs/errors.md lists every error code once, in alphabetical order, and no other', () => {
  expect(rows.map(({ code }) => code)).toEqual(SESSION_ERROR_CODES);
});

test('docs/errors.md says of each what it means, what to do, and truly whether it is retryable', () => {
  for (const { code, meaning, retryable, action } of rows) {
    expect(meaning, code).toBeTruthy();
    expect(action, code).toBeTruthy();
    expect(retryable, code).toBe(new SessionError(code as SessionErrorCode, '').retryable ? 'yes' : 'no');
  }
});
