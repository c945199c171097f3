import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { SessionBackend } from '@stackone/sessions-core/backend';
import { moduleRunner, variants } from '@stackone/test-environment';
import { type FaultProxy, startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { drizzle } from 'drizzle-orm/mysql2';
import { drizzle as oldestDrizzle } from 'drizzle-orm-0.44/mysql2';
import { drizzle as candidateDrizzle } from 'drizzle-orm-rc/mysql2';
import mysql from 'mysql2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MysqlBackend } from '../src/backend.js';
import { MysqlSessionStore } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import {
  connectionsTo,
  driverUrl,
  emptyDatabase,
  FIRST_SERVER,
  failOnWarning,
  rawPool,
  rowsOf,
  SERVERS,
} from './databases.js';
import { contents, messages, texts, textsOf } from './items.js';

const runModule = moduleRunner(import.meta.dirname);

const QUICK = { maxRetries: 3, retryDelay: 20 };

/** From so long on a connection counts as idle, in ms. */
const IDLE = 1001;

/** Ends every other connection to a database, as an administrator or an idle timeout does. */
async function killAll(url: string): Promise<number> {
  const open = await connectionsTo(url);
  const admin = rawPool(url, { connectionLimit: 1, database: 'mysql' });
  for (const { id } of open) await admin.query(`KILL ${id}`).catch(() => undefined);
  await admin.end();
  return open.length;
}

describeEngine(FIRST_SERVER, ({ engine, server, url }) => {
  test('B16: idle connections that the server ended do not surface, ten of them', async () => {
    const database = await emptyDatabase(server);
    const backend = await backendOpener({ url: database }, QUICK)(failOnWarning);
    await Promise.all(
      Array.from({ length: 10 }, () => backend.append([{ sessionId: randomUUID(), texts: texts(1) }])),
    );
    await wait(IDLE);
    expect(await killAll(database)).toBeGreaterThan(5);
    const sessionId = randomUUID();
    await Promise.all(Array.from({ length: 10 }, () => backend.append([{ sessionId, texts: texts(1) }])));
    expect(await backend.read(sessionId)).toHaveLength(10);
    await backend.close();
  });

  test('B16: a server ends connections during calls: what was acknowledged is there once, the rest fails or is repeated', async () => {
    const database = await emptyDatabase(server);
    const backend = await backendOpener({ url: database }, QUICK)(failOnWarning);
    const sessionId = randomUUID();
    const calls = Array.from({ length: 60 }, (_, at) =>
      backend.append([{ sessionId, texts: texts(3, `b${at}:`) }]),
    );
    const settled = Promise.allSettled(calls);
    for (let round = 0; round < 3; round++) await killAll(database);
    const outcomes = await settled;
    const rows = textsOf(await backend.read(sessionId)).map(String);
    for (const [at, { status }] of outcomes.entries()) {
      const found = rows.filter((row) => row.startsWith(`b${at}:`));
      if (status === 'fulfilled') expect(found).toEqual(texts(3, `b${at}:`).map((text) => JSON.parse(text)));
      else expect([0, 3]).toContain(found.length);
    }
    await backend.close();
  });

  describe('connections cut at each step of a call', () => {
    let proxy: FaultProxy;
    let pool: ReturnType<typeof rawPool>;
    let backend: MysqlBackend;
    let ofPool: MysqlBackend;
    beforeAll(async () => {
      proxy = await startProxy(server, { protocol: engine });
      backend = await backendOpener({ url: proxy.url(url) }, QUICK)(failOnWarning);
      pool = rawPool(proxy.url(url));
      ofPool = await backendOpener({ pool }, QUICK)(failOnWarning);
    });
    afterAll(async () => {
      await backend.close();
      await pool.end();
      await proxy.close();
    });

    const steps = [
      [/^START TRANSACTION; .*INSERT INTO `agent_messages`/s, 'a URL'],
      [/^START/, 'a pool'],
      [/^INSERT INTO `agent_sessions`/, 'a pool'],
      [/^INSERT INTO `agent_messages`/, 'a pool'],
    ] as const;
    const moments = ['before', 'sent', 'answered'] as const;
    test.each(steps.flatMap(([sql, target]) => moments.map((when) => ({ when, sql, target }))))(
      'of $target, before COMMIT, $when at $sql: repeated, stored once',
      async ({ when, sql, target }) => {
        const sessionId = randomUUID();
        const cuts = proxy.cuts;
        if (target === 'a URL') {
          await backend.read(sessionId);
          await wait(IDLE);
        }
        proxy.cut({ when, sql });
        expect(
          await (target === 'a URL' ? backend : ofPool).append([{ sessionId, texts: texts(2) }]),
        ).toEqual(['stored']);
        expect(proxy.cuts).toBe(cuts + 1);
        expect(textsOf(await backend.read(sessionId))).toEqual(['t0', 't1']);
      },
    );

    test.each(
      [
        ['in a text with the others', 0, /^START.* COMMIT$/s],
        ['by itself, as the connection was idle', IDLE, /^COMMIT/],
      ].flatMap(([name, idle, sql]) => moments.map((when) => ({ name, idle, sql, when }))) as {
        name: string;
        idle: number;
        sql: RegExp;
        when: (typeof moments)[number];
      }[],
    )('at COMMIT, $when, $name: OUTCOME_UNKNOWN, and never repeated', async ({ idle, sql, when }) => {
      const sessionId = randomUUID();
      const cuts = proxy.cuts;
      await backend.read(sessionId);
      await wait(idle);
      proxy.cut({ when, sql });
      await expect(backend.append([{ sessionId, texts: texts(2) }])).rejects.toMatchObject({
        code: 'OUTCOME_UNKNOWN',
        retryable: false,
      });
      expect(proxy.cuts).toBe(cuts + 1);
      if (when === 'answered') expect(await backend.read(sessionId)).toHaveLength(2);
      if (when === 'before') expect(await backend.read(sessionId)).toHaveLength(0);
    });

    test.each(moments)(
      'at COMMIT, %s: with an operation id it is repeated, and takes effect once',
      async (when) => {
        const sessionId = randomUUID();
        const batch = { sessionId, texts: texts(2), operation: { id: 'o', digest: 'd' } };
        const cuts = proxy.cuts;
        proxy.cut({ when, sql: /\bCOMMIT$/ });
        await backend.append([batch]);
        expect(proxy.cuts).toBe(cuts + 1);
        expect(await backend.append([batch])).toEqual(['repeated']);
        expect(await backend.read(sessionId)).toHaveLength(2);
      },
    );

    test.each<[string, () => SessionBackend, pop: RegExp, clear: RegExp]>([
      ['a URL', () => backend, /^START/, /^START/],
      ['a pool', () => ofPool, /^DELETE/, /^DELETE FROM `agent_sessions`/],
    ])('reads, pops, edits and clears of %s are repeated too', async (_name, backendOf, pop, clear) => {
      const backend = backendOf();
      const sessionId = randomUUID();
      await backend.append([{ sessionId, texts: texts(4) }]);
      proxy.cut({ when: 'sent', sql: /^SELECT CAST/ });
      expect(await backend.read(sessionId, 1)).toHaveLength(1);
      proxy.cut({ when: 'answered', sql: pop });
      expect(await backend.pop(sessionId)).toMatchObject({ text: '"t3"' });
      proxy.cut({ when: 'answered', sql: /^INSERT INTO `agent_messages`/ });
      await backend.edit(sessionId, 'all', () => ({ append: texts(1, 'n') }));
      expect(textsOf(await backend.read(sessionId))).toEqual(['t0', 't1', 't2', 'n0']);
      proxy.cut({ when: 'answered', sql: clear });
      await backend.clear(sessionId);
      expect(await backend.read(sessionId)).toEqual([]);
    });

    test('all idle connections are silently dead: one retry is enough', async () => {
      const wide = await backendOpener(
        { url: proxy.url(url) },
        { maxRetries: 1, retryDelay: 20 },
      )(failOnWarning);
      await Promise.all(Array.from({ length: 10 }, () => wide.read('x')));
      await wait(IDLE);
      proxy.cutAll();
      const sessionId = randomUUID();
      // in the same tick: the driver has not heard of it yet
      await wide.append([{ sessionId, texts: texts(1) }]);
      expect(await wide.read(sessionId)).toHaveLength(1);
      await wide.close();
    });
  });

  describe('a pool of the application', () => {
    const pools = {
      mysql2: (client: mysql.Pool) => client,
      'mysql2/promise': (client: mysql.Pool) => client.promise(),
    };
    test.each(Object.entries(pools))(
      '%s: works on after close(), and after failures inside',
      async (_name, form) => {
        const client = mysql.createPool({ uri: driverUrl(url), connectionLimit: 2 });
        const store = await MysqlSessionStore.fromPool(form(client), QUICK);
        const id = randomUUID();
        await store.session(id).addItems(messages(2));
        await expect(
          store.session(id).addItems([{ role: 'user', content: 'x'.repeat(70 * 1024 * 1024) }]),
        ).rejects.toThrow();
        await store.close();
        await store.close();
        await expect(store.session(id).getItems()).rejects.toMatchObject({ code: 'CLOSED' });
        const [rows] = await client.promise().query('SELECT 1 AS one');
        expect(rows).toEqual([{ one: 1 }]);
        await client.promise().end();
      },
    );

    test.each<[string, mysql.PoolOptions]>([
      ['lists', { rowsAsArray: true }],
      ['names with those of the tables', { nestTables: '_' }],
      ['objects of the tables', { nestTables: true }],
    ])('that makes %s of rows, other values and placeholders', async (_name, rows) => {
      const client = mysql.createPool({
        uri: driverUrl(url),
        ...rows,
        namedPlaceholders: true,
        typeCast: () => 'cast',
        dateStrings: true,
        connectionLimit: 1,
      });
      const store = await MysqlSessionStore.fromPool(client);
      await using plain = await MysqlSessionStore.fromUrl(url);
      const id = randomUUID();
      const session = store.session(id);
      await session.addItems([...messages(2), { role: 'user', content: ':id ? ??' }]);
      expect(contents(await session.getItems())).toEqual(['m0', 'm1', ':id ? ??']);
      expect(contents([await session.popItem()])).toEqual([':id ? ??']);
      await session.addItems(messages(1), undefined, { operationId: 'once' });
      await store.sessions.update(id, { title: 'A', metadata: { a: 'b' } });
      await store.sessions.fork(id, `${id} copy`);
      await store.sessions.rename(`${id} copy`, `${id} other`);
      const found = { idPrefix: id, by: 'id' } as const;
      expect(await store.sessions.list(found)).toEqual(await plain.sessions.list(found));
      expect(await store.sessions.count({ idPrefix: id })).toBe(2);
      const history = await plain.session(id).history();
      expect(await session.history()).toEqual(history);
      const inside = async (tx: Parameters<typeof store.with>[0]) => {
        const joined = store.with(tx).session(id);
        expect(await joined.history()).toEqual(history);
        await joined.addItems(messages(1), undefined, { operationId: 'once' });
        const other = joined.addItems(messages(2), undefined, { operationId: 'once' });
        await expect(other).rejects.toMatchObject({ code: 'OPERATION_CONFLICT' });
        expect(await joined.getItems()).toEqual(history.data.map(({ item }) => item));
      };
      for (const orm of variants<unknown>([drizzle], [oldestDrizzle, candidateDrizzle])) {
        await (orm as typeof drizzle)({ client }).transaction(inside);
      }
      const connection = await client.promise().getConnection();
      await connection.beginTransaction();
      await inside(connection);
      await connection.commit();
      connection.release();
      await client.promise().end();
    });

    test('that would change text on its way is refused', async () => {
      const client = mysql.createPool({ uri: driverUrl(url), charset: 'LATIN1_SWEDISH_CI' });
      await expect(MysqlSessionStore.fromPool(client)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      await client.promise().end();
    });

    test('whose connections the server ends, idle and busy: the pool and the process go on', async () => {
      const database = await emptyDatabase(server);
      const client = mysql.createPool(driverUrl(database));
      const store = await MysqlSessionStore.fromPool(client, QUICK);
      for (let round = 0; round < 3; round++) {
        const calls = Array.from({ length: 20 }, (_, at) =>
          store.session(`chat_${at}`).addItems(messages(2)),
        );
        const settled = Promise.allSettled(calls);
        await killAll(database);
        for (const outcome of await settled) {
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'SessionError' });
        }
        await killAll(database);
      }
      await store.session('after').addItems(messages(1));
      expect(await store.session('after').getItems()).toHaveLength(1);
      for (let at = 0; at < 20; at++) {
        expect((await store.session(`chat_${at}`).getItems()).length % 2).toBe(0);
      }
      await client.promise().end();
    });

    test('one connection that the server ended: each call fails, and none crashes', async () => {
      const client = mysql.createConnection(driverUrl(url));
      client.on('error', () => {}); // as every application has to listen
      const store = await MysqlSessionStore.fromPool(client, { maxRetries: 1, retryDelay: 1 });
      await server.query(`KILL ${client.threadId}`);
      for (const call of [
        () => store.session('one').getItems(),
        () => store.session('one').addItems(messages(1)),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
      }
      client.destroy();
    });

    test('that has ended: CLOSED', async () => {
      const client = mysql.createPool(driverUrl(url));
      const store = await MysqlSessionStore.fromPool(client);
      await client.promise().end();
      await expect(store.session('one').getItems()).rejects.toMatchObject({ code: 'CLOSED' });
    });

    test('options of a pool of our own are refused with it, and so is what is no pool', () => {
      const client = mysql.createPool(driverUrl(url));
      for (const options of [{ max: 1 }, { ssl: true }, { connectionTimeout: 1 }]) {
        expect(() => new MysqlSessionStore({ pool: client }, options)).toThrow(TypeError);
      }
      for (const pool of [{}, null, undefined, 'mysql://x']) {
        expect(() => new MysqlSessionStore({ pool: pool as never })).toThrow(TypeError);
      }
      expect(() => new MysqlSessionStore({ db: {} as never })).toThrow(TypeError);
      expect(() => new MysqlSessionStore({ url }, { maxRetry: 1 } as never)).toThrow(
        /unknown option. Known: .*maxRetries/,
      );
    });
  });

  test('the server can tell whose connections they are', async () => {
    if (engine === 'mysql') {
      await using store = await MysqlSessionStore.fromUrl(url);
      await store.session('one').getItems();
      const rows = await rowsOf(
        url,
        "SELECT DISTINCT ATTR_VALUE AS name FROM performance_schema.session_connect_attrs WHERE ATTR_NAME = 'program_name'",
      );
      expect(rows).toContainEqual({ name: '@stackone/sessions-mysql' });
    } else {
      // MariaDB keeps no attributes unless its performance schema is on
      const [row] = await rowsOf(url, 'SELECT @@performance_schema AS kept');
      expect(String(row?.kept)).toBe('0');
    }
  });

  test('a failed start is forgotten: the next call tries again', async () => {
    const name = `late_${Math.random().toString(36).slice(2)}`;
    const store = new MysqlSessionStore({ url: server.url(name) }, QUICK);
    await expect(store.session('one').getItems()).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' });
    await server.createDatabase(name);
    expect(await store.session('one').getItems()).toEqual([]);
    await store.close();
    await server.dropDatabase(name);
  });

  test('A16: close() ends the connections, twice is fine', async () => {
    const database = await emptyDatabase(server);
    const store = await MysqlSessionStore.fromUrl(database);
    await store.session('one').addItems(messages(1));
    await Promise.all([store.close(), store.close()]);
    await expect.poll(() => connectionsTo(database)).toEqual([]);
  });
});

/** A pool of mysql2 as it is. */
const PLAIN_POOL = `
  import { drizzle } from 'drizzle-orm/mysql2';
import { drizzle as oldestDrizzle } from 'drizzle-orm-0.44/mysql2';
import { drizzle as candidateDrizzle } from 'drizzle-orm-rc/mysql2';
import mysql from 'mysql2';
  const pool = mysql.createPool(process.argv[1]).promise();
  await pool.query('SELECT 1');
  setTimeout(() => { console.log('still here'); process.exit(); }, 2000).unref();
`;

/** A program that neither awaits nor closes; prints what it acknowledged and when it ended after that, in ms. */
const HASTY = `
  import { MysqlSessionStore } from '@stackone/sessions-mysql';
  const [url, ssl] = process.argv.slice(-2);
  const store = new MysqlSessionStore({ url }, JSON.parse(ssl));
  let last = 0;
  for (let at = 0; at < 20; at++) {
    store.session('chat_' + at).addItems([{ role: 'user', content: 'x' }]).then(() => { last = performance.now(); });
  }
  process.on('exit', () => console.log(performance.now() - last));
`;

describeEngine(SERVERS, { tls: {} }, ({ server, url }) => {
  test('A16: a plain pool keeps a program that has ended its work', async () => {
    expect(await runModule(PLAIN_POOL, driverUrl(url))).toBe('still here');
  });

  test.each([false, true])(
    'a program that neither awaits nor closes ends by itself, with all stored; TLS: %s',
    async (tls) => {
      const database = await emptyDatabase(server);
      const ssl = tls ? { ca: server.tls?.ca } : false;
      const idle = Number(await runModule(HASTY, database, JSON.stringify({ ssl })));
      // idle connections that hold a program do so for 30 s
      expect(idle).toBeLessThan(20_000);
      const [row] = await rowsOf(database, 'SELECT COUNT(*) AS n FROM agent_messages');
      expect(Number(row?.n)).toBe(20);
    },
  );

  test('CommonJS: the constructor, a call, and the same end', async () => {
    const code = `
      const { createRequire } = await import('node:module');
      const { MysqlSessionStore } = createRequire(import.meta.url)('@stackone/sessions-mysql');
      const store = new MysqlSessionStore({ url: process.argv.at(-1) });
      store.session('cjs').addItems([{ role: 'user', content: 'x' }]).then(() => console.log('stored'));
    `;
    expect(await runModule(code, url)).toBe('stored');
  });

  test('one that awaits close() gets there', async () => {
    const code = `
      import { MysqlSessionStore } from '@stackone/sessions-mysql';
      const [url, options] = process.argv.slice(-2);
      const store = await MysqlSessionStore.fromUrl(url, JSON.parse(options));
      await store.session('one').addItems([{ role: 'user', content: 'x' }]);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await store.close();
      console.log('closed');
    `;
    for (const ssl of [false, { ca: server.tls?.ca }]) {
      expect(await runModule(code, url, JSON.stringify({ ssl }))).toBe('closed');
    }
  });
});
