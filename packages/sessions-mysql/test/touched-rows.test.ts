// Promise: what a page of conversations, the newest turn, a rewind and one conversation touch does not depend on how much is stored.
import { checkTouchedRows, type FilledStore } from '@stackone/interruptions';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { driverUrl, emptyDatabase, failOnWarning, SERVERS } from './databases.js';

describeEngine(SERVERS, ({ server }) => {
  const connections: Connection[] = [];
  afterAll(() => Promise.all(connections.map((connection) => connection.end())));

  /** A store of so many conversations, and with so many items in one of them. */
  async function filled(count: number): Promise<FilledStore> {
    const connection = await mysql.createConnection(driverUrl(await emptyDatabase(server)));
    connections.push(connection);
    const store = (await MysqlSessionStore.fromPool(connection)).on('warning', failOnWarning);
    const numbers = Array.from({ length: count }, (_, at) => at);
    const time = (at: number) => `NOW() - INTERVAL ${at % 97} SECOND`;
    const sessions = numbers.map((at) => `('chat_${at}', ${time(at)}, ${time(at)})`);
    await connection.query(`INSERT INTO agent_sessions VALUES ${sessions.join()}`);
    const items = numbers.map(() => `('chat_1', '{"role":"user","content":"x"}')`);
    await connection.query(`INSERT INTO agent_messages (session_id, message_data) VALUES ${items.join()}`);
    await connection.query('ANALYZE TABLE agent_sessions, agent_messages');
    return { store, touched: (call) => touched(connection, call) };
  }

  /** The rows that the server asked its storage engine for during a call, and the entries that this passed over. */
  async function touched(connection: Connection, call: () => Promise<unknown>): Promise<number> {
    const reads = async () => {
      const [rows] = await connection.query(
        "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Handler_icp_attempts'",
      );
      return (rows as { Value: string }[]).reduce((sum, { Value }) => sum + Number(Value), 0);
    };
    const before = await reads();
    const asking = (await reads()) - before;
    await call();
    return (await reads()) - before - 2 * asking;
  }

  test('of 20,000 conversations and items no more rows are touched than of 1,000', () =>
    checkTouchedRows(filled));
});
