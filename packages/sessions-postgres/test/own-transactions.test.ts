// Promise: Your own transactions.
import { randomUUID } from 'node:crypto';
import { OWN_TRANSACTIONS, type OwnTransactionSubject } from '@stackone/interruptions';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { drizzle } from 'drizzle-orm/node-postgres';
import { sql } from 'drizzle-orm/sql';
import pg from 'pg';
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest';
import { type DrizzlePostgresTransaction, PostgresSessionStore } from '../src/index.js';
import { message } from './messages.js';

const INSERT = 'INSERT INTO own_rows (text) VALUES ($1)';

describeEngine(['postgres', 'pgbouncer'], ({ url, server }) => {
  const pool = new pg.Pool({ connectionString: url, max: 3 });
  pool.on('error', () => undefined);
  beforeAll(() => pool.query('CREATE TABLE IF NOT EXISTS own_rows (text TEXT)'));
  afterAll(() => pool.end());

  const count = async (text: string) => {
    const { rows } = await pool.query('SELECT count(*)::int AS n FROM own_rows WHERE text = $1', [text]);
    return (rows[0] as { n: number }).n;
  };
  const query = (client: unknown, text: string, values?: unknown[]) =>
    (client as pg.PoolClient).query(text, values);
  const inDrizzle = (client: unknown, text: string) =>
    (client as ReturnType<typeof drizzle>).execute(sql`INSERT INTO own_rows (text) VALUES (${text})`);
  const subjects: Readonly<Record<string, OwnTransactionSubject>> = {
    'a URL': {
      open: () => PostgresSessionStore.fromUrl(url, { retryDelay: 10 }),
      insert: (client, text) => query(client, INSERT, [text]),
      count,
      // the client is closed under the driver
      kill: (client) =>
        void (client as { connection: { stream: { destroy(): void } } }).connection.stream.destroy(),
      hasOneConnection: false,
    },
    'a Drizzle database over a pool': {
      open: () => PostgresSessionStore.fromDrizzle(drizzle({ client: pool }), { retryDelay: 10 }),
      insert: inDrizzle,
      count,
      hasOneConnection: false,
    },
    'a Drizzle database over one connection': {
      open: async () => {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        const store = await PostgresSessionStore.fromDrizzle(drizzle({ client }));
        const close = store.close.bind(store);
        const ended = { done: false };
        store.close = async () => {
          await close();
          if (!ended.done) await client.end();
          ended.done = true;
        };
        store[Symbol.asyncDispose] = () => store.close();
        return store;
      },
      insert: inDrizzle,
      count,
      hasOneConnection: true,
    },
  };

  test.each(
    Object.keys(subjects).flatMap((kind) =>
      Object.keys(OWN_TRANSACTIONS).map((name) => [kind, name] as const),
    ),
  )('%s: %s', async (kind, name) => {
    await OWN_TRANSACTIONS[name]?.(subjects[kind] as OwnTransactionSubject);
  });

  test.each(['a URL', 'a Drizzle database over a pool'])(
    '%s: a statement of the application that failed rolls everything back, though it was caught',
    async (kind) => {
      await using store = (await subjects[kind]?.open()) as PostgresSessionStore;
      const id = randomUUID();
      const caught = store.transaction(async (tx) => {
        await tx.session(id).addItems([message('a')]);
        await Promise.resolve(subjects[kind]?.insert(tx.client, '\0')).catch(() => undefined);
      });
      await expect(caught).rejects.toMatchObject({ name: 'SessionError' });
      expect(await store.session(id).getItems()).toEqual([]);
    },
  );

  test('a lost answer to the COMMIT is OUTCOME_UNKNOWN, and nothing is made again', async () => {
    await using proxy = await startProxy(server, { protocol: 'postgres' });
    await using store = await PostgresSessionStore.fromUrl(proxy.url(url), {
      exactlyOnce: true,
      retryDelay: 10,
    });
    const id = randomUUID();
    let calls = 0;
    const lost = store.transaction(async (tx) => {
      calls++;
      await tx.session(id).addItems([message('a')]);
      proxy.cut({ when: 'answered', sql: /^COMMIT/ });
    });
    await expect(lost).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false });
    expect(calls).toBe(1);
    expect(await store.session(id).getItems()).toHaveLength(1);
  });

  test('a connection that is lost before the callback is made again', async () => {
    await using proxy = await startProxy(server, { protocol: 'postgres' });
    await using store = await PostgresSessionStore.fromUrl(proxy.url(url), { retryDelay: 10 });
    const id = randomUUID();
    proxy.cut({ when: 'sent', sql: /^BEGIN/ });
    let calls = 0;
    await store.transaction(async (tx) => {
      calls++;
      await tx.session(id).addItems([message('a')]);
    });
    expect(calls).toBe(1);
    expect(await store.session(id).getItems()).toHaveLength(1);
  });

  test('the client has a type', async () => {
    await using store = await PostgresSessionStore.fromUrl(url);
    const rows = await store.transaction(async (tx) => (await tx.client.query('SELECT 7 AS n')).rows);
    expect(rows).toEqual([{ n: 7 }]);
    await using drizzled = await PostgresSessionStore.fromDrizzle(drizzle({ client: pool }));
    const found = await drizzled.transaction<unknown, DrizzlePostgresTransaction>(async (tx) => {
      expectTypeOf(tx.client).toEqualTypeOf<DrizzlePostgresTransaction>();
      return tx.client.execute(sql`SELECT 7 AS n` as never);
    });
    expect(found).toMatchObject({ rows: [{ n: 7 }] });
  });
});
