import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

/** The suite as the author of another session would run it, without vitest. */
const PROGRAM = `
  import { describe, test } from 'node:test';
  import { SessionError } from '@stackone/sessions-core';
  import { checkSessionId, decodeItem, encodeItems } from '@stackone/sessions-core/backend';
  import { backendConformance, storeConformance } from '@stackone/sessions-core/conformance';
  import { createToyBackend } from './toy-backend.mjs';
  import { createToyParts } from './toy-store.mjs';

  const supports = { durable: false, shared: true, edit: false, operations: true, transactions: true };
  const isItem = () => true;
  const core = { checkSessionId, decodeItem, encodeItems, isItem, SessionError };
  const open = () => {
    const parts = createToyParts(core);
    const { session } = parts.store;
    parts.store.supports.edit = false;
    parts.store.session = (id) =>
      Object.assign(session(id), {
        applyHistoryTransaction: undefined, applyHistoryMutations: undefined, replaceHistoryWithCompaction: undefined,
      });
    return parts;
  };
  const stores = storeConformance({
    name: 'toy store', describe, test, open, supports: { ...supports, inTransaction: true, outOfReach: true },
  });
  const backends = backendConformance({
    name: 'toy backend', describe, test, open: () => ({ backend: createToyBackend() }), supports: { edit: true },
  });
  console.log('COVERED', stores.covered.length + backends.covered.length);
  console.log('LEFT OUT', stores.notCovered.length, backends.notCovered.length);
`;

test('the suite runs under node:test, and says what it did not cover', async () => {
  const args = ['--test-reporter=tap', '--input-type=module', '-e', PROGRAM];
  const { stdout } = await run(process.execPath, args, { cwd: import.meta.dirname });
  const covered = Number(/COVERED (\d+)/.exec(stdout)?.[1]);
  expect(covered).toBeGreaterThan(100);
  expect(stdout).toContain(`# pass ${covered}`);
  expect(stdout).toContain('# fail 0');
  expect(stdout).toMatch(/LEFT OUT \d+ 80/);
  expect(stdout).toContain('a limit counts items, not rows (needs: raw)');
  expect(stdout).toContain('forgets the operations of the session (needs: operations)');
});
