// `RUN_STEP=1` (`npm run test:runs`): each statement, in some minutes.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectUnharmed, folder } from './killed-runs.js';
import { databaseOf } from './run-databases.js';

const step = Number(process.env.RUN_STEP ?? 9);

test('a run in SQLite whose process is killed at a statement is ended by another one, as if nothing had happened', {
  timeout: 3_600_000,
}, async () => {
  const url = `sqlite:${join(folder, 'each.db')}`;
  let nth = step;
  while ((await expectUnharmed(url, ['statement'], databaseOf(url), nth)) > 0) nth += step;
  expect(nth).toBeGreaterThan(30);
});
