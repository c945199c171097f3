import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SessionError } from '@stackone/sessions-core';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { toCommitError, toSessionError } from '../src/errors.js';
import { emptyDatabase, FIRST_SERVER } from './databases.js';

const run = promisify(execFile);

/** Runs a program in a Node that makes no code from text, which mysql2 does for each result by default. */
async function strictly(program: URL, url: string): Promise<Record<string, unknown>> {
  const path = fileURLToPath(program);
  const { stdout } = await run(process.execPath, ['--disallow-code-generation-from-strings', path], {
    env: { ...process.env, DATABASE_URL: url },
  });
  return JSON.parse(stdout);
}

describeEngine(FIRST_SERVER, ({ server }) => {
  test('a process that forbids code from text: pools and connections of any maker work', async () => {
    expect(
      await strictly(
        new URL('./programs/without-code-from-text.mjs', import.meta.url),
        await emptyDatabase(server),
      ),
    ).toEqual({
      url: ['Hello'],
      pool: ['Hello', 'Hello'],
      connection: ['Hello', 'Hello', 'Hello'],
      'the pool is as it was': true,
    });
  });

  test('where mysql2 does it all the same: the reason, what to do, and nothing to repeat', async () => {
    const { lowest, joined, after } = await strictly(
      new URL('./programs/with-code-from-text.mjs', import.meta.url),
      await emptyDatabase(server),
    );
    for (const failure of [lowest, joined]) {
      expect(failure).toMatchObject({ code: 'DRIVER_FAILED', retryable: false });
      expect((failure as Error).message).toContain('disableEval: true');
    }
    expect(after, 'what the pool of the application still does').toEqual('works');
  });
});

test.each([EvalError, RangeError, ReferenceError, SyntaxError, TypeError])(
  'a %o of the driver is no lost connection, even if the driver calls it fatal',
  (Kind) => {
    const thrown = Object.assign(new Kind('canary'), { fatal: true });
    const error = toSessionError(thrown);
    expect(error).toMatchObject({ code: 'DRIVER_FAILED', retryable: false });
    expect(error.message).toContain(Kind.name);
    expect(error.message).not.toContain('canary');
    expect(toSessionError(new Error('of Drizzle', { cause: thrown })).code).toBe('DRIVER_FAILED');
    expect(toCommitError(thrown, undefined)).toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false });
    // a network error stays one, whatever its class
    expect(toSessionError(Object.assign(new Kind(), { code: 'ECONNRESET' })).code).toBe('CONNECTION_FAILED');
    expect(toSessionError(new SessionError('CLOSED', '')).code).toBe('CLOSED');
  },
);
