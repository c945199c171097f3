import {
  CALLS,
  checkLocks,
  checkOnNew,
  checkSharedCommit,
  DocumentedCosts,
  openMetered,
} from '@stackone/interruptions';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { rawPool } from './databases.js';

// How many statements each call sends to a conversation that is there is counted in interruptions.test.ts.
const COSTS = new DocumentedCosts('MySQL and MariaDB');

test('docs/costs.md has every call, and names each of its statements', () => {
  expect(COSTS.names()).toEqual(CALLS.map(({ name }) => name));
  for (const call of CALLS) expect(COSTS.of(call).list).toHaveLength(COSTS.of(call).statements);
});

describeEngine(['mysql', 'mariadb:11.8'], ({ engine, server, url }) => {
  describe('statements', () => {
    let metered: Awaited<ReturnType<typeof openMetered>>;
    beforeAll(async () => {
      const open = (target: string) => MysqlSessionStore.fromUrl(target);
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

  test('who waits for whom', async () => {
    const open = () => {
      const pool = rawPool(url);
      onTestFinished(() => pool.end());
      pool.on('connection', (connection) => connection.query('SET SESSION innodb_lock_wait_timeout = 1'));
      return MysqlSessionStore.fromPool(pool, { groupCommit: false });
    };
    const lock = async (sessionIds: readonly string[]) => {
      const pool = rawPool(url, { connectionLimit: 1 });
      await pool.query('START TRANSACTION');
      for (const sessionId of sessionIds)
        await pool.query('SELECT 1 FROM agent_sessions WHERE session_id = ? FOR UPDATE', [sessionId]);
      return () => pool.end();
    };
    await checkLocks({ open, lock }, COSTS);
  });
});
