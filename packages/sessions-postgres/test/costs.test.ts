// Promise: Counted costs.
import {
  checkLocks,
  DocumentedCosts,
  describeStatements,
  openMetered,
  testPage,
} from '@stackone/interruptions';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';

const COSTS = new DocumentedCosts('PostgreSQL');

testPage(COSTS);

describeEngine(['postgres:18', 'pgbouncer'], ({ engine, server, url }) => {
  describeStatements(COSTS, 2, () =>
    openMetered({ engine, server, url, open: (target) => PostgresSessionStore.fromUrl(target) }),
  );
});

describeEngine('postgres:18', ({ url }) => {
  test('who waits for whom', async () => {
    const open = () => PostgresSessionStore.fromUrl(`${url}?lock_timeout=500`, { groupCommit: false });
    const lock = async (sessionIds: readonly string[]) => {
      const client = new pg.Client(url);
      await client.connect();
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM agent_sessions WHERE session_id = ANY ($1) FOR UPDATE', [sessionIds]);
      return () => client.end();
    };
    await checkLocks({ open, lock }, COSTS);
  });
});
