// Promise: Counted costs.
import {
  checkLocks,
  DocumentedCosts,
  describeStatements,
  openMetered,
  testPage,
} from '@stackone/interruptions';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { expect, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';
import { message } from './messages.js';

const COSTS = new DocumentedCosts('PostgreSQL');

testPage(COSTS);

describeEngine(['postgres:18', 'pgbouncer'], ({ engine, server, url }) => {
  describeStatements(COSTS, 2, () =>
    openMetered({ engine, server, url, open: (target) => PostgresSessionStore.fromUrl(target) }),
  );

  test('from a URL to the first stored turn: 2 round trips behind the connection', async () => {
    await (await PostgresSessionStore.fromUrl(url)).close();
    await using proxy = await startProxy(server, { protocol: engine });
    await using store = await PostgresSessionStore.fromUrl(proxy.url(url));
    await store.session('first').addItems([message('Hello')]);
    expect(proxy.roundTrips).toBe(2);
  });
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
