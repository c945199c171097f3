import { randomUUID } from 'node:crypto';
import {
  CALLS,
  checkLocks,
  DocumentedCosts,
  describeStatements,
  endOf,
  openMetered,
  prepare,
  testPage,
} from '@stackone/interruptions';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { rawPool } from './databases.js';

const COSTS = new DocumentedCosts('MySQL and MariaDB');

const ONE_BY_ONE = new DocumentedCosts('MySQL and MariaDB, a statement in each text');

describe('stores by URL', () => testPage(COSTS));
describe('stores over pools', () => testPage(ONE_BY_ONE));

/** Where they find nothing. */
const ASKED_AGAIN = [
  'getItems',
  'applyHistoryTransaction, replace_suffix',
  'applyHistoryMutations',
  'replaceHistoryWithCompaction',
  'replaceBeginning',
];

describeEngine(['mysql', 'mariadb:11.8'], ({ engine, server, url }) => {
  describeStatements(
    COSTS,
    2,
    () => openMetered({ engine, server, url, open: (target) => MysqlSessionStore.fromUrl(target) }),
    engine === 'mariadb' ? ASKED_AGAIN : [],
  );

  /** A store that waits for a lock for one second, the least that there is. */
  const open = () => {
    const pool = rawPool(url);
    onTestFinished(() => pool.end());
    pool.on('connection', (connection) => connection.query('SET SESSION innodb_lock_wait_timeout = 1'));
    return MysqlSessionStore.fromPool(pool, { groupCommit: false });
  };

  test('who waits for whom', async () => {
    const lock = async (sessionIds: readonly string[]) => {
      const pool = rawPool(url, { connectionLimit: 1 });
      await pool.query('START TRANSACTION');
      for (const sessionId of sessionIds)
        await pool.query('SELECT 1 FROM agent_sessions WHERE session_id = ? FOR UPDATE', [sessionId]);
      return () => pool.end();
    };
    await checkLocks({ open, lock }, COSTS);
  });

  const writes = CALLS.filter(({ reads }) => !reads);
  test.each(writes)('$name, before its commit: turns beside its conversation', async (call) => {
    await using store = await open();
    await using proxy = await startProxy(server, { protocol: engine });
    const callers = rawPool(proxy.url(url));
    onTestFinished(() => callers.end());
    await using caller = await MysqlSessionStore.fromPool(callers, { maxRetries: 0 });
    const id = randomUUID();
    const [before, after] = [id.slice(0, -1), `${id}0`];
    for (const sessionId of [before, id, after]) await prepare(store, sessionId);

    const reached = new Promise<void>((resolve) =>
      proxy.cut({ when: 'before', sql: /^COMMIT/, instead: resolve }),
    );
    const outcome = endOf(call.perform(caller.session(id)));
    await reached;
    const add = (sessionId: string) =>
      endOf(store.session(sessionId).addItems([{ role: 'user', content: 'beside' }]));
    const ends = await Promise.all([before, after, `${before}!`, `${id}!`].map(add));
    proxy.cutAll();
    expect(await outcome).toBe('OUTCOME_UNKNOWN');
    if (call.name === 'clearSession') expect(ends).toContain('BUSY');
    else expect(ends).toEqual(['done', 'done', 'done', 'done']);
  });
});
