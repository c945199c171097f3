import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

/** The suite as the author of another session would run it, without vitest. */
const PROGRAM = `
  import { describe, test } from 'node:test';
  import { checkSessionId, decodeItem, encodeItems } from '@stackone/sessions-core';
  import { backendConformance, sessionConformance } from '@stackone/sessions-core/conformance';
  import { createToyBackend } from './toy-backend.mjs';
  import { createToyStore } from './toy-store.mjs';

  const supports = { reopen: true, checksIds: true, anyValue: true, namesPaths: true };
  const open = () => createToyStore({ checkSessionId, decodeItem, encodeItems });
  const sessions = sessionConformance({ name: 'toy store', describe, test, open, supports });
  const backends = backendConformance({
    name: 'toy backend', describe, test, open: () => ({ backend: createToyBackend() }), supports: { edit: true },
  });
  console.log('COVERED', sessions.covered.length + backends.covered.length);
  console.log('LEFT OUT', sessions.notCovered.length, backends.notCovered.length);
`;

test('the suite runs under node:test, and says what it did not cover', async () => {
  const args = ['--test-reporter=tap', '--input-type=module', '-e', PROGRAM];
  const { stdout } = await run(process.execPath, args, { cwd: import.meta.dirname });
  const covered = Number(/COVERED (\d+)/.exec(stdout)?.[1]);
  expect(covered).toBeGreaterThan(100);
  expect(stdout).toContain(`# pass ${covered}`);
  expect(stdout).toContain('# fail 0');
  expect(stdout).toMatch(/LEFT OUT 5 10/);
  expect(stdout).toContain('a limit counts items, not rows (needs: raw)');
  expect(stdout).toContain('forgets the operations of the session (needs: operations)');
});
