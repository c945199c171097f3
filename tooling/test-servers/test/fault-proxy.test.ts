import mysql from 'mysql2/promise';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { describeEngine } from '../src/describe-engine.ts';
import { type FaultProxy, startProxy } from '../src/fault-proxy.ts';
import type { TestServer } from '../src/server.ts';

interface Connection {
  /** With parameters, so that PostgreSQL's driver sends several messages. */
  run(sql: string, parameters?: unknown[]): Promise<unknown>;
}

async function connected(server: TestServer, url: string): Promise<Connection> {
  if (server.engine === 'postgres') {
    const client = new pg.Client(url);
    client.on('error', () => {}); // a cut reaches the query under way; that is what is looked at
    await client.connect();
    onTestFinished(() => client.end());
    return { run: (sql, parameters) => client.query(sql, parameters) };
  }
  const connection = await mysql.createConnection(url);
  connection.on('error', () => {});
  onTestFinished(() => connection.destroy());
  return { run: (sql, parameters) => connection.query(sql, parameters) };
}

async function through(
  server: TestServer,
  url: string,
): Promise<{ proxy: FaultProxy; connection: Connection }> {
  const proxy = await startProxy(server, { protocol: server.engine });
  onTestFinished(() => proxy.close());
  return { proxy, connection: await connected(server, proxy.url(url)) };
}

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ engine, server, url }) => {
  const database = new URL(url).pathname.slice(1);
  const insert = `INSERT INTO cut VALUES (${engine === 'postgres' ? '$1' : '?'})`;
  const rows = async () => (await server.query('SELECT a FROM cut ORDER BY a', database)).map(({ a }) => a);
  const fresh = async () => {
    await server.query('DROP TABLE IF EXISTS cut', database);
    await server.query('CREATE TABLE cut (a INT)', database);
  };

  test('counts statements and round trips', async () => {
    await fresh();
    const { proxy, connection } = await through(server, url);
    const before = { statements: proxy.statements, roundTrips: proxy.roundTrips };
    await connection.run('SELECT 1');
    await connection.run(insert, [1]);
    await connection.run(`INSERT INTO cut VALUES (${'0'.repeat(300_000)}2)`); // in several chunks
    expect(proxy.statements - before.statements).toBe(3);
    expect(proxy.roundTrips - before.roundTrips).toBe(3);
    expect(proxy.connections).toBe(1);
  });

  test('delays each way', async () => {
    const { proxy, connection } = await through(server, url);
    proxy.delay = 60;
    const start = performance.now();
    await connection.run('SELECT 1');
    expect(performance.now() - start).toBeGreaterThanOrEqual(119);
  });

  test.each(['before', 'sent', 'answered'] as const)('cuts a request: %s', async (when) => {
    await fresh();
    const { proxy, connection } = await through(server, url);
    proxy.cut({ when, nth: 2, sql: /^insert/i });
    await connection.run(insert, [1]);
    await connection.run('SELECT 1');
    await expect(connection.run(insert, [2])).rejects.toThrow(/terminated|closed|ECONNRESET/i);
    expect(proxy.cuts).toBe(1);
    if (when === 'before') expect(await rows()).toEqual([1]);
    if (when === 'answered') expect(await rows()).toEqual([1, 2]);
    await expect((await connected(server, proxy.url(url))).run('SELECT 1')).resolves.toBeDefined();
  });

  test.each(['before', 'sent', 'answered'] as const)('does something else instead: %s', async (when) => {
    await fresh();
    const { proxy, connection } = await through(server, url);
    const struck = new Promise<void>((resolve) => proxy.cut({ when, sql: /^insert/i, instead: resolve }));
    const unanswered = connection.run(insert, [1]);
    await struck;
    proxy.cutAll();
    await expect(unanswered).rejects.toThrow(/terminated|closed|ECONNRESET/i);
    await expect.poll(rows).toEqual(when === 'before' ? [] : [1]);
  });

  test('cuts all that is open', async () => {
    const { proxy, connection } = await through(server, url);
    proxy.cutAll();
    await expect(connection.run('SELECT 1')).rejects.toThrow();
  });
});
