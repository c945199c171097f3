import { join } from 'node:path';
import { CALLS, checkLocks, checkOnNew, checkSharedCommit, DocumentedCosts } from '@stackone/interruptions';
import { temporaryFolder } from '@stackone/test-environment';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { SqliteSessionStore } from '../src/index.js';

// How many statements each call sends to a conversation that is there is counted in interruptions.test.ts.
const COSTS = new DocumentedCosts('SQLite');

test('docs/costs.md has every call, and names each of its statements', () => {
  expect(COSTS.names()).toEqual(CALLS.map(({ name }) => name));
  for (const call of CALLS) expect(COSTS.of(call).list).toHaveLength(COSTS.of(call).statements);
});

/** A store whose statements the driver counts. */
async function openMetered() {
  let statements = 0;
  const database = new Database(':memory:', { verbose: () => void statements++ });
  onTestFinished(() => void database.close());
  const store = await SqliteSessionStore.fromDatabase(database);
  return { store, sent: () => ({ roundTrips: 0, statements }) };
}

test.each(CALLS)('$name on a conversation that is not there', async (call) => {
  await checkOnNew(await openMetered(), call, COSTS.of(call));
});

test.each([
  ['addItems', {}],
  ['addItems with operationId', { operationId: 'turn' }],
])('turns that share a commit: %s', async (kind, options) => {
  await checkSharedCommit(await openMetered(), COSTS.ofCommit(kind), 1, options);
});

test('who waits for whom', async () => {
  const file = join(temporaryFolder(), 'locked.db');
  const open = () => SqliteSessionStore.fromUrl(`sqlite:${file}`, { busyTimeout: 0, groupCommit: false });
  const lock = async () => {
    const database = new Database(file);
    database.exec('BEGIN IMMEDIATE');
    return async () => void database.close();
  };
  await checkLocks({ open, lock }, COSTS);
});
