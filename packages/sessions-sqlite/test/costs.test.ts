import { join } from 'node:path';
import { checkLocks, DocumentedCosts, describeStatements, testPage } from '@stackone/interruptions';
import { temporaryFolder } from '@stackone/test-environment';
import Database from 'better-sqlite3';
import { test } from 'vitest';
import { SqliteSessionStore } from '../src/index.js';

const COSTS = new DocumentedCosts('SQLite');

testPage(COSTS);

describeStatements(COSTS, 1, async () => {
  let statements = 0;
  const database = new Database(':memory:', { verbose: () => void statements++ });
  return {
    store: await SqliteSessionStore.fromDatabase(database),
    sent: () => ({ roundTrips: 0, statements }),
    [Symbol.asyncDispose]: async () => void database.close(),
  };
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
