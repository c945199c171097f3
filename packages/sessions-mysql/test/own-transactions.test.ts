// Promise: Your own transactions.
import { randomUUID } from 'node:crypto';
import { OWN_TRANSACTIONS, type OwnTransactionSubject } from '@stackone/interruptions';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { drizzle } from 'drizzle-orm/mysql2';
import { sql } from 'drizzle-orm/sql';
import mysql from 'mysql2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MysqlSessionStore, type MysqlTransactionClient } from '../src/index.js';
import { driverUrl, SERVERS } from './databases.js';
import { messages } from './items.js';

const INSERT = 'INSERT INTO own_rows (text) VALUES (?)';

describeEngine(SERVERS, ({ url, server }) => {
  let pool: mysql.Pool;
  beforeAll(async () => {
    pool = mysql.createPool(driverUrl(url));
    await pool.promise().query('CREATE TABLE own_rows (text VARCHAR(64))');
  });
  afterAll(() => pool.promise().end());

  const count = async (text: string) => {
    const [rows] = await pool.promise().query('SELECT count(*) AS n FROM own_rows WHERE text = ?', [text]);
    return (rows as { n: number }[])[0]?.n ?? -1;
  };
  const insert = (client: unknown, text: string) => (client as MysqlTransactionClient).query(INSERT, [text]);
  const inDrizzle = (client: unknown, text: string) =>
    (client as ReturnType<typeof drizzle>).execute(sql`INSERT INTO own_rows (text) VALUES (${text})`);
  const subjects = (): Readonly<Record<string, OwnTransactionSubject>> => ({
    'a URL': {
      open: () => MysqlSessionStore.fromUrl(url, { retryDelay: 10 }),
      insert,
      count,
      kill: (client) => {
        const { threadId } = (client as { connection: { threadId: number } }).connection;
        return pool.promise().query('KILL ?', [threadId]);
      },
      hasOneConnection: false,
    },
    'one connection': {
      open: () => MysqlSessionStore.fromPool(connection()),
      insert,
      count,
      hasOneConnection: true,
    },
    'a Drizzle database over a pool': {
      open: () => MysqlSessionStore.fromDrizzle(drizzle({ client: pool }), { retryDelay: 10 }),
      insert: inDrizzle,
      count,
      hasOneConnection: false,
    },
    'a Drizzle database over one connection': {
      open: () => MysqlSessionStore.fromDrizzle(drizzle({ client: connection() })),
      insert: inDrizzle,
      count,
      hasOneConnection: true,
    },
  });
  const KINDS = [
    'a URL',
    'one connection',
    'a Drizzle database over a pool',
    'a Drizzle database over one connection',
  ];

  const connections: mysql.Connection[] = [];
  function connection(): mysql.Connection {
    const made = mysql.createConnection(driverUrl(url));
    connections.push(made);
    return made;
  }
  afterAll(() => {
    for (const one of connections) one.destroy();
  });

  test.each(KINDS.flatMap((kind) => Object.keys(OWN_TRANSACTIONS).map((name) => [kind, name] as const)))(
    '%s: %s',
    async (kind, name) => {
      await OWN_TRANSACTIONS[name]?.(subjects()[kind] as OwnTransactionSubject);
    },
  );

  test.each(KINDS)(
    '%s: a transaction that a statement of the application has ended is told',
    async (kind) => {
      await using store = (await subjects()[kind]?.open()) as MysqlSessionStore;
      const id = randomUUID();
      const ended = store.transaction<void, { execute(text: string): Promise<unknown> }>(async (tx) => {
        await tx.session(id).addItems(messages(1));
        await tx.client.execute('ROLLBACK');
      });
      await expect(ended).rejects.toMatchObject({ code: 'NOT_OPEN' });
      expect(await store.session(id).getItems()).toEqual([]);
    },
  );

  test('a lost answer to the COMMIT is OUTCOME_UNKNOWN, and nothing is made again', async () => {
    await using proxy = await startProxy(server, { protocol: 'mysql' });
    await using store = await MysqlSessionStore.fromUrl(proxy.url(url), {
      exactlyOnce: true,
      retryDelay: 10,
    });
    const id = randomUUID();
    let calls = 0;
    const lost = store.transaction(async (tx) => {
      calls++;
      await tx.session(id).addItems(messages(1));
      proxy.cut({ when: 'answered', sql: /^COMMIT/ });
    });
    await expect(lost).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false });
    expect(calls).toBe(1);
    expect(await store.session(id).getItems()).toHaveLength(1);
  });

  test('a connection that is lost before the callback is made again', async () => {
    await using proxy = await startProxy(server, { protocol: 'mysql' });
    await using store = await MysqlSessionStore.fromUrl(proxy.url(url), { retryDelay: 10 });
    const id = randomUUID();
    proxy.cut({ when: 'sent', sql: /^START TRANSACTION/ });
    let calls = 0;
    await store.transaction(async (tx) => {
      calls++;
      await tx.session(id).addItems(messages(1));
    });
    expect(calls).toBe(1);
    expect(await store.session(id).getItems()).toHaveLength(1);
  });
});
