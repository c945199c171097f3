// Promises: Acknowledged means durable; Whole turns.
import { join } from 'node:path';
import { CALLS, type Call, DocumentedCosts, killAtEachStatement } from '@stackone/interruptions';
import { temporaryFolder } from '@stackone/test-environment';
import { expect, test } from 'vitest';
import { SqliteSessionStore } from '../src/index.js';

const COSTS = new DocumentedCosts('SQLite');
const PROGRAM = new URL('./programs/store-to-kill.mjs', import.meta.url);

const subject = () => ({
  url: `sqlite:${join(temporaryFolder(), 'killed.db')}`,
  open: (url: string) => SqliteSessionStore.fromUrl(url),
});

test.each(CALLS)('$name: process killed at each statement', async (call) => {
  await killAtEachStatement(subject(), PROGRAM, call, COSTS.of(call));
});

test('statements that each commit by themselves are found out', async () => {
  const program = new URL('./programs/never-begins.mjs', import.meta.url);
  const call = CALLS.find(({ name }) => name.endsWith('replace_suffix')) as Call;
  await expect(killAtEachStatement(subject(), program, call, COSTS.of(call))).rejects.toThrow(
    /neither the old history nor the new one/,
  );
});
