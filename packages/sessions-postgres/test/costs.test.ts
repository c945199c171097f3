import {
  CALLS,
  checkLocks,
  checkOnNew,
  checkSharedCommit,
  DocumentedCosts,
  openMetered,
} from '@stackone/interruptions';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';

// How many statements each call sends to a conversation that is there is counted in interruptions.test.ts.
const COSTS = new DocumentedCosts('PostgreSQL');

test('docs/costs.md has every call, and names each of its statements', () => {
  expect(COSTS.names()).toEqual(CALLS.map(({ name }) => name));
  for (const call of CALLS) expect(COSTS.of(call).list).toHaveLength(COSTS.of(call).statements);
});

describeEngine(['postgres:18', 'pgbouncer'], ({ engine, server, url }) => {
  describe('statements', () => {
    let metered: Awaited<ReturnType<typeof openMetered>>;
    beforeAll(async () => {
      const open = (target: string) => PostgresSessionStore.fromUrl(target);
      metered = await openMetered({ engine, server, url, open });
    });
    afterAll(() => metered[Symbol.asyncDispose]());

    test.each(CALLS)('$name on a conversation that is not there', async (call) => {
      await checkOnNew(metered, call, COSTS.of(call));
    });

    test.each([
      ['addItems', {}],
      ['addItems with operationId', { operationId: 'turn' }],
    ])('turns that share a commit: %s', async (kind, options) => {
      await checkSharedCommit(metered, COSTS.ofCommit(kind), 2, options);
    });
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
