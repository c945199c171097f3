import { randomUUID } from 'node:crypto';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { DRIZZLES, driverUrl, failOnWarning, rowsOf, SERVERS } from './databases.js';
import { contents, messages, texts, textsOf } from './items.js';

describeEngine(SERVERS, ({ url }) => {
  let pool: mysql.Pool;
  beforeAll(async () => {
    pool = mysql.createPool(driverUrl(url));
    await pool.promise().query('CREATE TABLE orders (id VARCHAR(64) PRIMARY KEY)');
    await (await MysqlSessionStore.fromUrl(url)).close();
  });
  afterAll(() => pool.promise().end());

  const ordered = async (id: string) =>
    (await rowsOf(url, `SELECT 1 FROM orders WHERE id = '${id}'`)).length > 0;

  describe.each(Object.entries(DRIZZLES))('%s', (_name, drizzle) => {
    const kinds = {
      'over a pool': () => ({ client: pool, end: async () => undefined }),
      'over one connection': () => {
        const client = mysql.createConnection(driverUrl(url));
        return { client, end: () => client.promise().end() };
      },
    };
    test.each(Object.entries(kinds))(
      '%s: a turn and an order commit or roll back together',
      async (_kind, open) => {
        const { client, end } = open();
        const db = drizzle({ client });
        const store = await MysqlSessionStore.fromDrizzle(db);
        const id = randomUUID();
        const failed = db.transaction(async (tx) => {
          await tx.execute(`INSERT INTO orders (id) VALUES ('${id}')`);
          await store.with(tx).session(id).addItems(messages(2));
          expect(contents(await store.with(tx).session(id).getItems())).toEqual(['m0', 'm1']);
          throw new Error('changed my mind');
        });
        await expect(failed).rejects.toThrow('changed my mind');
        expect(await ordered(id)).toBe(false);
        expect(await store.session(id).getItems()).toEqual([]);

        await db.transaction(async (tx) => {
          await tx.execute(`INSERT INTO orders (id) VALUES ('${id}')`);
          const joined = store.with(tx);
          // at the same time, through two objects: they take turns in the transaction
          await Promise.all([
            joined.session(id).addItems(messages(3)),
            store.with(tx).session(id).addItems(messages(3, 'n')),
            joined.session(`${id} other`).addItems(messages(1)),
          ]);
          await joined.session(id).popItem();
          await joined.session(`${id} other`).clearSession();
        });
        expect(await ordered(id)).toBe(true);
        expect(contents(await store.session(id).getItems())).toEqual(['m0', 'm1', 'm2', 'n0', 'n1']);
        expect(await store.session(`${id} other`).getItems()).toEqual([]);
        await store.close();
        await end();
      },
    );
  });

  test('on a plain connection, with a store over a pool of its own', async () => {
    await using store = await MysqlSessionStore.fromUrl(url);
    const client = mysql.createConnection(driverUrl(url));
    const id = randomUUID();
    for (const [end, kept] of [
      ['rollback', false],
      ['commit', true],
    ] as const) {
      await client.promise().beginTransaction();
      await client.promise().query('INSERT INTO orders (id) VALUES (?)', [id]);
      await store.with(client.promise()).session(id).addItems(messages(2));
      await client.promise()[end]();
      expect(await ordered(id)).toBe(kept);
      expect(await store.session(id).getItems()).toHaveLength(kept ? 2 : 0);
    }
    await client.promise().end();
  });

  test('a call that fails leaves nothing behind, and the transaction goes on', async () => {
    const backend = await backendOpener({ pool })(failOnWarning);
    const client = mysql.createConnection(driverUrl(url));
    await client.promise().beginTransaction();
    const joined = backend.with(client);
    const sessionId = randomUUID();
    const refuse = () => {
      throw new RangeError('refused');
    };
    await joined.append([{ sessionId, texts: texts(1) }]);
    await expect(joined.edit(sessionId, 1, refuse, { id: 'o', digest: 'd' })).rejects.toThrow('refused');
    await expect(joined.edit(randomUUID(), 1, refuse)).rejects.toThrow('refused');
    await joined.append([{ sessionId, texts: texts(1, 'n') }]);
    await client.promise().commit();
    expect(textsOf(await backend.read(sessionId))).toEqual(['t0', 'n0']);
    await client.promise().end();
  });

  test('what was committed meanwhile is seen, though the transaction has an older snapshot', async () => {
    const backend = await backendOpener({ pool })(failOnWarning);
    const client = mysql.createConnection(driverUrl(url));
    const sessionId = randomUUID();
    const operation = { id: 'o', digest: 'd' };
    await backend.append([{ sessionId, texts: texts(1) }]);
    // MariaDB 11.8 refuses to go on from an old snapshot instead; begun anew, the call works
    await client.promise().query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await client.promise().beginTransaction();
    await client.promise().query('SELECT * FROM agent_messages');
    await backend.append([{ sessionId, texts: texts(1, 'new'), operation }]);
    const joined = backend.with(client);
    const outcome = await joined
      .append([{ sessionId, texts: texts(1, 'twice'), operation }])
      .catch((error: { code: string }) => error.code);
    if (outcome === 'TRANSACTION_CONFLICT') {
      await expect(joined.pop(sessionId)).rejects.toMatchObject({ code: 'NOT_OPEN' });
    } else {
      expect(outcome).toEqual(['repeated']);
      expect(await joined.pop(sessionId)).toMatchObject({ text: '"new0"' });
    }
    await client.promise().rollback();
    expect(textsOf(await backend.read(sessionId))).toEqual(['t0', 'new0']);
    await client.promise().end();
  });

  test('turns with operation ids of two open transactions do not wait for each other', async () => {
    const backend = await backendOpener({ pool })(failOnWarning);
    const clients = [1, 2, 3].map(() => mysql.createConnection(driverUrl(url)));
    for (const client of clients) {
      await client.promise().query('SET SESSION innodb_lock_wait_timeout = 1');
      await client.promise().beginTransaction();
    }
    for (const client of clients) {
      const batch = { sessionId: randomUUID(), texts: texts(2), operation: { id: 'o', digest: 'd' } };
      const joined = backend.with(client);
      expect(await joined.append([batch, batch])).toEqual(['stored', 'repeated']);
      expect(await joined.append([{ ...batch, operation: { id: 'o', digest: 'e' } }])).toEqual(['conflict']);
    }
    for (const client of clients) await client.promise().commit();
    for (const client of clients) await client.promise().end();
  });

  test('calls that change nothing in an open transaction hold up no turn of others', async () => {
    const backend = await backendOpener({ pool })(failOnWarning);
    const id = randomUUID();
    const batchOf = (sessionId: string) => ({
      sessionId,
      texts: texts(1),
      operation: { id: 'o', digest: 'd' },
    });
    const batch = batchOf(`${id} 1`);
    const refused = `${id} 2`;
    // those beside it wait for what a refused call has read
    const neighbour = batchOf(`${id} 3`);
    await backend.append([batch, batchOf(refused), neighbour]);
    const refuse = () => {
      throw new RangeError('refused');
    };
    const client = mysql.createConnection(driverUrl(url));
    const beside = mysql.createConnection(driverUrl(url));
    onTestFinished(() => [client, beside].forEach((one) => void one.destroy()));
    await client.promise().query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await client.promise().beginTransaction();
    const joined = backend.with(client);
    // a savepoint before which nothing was done undoes everything, locks included
    await joined.append([{ sessionId: `${id} 0`, texts: texts(1) }]);
    expect(await joined.append([batch])).toEqual(['repeated']);
    expect(await joined.append([{ ...batch, operation: { id: 'o', digest: 'e' } }])).toEqual(['conflict']);
    await expect(joined.edit(refused, 1, refuse)).rejects.toThrow('refused');
    await expect(joined.edit(refused, 1, refuse, { id: 'p', digest: 'd' })).rejects.toThrow('refused');

    await beside.promise().query('SET SESSION innodb_lock_wait_timeout = 1');
    const others = await backendOpener({ pool: beside }, { maxRetries: 0 })(failOnWarning);
    const operation = { id: 'p', digest: 'd' };
    for (const one of [{ ...neighbour, operation }, batchOf(`${id} 4`)])
      expect(await others.append([one])).toEqual(['stored']);
  });

  test('turns and edits in a transaction are the last change of their conversations', async () => {
    const store = await MysqlSessionStore.fromPool(pool);
    const backend = await backendOpener({ pool })(failOnWarning);
    const [turn, edited, other] = [randomUUID(), randomUUID(), randomUUID()];
    for (const sessionId of [turn, edited, other]) await backend.append([{ sessionId, texts: texts(1) }]);
    const changedAt = async (id: string) => Number((await store.sessions.retrieve(id))?.updatedAt);
    const last = await changedAt(other);
    const client = mysql.createConnection(driverUrl(url));
    await client.promise().beginTransaction();
    const joined = backend.with(client);
    await joined.append([{ sessionId: turn, texts: texts(1), operation: { id: 'o', digest: 'd' } }]);
    await joined.edit(edited, 1, () => ({ append: texts(1) }), { id: 'o', digest: 'd' });
    await client.promise().commit();
    expect(await changedAt(turn)).toBeGreaterThanOrEqual(last);
    expect(await changedAt(edited)).toBeGreaterThanOrEqual(last);
    expect((await store.sessions.list({ limit: 2 })).data.map(({ id }) => id)).toEqual([edited, turn]);
    await client.promise().end();
  });

  test('without a transaction, and after one ended, nothing is written', async () => {
    await using store = await MysqlSessionStore.fromUrl(url);
    const client = mysql.createConnection(driverUrl(url));
    const id = randomUUID();
    const joined = store.with(client);
    await expect(joined.session(id).addItems(messages(1))).rejects.toMatchObject({ code: 'NOT_OPEN' });
    await client.promise().beginTransaction();
    await joined.session(id).addItems(messages(1));
    await client.promise().rollback();
    await expect(joined.session(id).addItems(messages(1))).rejects.toMatchObject({ code: 'NOT_OPEN' });
    expect(await store.session(id).getItems()).toEqual([]);
    await client.promise().end();
  });

  test('with autocommit off a transaction is always open', async () => {
    await using store = await MysqlSessionStore.fromUrl(url);
    const client = mysql.createConnection(driverUrl(url));
    await client.promise().query('SET autocommit = 0');
    const id = randomUUID();
    await store.with(client).session(id).addItems(messages(1));
    expect(await store.session(id).getItems()).toEqual([]);
    await client.promise().commit();
    expect(await store.session(id).getItems()).toHaveLength(1);
    await client.promise().end();
  });

  test('a store over one connection does not commit what the application has begun there', async () => {
    const client = mysql.createConnection(driverUrl(url));
    const store = await MysqlSessionStore.fromPool(client);
    const id = randomUUID();
    await client.promise().beginTransaction();
    await client.promise().query('INSERT INTO orders (id) VALUES (?)', [id]);
    await expect(store.session(id).addItems(messages(1))).rejects.toMatchObject({ code: 'TRANSACTION_OPEN' });
    await store.with(client).session(id).addItems(messages(1));
    await client.promise().rollback();
    expect(await ordered(id)).toBe(false);
    await store.session(id).addItems(messages(1));
    expect(await store.session(id).getItems()).toHaveLength(1);
    await client.promise().end();
  });

  test('after a deadlock inside, nothing is repeated and nothing commits by itself', async () => {
    const backend = await backendOpener({ pool })(failOnWarning);
    const [one, other] = [randomUUID(), randomUUID()];
    for (const sessionId of [one, other]) await backend.append([{ sessionId, texts: texts(1) }]);
    const clients = [1, 2].map(() => mysql.createConnection(driverUrl(url)));
    const [left, right] = clients.map((client) => backend.with(client)) as [
      ReturnType<typeof backend.with>,
      ReturnType<typeof backend.with>,
    ];
    for (const client of clients) await client.promise().beginTransaction();
    await left.append([{ sessionId: one, texts: texts(1, 'left') }]);
    await right.append([{ sessionId: other, texts: texts(1, 'right') }]);
    const outcomes = await Promise.allSettled([
      left.append([{ sessionId: other, texts: texts(1, 'left') }]),
      right.append([{ sessionId: one, texts: texts(1, 'right') }]),
    ]);
    const victim = outcomes.findIndex(({ status }) => status === 'rejected');
    expect(outcomes[victim]).toMatchObject({ reason: { code: 'TRANSACTION_CONFLICT', retryable: true } });
    expect(outcomes[1 - victim]?.status).toBe('fulfilled');
    const loser = victim === 0 ? left : right;
    await expect(loser.append([{ sessionId: one, texts: texts(1, 'late') }])).rejects.toMatchObject({
      code: 'NOT_OPEN',
    });
    for (const client of clients) await client.promise().commit();
    const winner = victim === 0 ? 'right0' : 'left0';
    for (const id of [one, other]) expect(textsOf(await backend.read(id))).toEqual(['t0', winner]);
    for (const client of clients) await client.promise().end();
  });

  test('what is no transaction is refused', async () => {
    await using store = await MysqlSessionStore.fromUrl(url);
    for (const value of [{}, null, 'tx']) expect(() => store.with(value as never)).toThrow(TypeError);
  });
});
