// Promise: what a page of conversations, the newest turn, a rewind and one conversation touch does not depend on how much is stored.
import type { SessionListOptions } from '@stackone/sessions-core';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql, { type Connection } from 'mysql2/promise';
import { afterAll, expect, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { driverUrl, emptyDatabase, failOnWarning, SERVERS } from './databases.js';
import { message } from './items.js';

describeEngine(SERVERS, ({ server }) => {
  const connections: Connection[] = [];
  afterAll(() => Promise.all(connections.map((connection) => connection.end())));

  /** A store of so many conversations, and with so many items in one of them. */
  async function filled(count: number) {
    const url = await emptyDatabase(server);
    await (await MysqlSessionStore.fromUrl(url)).close();
    const connection = await mysql.createConnection(driverUrl(url));
    connections.push(connection);
    await connection.query('ALTER TABLE agent_sessions ADD INDEX by_change (updated_at, session_id)');
    const store = (await MysqlSessionStore.fromPool(connection)).on('warning', failOnWarning);
    const numbers = Array.from({ length: count }, (_, at) => at);
    const time = (at: number) => `NOW() - INTERVAL ${at % 97} SECOND`;
    const sessions = numbers.map((at) => `('chat_${at}', ${time(at)}, ${time(at)})`);
    await connection.query(`INSERT INTO agent_sessions VALUES ${sessions.join()}`);
    const items = numbers.map(() => `('chat_1', '{"role":"user","content":"x"}')`);
    await connection.query(`INSERT INTO agent_messages (session_id, message_data) VALUES ${items.join()}`);
    await connection.query('ANALYZE TABLE agent_sessions, agent_messages');
    return { connection, store };
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

  async function counts(count: number): Promise<Record<string, number>> {
    const { connection, store } = await filled(count);
    const session = store.session('chat_1');
    const found: Record<string, number> = {};
    const counted = async (name: string, call: () => Promise<unknown>) => {
      found[name] = await touched(connection, call);
    };
    const page = async (options: SessionListOptions, length = 20) =>
      expect((await store.sessions.list(options)).data).toHaveLength(length);
    const middle = new Date(Date.now() - 50_000);
    for (const by of ['changed', 'id'] as const) {
      for (const order of ['desc', 'asc'] as const) {
        const { nextCursor } = await store.sessions.list({ by, order });
        await counted(`page by ${by} ${order}`, () => page({ by, order }));
        await counted(`next page by ${by} ${order}`, () => page({ by, order, after: nextCursor }));
      }
    }
    await counted('changed before', () => page({ changedBefore: middle }));
    await counted('changed after', () => page({ changedAfter: middle, order: 'asc' }));
    await counted('none changed since', () => page({ changedAfter: new Date(Date.now() + 86_400_000) }, 0));
    await counted('retrieve', () => store.sessions.retrieve('chat_7'));
    await counted('newest turn', () => session.turns({ limit: 1 }));
    await session.addItems([message('last')]);
    const { data } = await session.turns({ limit: 1 });
    await counted('rewind', () => session.rewind(data[0]?.id ?? ''));
    return found;
  }

  test('of 20,000 conversations and items no more rows are touched than of 1,000', async () => {
    const few = await counts(1_000);
    const many = await counts(20_000);
    expect(Object.keys(many)).toEqual(Object.keys(few));
    for (const [name, rows] of Object.entries(many)) {
      // where a range ends within a page of an index, one or two entries more are looked at
      expect([name, rows]).toEqual([
        name,
        expect.toSatisfy((n: number) => n <= (few[name] ?? 0) + 2 && n < 150),
      ]);
    }
  });
});
