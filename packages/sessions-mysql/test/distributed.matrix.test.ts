// Promise: Whole turns, also on tables that are split over nodes.
import { CALLS, checkTouchedRows, cutAtEachStatement, DocumentedCosts } from '@stackone/interruptions';
import { modelRuns, modelTimeout, playConversations, playModel } from '@stackone/model-test';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MysqlSessionStore, type MysqlStoreOptions } from '../src/index.js';
import { driverUrl, emptyDatabase, failOnWarning, rawPool } from './databases.js';

const COSTS = new DocumentedCosts('MySQL and MariaDB, a statement in each text');
const RUNS = modelRuns(100);

describeEngine(['mysql', 'mariadb:11.8'], ({ engine, server, target }) => {
  let url = '';
  beforeAll(async () => {
    url = await emptyDatabase(server);
    await (await MysqlSessionStore.fromUrl(url, { distributed: true })).close();
  });

  test('two stores behave as MemorySession does', { timeout: modelTimeout(RUNS) }, async () => {
    const stores = [
      await MysqlSessionStore.fromUrl(url, { distributed: true }),
      await MysqlSessionStore.fromUrl(url, { max: 1 }),
    ] as const;
    for (const store of stores) store.on('warning', ({ code }) => expect(code).toBe('CORRUPT_ITEM'));
    const pool = rawPool(url);
    const insertRaw = (sessionId: string, text: string) =>
      pool.query('INSERT INTO agent_messages (session_id, message_data) VALUES (?, ?)', [sessionId, text]);
    await playModel(`${target}, split tables`, { stores, insertRaw }, RUNS);
    await pool.end();
    for (const store of stores) await store.close();
  });

  test('conversations as objects behave as a model in memory does', {
    timeout: modelTimeout(RUNS),
  }, async () => {
    await using one = await MysqlSessionStore.fromUrl(url, { distributed: true });
    await using other = await MysqlSessionStore.fromUrl(url, { max: 1 });
    await playConversations(`${target}, split tables`, [one, other], RUNS);
  });

  describe.each(CALLS)('$name', (call) => {
    test.each([3, 0])('connection cut at each statement, maxRetries %i', async (maxRetries) => {
      const subject = {
        engine,
        server,
        url,
        open: (target: string, options?: MysqlStoreOptions) =>
          MysqlSessionStore.fromUrl(target, { ...options, distributed: true }),
      };
      const { roundTrips, statements } = COSTS.of(call);
      // an operation is looked for before it is inserted
      const more = call.once ? 1 : 0;
      const cost = { roundTrips: roundTrips + more, statements: statements + more };
      await cutAtEachStatement(subject, call, cost, maxRetries);
    });
  });

  const connections: Connection[] = [];
  afterAll(() => Promise.all(connections.map((connection) => connection.end())));

  test('of 20,000 conversations and items no more rows are touched than of 1,000', () =>
    checkTouchedRows(async (count) => {
      const connection = await mysql.createConnection(driverUrl(await emptyDatabase(server)));
      connections.push(connection);
      const store = (await MysqlSessionStore.fromPool(connection, { distributed: true })).on(
        'warning',
        failOnWarning,
      );
      const numbers = Array.from({ length: count }, (_, at) => at);
      const time = (at: number) => `NOW() - INTERVAL ${at % 97} SECOND`;
      const sessions = numbers.map((at) => `('chat_${at}', ${time(at)}, ${time(at)})`);
      await connection.query(`INSERT INTO agent_sessions VALUES ${sessions.join()}`);
      // items of others stand behind those of the conversation
      const items = ['chat_1', 'chat_2'].flatMap((id) =>
        numbers.map(() => `('${id}', '{"role":"user","content":"x"}')`),
      );
      await connection.query(`INSERT INTO agent_messages (session_id, message_data) VALUES ${items.join()}`);
      await connection.query('ANALYZE TABLE agent_sessions, agent_messages');
      const reads = async () => {
        const [rows] = await connection.query(
          "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Handler_icp_attempts'",
        );
        return (rows as { Value: string }[]).reduce((sum, { Value }) => sum + Number(Value), 0);
      };
      const touched = async (work: () => Promise<unknown>) => {
        const before = await reads();
        const asking = (await reads()) - before;
        await work();
        return (await reads()) - before - 2 * asking;
      };
      return { store, touched };
    }));
});
