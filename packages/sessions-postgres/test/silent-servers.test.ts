import { randomUUID } from 'node:crypto';
import { firstOf } from '@stackone/test-environment';
import { type FaultProxy, startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PostgresSessionStore, type PostgresTarget } from '../src/index.js';
import { contents, message } from './messages.js';

/** For calls that are not answered. All others are made by a store that waits longer, however busy the machine is. */
const quick = { timeout: 1000, maxRetries: 0 };

interface Through {
  readonly target: PostgresTarget;
  end(): Promise<unknown>;
}

const CLIENTS: Readonly<Record<string, (url: string) => Through>> = {
  'a URL': (url) => ({ target: { url }, end: async () => undefined }),
  'a pool of pg': (connectionString) => {
    const pool = new pg.Pool({ connectionString });
    return { target: { pool }, end: () => pool.end() };
  },
  'Drizzle over a pool of pg': (connectionString) => {
    const pool = new pg.Pool({ connectionString });
    return { target: { db: drizzle({ client: pool }) }, end: () => pool.end() };
  },
  'Drizzle over postgres.js': (url) => {
    // it keeps a connection that hangs until TCP gives it up, so there must be others
    const sql = postgres(url, { max: 20, onnotice: () => {} });
    return { target: { db: drizzlePostgresJs({ client: sql }) }, end: () => sql.end({ timeout: 0 }) };
  },
};

// a server that stops answering without closing anything: each call ends, and what it says is true
describeEngine('postgres:18', ({ server, url }) => {
  describe.each(firstOf(Object.entries(CLIENTS)))('over %s', (_, through) => {
    let proxy: FaultProxy;
    let client: Through;
    let store: PostgresSessionStore;
    let patient: PostgresSessionStore;
    beforeAll(async () => {
      proxy = await startProxy(server, { protocol: 'postgres' });
      client = through(proxy.url(url));
      store = await new PostgresSessionStore(client.target, quick).open();
      patient = await PostgresSessionStore.fromUrl(url);
    });
    afterAll(async () => {
      await proxy.close();
      await client.end();
      await patient.close();
    });
    const told = async ({ sessionId }: { sessionId: string }) =>
      contents(await patient.session(sessionId).getItems());
    const add = ({ sessionId }: { sessionId: string }) => patient.session(sessionId).addItems([message('a')]);
    const unanswered = (sql: RegExp) => proxy.cut({ when: 'answered', sql, instead: () => {} });

    test('a read is CONNECTION_FAILED; others go on meanwhile', async () => {
      const session = store.session(randomUUID());
      await add(session);
      unanswered(/^SELECT .*agent_messages/s);
      const read = session.getItems();
      await store.session(randomUUID()).addItems([message('b')]);
      await expect(read).rejects.toMatchObject({ code: 'CONNECTION_FAILED', retryable: true });
      expect(await told(session)).toEqual(['a']);
    });

    test('a statement that writes is OUTCOME_UNKNOWN', async () => {
      const session = store.session(randomUUID());
      unanswered(/INSERT INTO .*agent_messages/s);
      await expect(session.addItems([message('a')])).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      expect(await told(session)).toEqual(['a']);
      unanswered(/^WITH locked AS MATERIALIZED/);
      await expect(session.popItem()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      expect(await told(session)).toEqual([]);
    });

    test('a transaction is CONNECTION_FAILED before its COMMIT, then OUTCOME_UNKNOWN', async () => {
      const session = store.session(randomUUID());
      await add(session);
      // begin is what postgres.js writes, with the options behind it
      for (const statement of [/^BEGIN/i, /^COMMIT/i]) {
        const fork = { sessionId: randomUUID() };
        unanswered(statement);
        await expect(store.sessions.fork(session.sessionId, fork.sessionId)).rejects.toMatchObject({
          code: statement.test('begin') ? 'CONNECTION_FAILED' : 'OUTCOME_UNKNOWN',
        });
        expect(await told(fork)).toHaveLength(statement.test('begin') ? 0 : 1);
      }
    });

    test('the application’s pool gives no connection: CONNECTION_FAILED', async () => {
      const pool = new pg.Pool({ connectionString: url, max: 1 });
      const other = await PostgresSessionStore.fromPool(pool, quick);
      const taken = await pool.connect();
      for (const call of [
        () => other.session('a').getItems(),
        () => other.session('a').addItems([message('a')]),
      ])
        await expect(call()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
      taken.release();
      expect(await other.session('a').getItems()).toEqual([]);
      await pool.end();
    });

    test('nothing answers any more: every call and close() end, and it goes on when the network is back', async () => {
      const session = store.session(randomUUID());
      await add(session);
      await session.getItems();
      proxy.silent = true;
      const calls = await Promise.allSettled([session.getItems(), store.session('b').getItems()]);
      for (const call of calls) expect(call).toMatchObject({ reason: { code: 'CONNECTION_FAILED' } });
      const other = new PostgresSessionStore({ url: proxy.url(url) }, { ...quick, connectionTimeout: 1000 });
      await expect(other.open()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
      await other.close();
      proxy.silent = false;
      proxy.cutAll();
      const again = await new PostgresSessionStore(client.target, { retryDelay: 50 }).open();
      expect(contents(await again.session(session.sessionId).getItems())).toEqual(['a']);
      await again.close();
    });

    test('close() ends, with a call under way and idle connections', async () => {
      const closing = await new PostgresSessionStore(client.target, quick).open();
      await Promise.all(['a', 'b', 'c'].map((id) => closing.session(id).getItems()));
      proxy.silent = true;
      const read = expect(closing.session('a').getItems()).rejects.toMatchObject({
        code: 'CONNECTION_FAILED',
      });
      await closing.close();
      await read;
      proxy.silent = false;
      proxy.cutAll();
    });
  });

  test('inside a transaction of the application: its client is closed, so that it cannot commit', async () => {
    await using proxy = await startProxy(server, { protocol: 'postgres' });
    const pool = new pg.Pool({ connectionString: proxy.url(url) });
    const store = await PostgresSessionStore.fromPool(pool, quick);
    const session = randomUUID();
    const client = await pool.connect();
    client.on('error', () => {});
    await client.query('BEGIN');
    proxy.cut({ when: 'answered', sql: /INSERT INTO .*agent_messages/s, instead: () => {} });
    await expect(
      store
        .with(client)
        .session(session)
        .addItems([message('a')]),
    ).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
    });
    await expect(client.query('COMMIT')).rejects.toThrow();
    client.release(true);
    expect(await store.session(session).getItems()).toEqual([]);
    await pool.end();
  });

  test('making tables has no limit, as an index may take long', async () => {
    const holder = new pg.Client(url);
    await holder.connect();
    const tables = { sessions: 'slow_sessions', messages: 'slow_messages' };
    await holder.query(`BEGIN; SELECT pg_advisory_xact_lock(hashtext('@stackone/sessions-postgres'))`);
    const opening = PostgresSessionStore.fromUrl(url, { ...quick, tables });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await holder.query('COMMIT');
    await (await opening).close();
    await holder.end();
  });

  test('TCP asks idle connections whether they are alive', async () => {
    const asked: unknown[] = [];
    const { Socket } = await import('node:net');
    const original = Socket.prototype.setKeepAlive;
    Socket.prototype.setKeepAlive = function (this: InstanceType<typeof Socket>, ...parameters: never[]) {
      asked.push(parameters);
      return Reflect.apply(original, this, parameters);
    } as typeof original;
    try {
      await using store = await PostgresSessionStore.fromUrl(url, { max: 1 });
      await store.session('a').getItems();
    } finally {
      Socket.prototype.setKeepAlive = original;
    }
    expect(asked).toContainEqual([true, 30_000]);
  });
});

describeEngine('postgres:18', ({ url }) => {
  test('a server that became a replica: after one READ_ONLY the next call reaches the new one', async () => {
    const admin = new pg.Client(url);
    await admin.connect();
    const role = `primary_${randomUUID().replaceAll('-', '')}`;
    await (await PostgresSessionStore.fromUrl(url)).close();
    await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    await admin.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`);
    await admin.query(`GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`);
    const own = Object.assign(new URL(url), { username: role, password: 'secret' }).href;
    for (const open of [
      async () => ({ store: await PostgresSessionStore.fromUrl(own), end: async () => undefined }),
      async () => {
        const pool = new pg.Pool({ connectionString: own });
        return { store: await PostgresSessionStore.fromPool(pool), end: () => pool.end() };
      },
    ]) {
      // all connections that are made now lead to a server that takes no writes
      await admin.query(`ALTER ROLE ${role} SET default_transaction_read_only = on`);
      const { store, end } = await open();
      await Promise.all(Array.from({ length: 8 }, (_, index) => store.session(`s${index}`).getItems()));
      await admin.query(`ALTER ROLE ${role} RESET default_transaction_read_only`);
      const ids = Array.from({ length: 8 }, () => randomUUID());
      await expect(store.session('a').addItems([message('a')])).rejects.toMatchObject({ code: 'READ_ONLY' });
      await Promise.all(ids.map((id) => store.session(id).addItems([message('b')])));
      for (const id of ids) expect(contents(await store.session(id).getItems())).toEqual(['b']);
      await store.close();
      await end();
    }
    await admin.query(`DROP OWNED BY ${role}`);
    await admin.query(`DROP ROLE ${role}`);
    await admin.end();
  });
});
