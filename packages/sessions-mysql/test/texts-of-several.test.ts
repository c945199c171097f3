// Promise: Whole turns.
import { randomUUID } from 'node:crypto';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2';
import type { Pool } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { SendTogether } from '../src/driver-types.js';
import { type MysqlDriver, MysqlSessionStore } from '../src/index.js';
import { Line } from '../src/line.js';
import { backendOpener } from '../src/store.js';
import { driverUrl, failOnWarning, rawPool, SERVERS } from './databases.js';
import { messages, texts, textsOf } from './items.js';
import { startRefusingProxy } from './multi-statement-faults.js';

type Callback = (error: unknown, result?: unknown) => void;

/** InnoDB tells its transactions anew only if nobody asked for 0.1 s. */
const SOON = { timeout: 10_000, interval: 250 };

describeEngine(SERVERS, ({ engine, server, url }) => {
  let admin: Pool;
  beforeAll(async () => {
    admin = rawPool(url, { connectionLimit: 3 });
    await (await MysqlSessionStore.fromUrl(url)).close();
  });
  afterAll(() => admin.end());

  test.each([
    ['without an operation id', {}],
    ['with one', { operationId: 'turn' }],
  ])(
    'from a URL to the first stored turn, %s: two round trips behind the connection',
    async (_name, options) => {
      await using proxy = await startProxy(server, { protocol: engine });
      await using store = await MysqlSessionStore.fromUrl(proxy.url(url));
      await store.session(randomUUID()).addItems(messages(2), undefined, options);
      expect(proxy.roundTrips).toBe(2);
    },
  );

  /** A backend by URL, whose connections soon give up waiting for a lock, and the ids of its threads. */
  async function opened(waitSeconds = 1) {
    const threads: number[] = [];
    const createPool = (options: mysql.PoolOptions) => {
      const pool = mysql.createPool(options);
      pool.on('connection', (connection) => {
        threads.push(connection.threadId);
        connection.query(`SET SESSION innodb_lock_wait_timeout = ${waitSeconds}`);
      });
      return pool;
    };
    const driver = { ...mysql, createPool } as unknown as MysqlDriver;
    const backend = await backendOpener({ url }, { driver, maxRetries: 0, max: 1 })(failOnWarning);
    return { backend, threads };
  }

  describe('a turn that fails leaves nothing, neither rows nor locks', () => {
    const batchOf = (sessionId: string) => ({ sessionId, texts: texts(2, 'late') });

    /** Does something while another connection holds the lock of a conversation. */
    async function whileLocked<T>(sessionId: string, work: (holder: mysql.PoolConnection) => Promise<T>) {
      const holder = await admin.getConnection();
      await holder.query('START TRANSACTION');
      await holder.query('SELECT 1 FROM agent_sessions WHERE session_id = ? FOR UPDATE', [sessionId]);
      try {
        return await work(holder as unknown as mysql.PoolConnection);
      } finally {
        await holder.query('ROLLBACK');
        holder.release();
      }
    }

    test('a lock that is not free in time', async () => {
      const { backend } = await opened();
      const [free, held] = [`a ${randomUUID()}`, `b ${randomUUID()}`];
      await backend.append([{ sessionId: held, texts: texts(1) }]);
      await whileLocked(held, async () => {
        const batches = [free, held].map(batchOf);
        await expect(backend.append(batches)).rejects.toMatchObject({ code: 'BUSY' });
      });
      await backend.append([{ sessionId: free, texts: texts(1) }]);
      for (const id of [free, held]) expect(textsOf(await backend.read(id))).toEqual(['t0']);
      await backend.close();
    });

    test('a deadlock', async () => {
      const { backend } = await opened(20);
      const [first, second] = [`a ${randomUUID()}`, `b ${randomUUID()}`];
      await backend.append([first, second].map((sessionId) => ({ sessionId, texts: texts(1) })));
      const outcome = await whileLocked(second, async (holder) => {
        const rival = holder as unknown as Awaited<ReturnType<Pool['getConnection']>>;
        // who has written more is not the one that is rolled back
        const rows = Array.from({ length: 50 }, () => "('x', '{}')").join();
        await rival.query("INSERT INTO agent_sessions (session_id) VALUES ('x')");
        await rival.query(`INSERT INTO agent_messages (session_id, message_data) VALUES ${rows}`);
        const failed = backend.append([first, second].map(batchOf)).catch((error: unknown) => error);
        await vi.waitFor(async () => {
          const [waiting] = await admin.query(
            "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
          );
          expect(waiting).toHaveLength(1);
        }, SOON);
        await rival.query('SELECT 1 FROM agent_sessions WHERE session_id = ? FOR UPDATE', [first]);
        return failed;
      });
      expect(outcome).toMatchObject({ code: 'TRANSACTION_CONFLICT', retryable: true });
      for (const id of [first, second]) expect(textsOf(await backend.read(id))).toEqual(['t0']);
      await backend.append([batchOf(first)]);
      await backend.close();
    });

    test.each([
      ['KILL QUERY', 'BUSY'],
      ['KILL CONNECTION', /^(?:BUSY|CONNECTION_FAILED|OUTCOME_UNKNOWN)$/],
    ])('%s while it waits', async (kill, code) => {
      const { backend, threads } = await opened(20);
      const id = randomUUID();
      await backend.append([{ sessionId: id, texts: texts(1) }]);
      const failed = await whileLocked(id, async () => {
        const ended = backend.append([batchOf(id)]).catch((error: unknown) => error);
        await vi.waitFor(async () => {
          const [waiting] = await admin.query(
            'SELECT 1 FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = ?',
            [threads.at(-1)],
          );
          expect(waiting).toHaveLength(1);
        }, SOON);
        await admin.query(`${kill} ${threads.at(-1)}`);
        return ended;
      });
      expect(failed).toMatchObject({ code: code instanceof RegExp ? expect.stringMatching(code) : code });
      expect(textsOf(await backend.read(id))).toEqual(['t0']);
      await backend.append([batchOf(id)]);
      await backend.close();
    });

    test('rows that a trigger refuses', async () => {
      const { backend } = await opened();
      const id = randomUUID();
      await admin.query(
        "CREATE TRIGGER refusing BEFORE INSERT ON agent_messages FOR EACH ROW IF NEW.message_data = 'no' THEN " +
          "SIGNAL SQLSTATE '45000'; END IF",
      );
      const batch = { sessionId: id, texts: ['fine', 'no'], operation: { id: 'o', digest: 'd' } };
      await expect(backend.append([batch])).rejects.toMatchObject({ code: 'CONSTRAINT_VIOLATED' });
      await admin.query('DROP TRIGGER refusing');
      const [rows] = await admin.query('SELECT 1 FROM agent_sessions WHERE session_id = ?', [id]);
      expect(rows).toEqual([]);
      expect(await backend.append([{ ...batch, texts: texts(1) }])).toEqual(['stored']);
      await backend.close();
    });
  });

  test.each(['by URL', 'over a pool'])(
    '%s: an item that somebody took without a lock while it was popped is not handed out',
    async (kind) => {
      const sessionId = randomUUID();
      let isTaken = false;
      const pool = mysql.createPool({
        uri: driverUrl(url),
        connectionLimit: 1,
        multipleStatements: kind === 'by URL',
      });
      pool.on('connection', (connection) => {
        const query = connection.query.bind(connection) as (
          options: { sql: string },
          callback: Callback,
        ) => unknown;
        const taking = (options: { sql: string }, callback: Callback) =>
          query(options, (...answer) => {
            if (isTaken || !options.sql.includes('LIMIT 1')) return callback(...answer);
            isTaken = true;
            const taken = `DELETE FROM agent_messages WHERE session_id = ? AND message_data = '"t2"'`;
            admin.query(taken, [sessionId]).then(() => callback(...answer), callback);
          });
        Object.assign(connection, { query: taking });
      });
      const driver = { ...mysql, createPool: () => pool } as unknown as MysqlDriver;
      const backend = await (kind === 'by URL'
        ? backendOpener({ url }, { driver })
        : backendOpener({ pool }))(failOnWarning);
      await backend.append([{ sessionId, texts: texts(3) }]);
      expect(await backend.pop(sessionId)).toMatchObject({ text: '"t1"' });
      expect(isTaken).toBe(true);
      expect(textsOf(await backend.read(sessionId))).toEqual(['t0']);
      await backend.close();
      if (kind === 'over a pool') await pool.promise().end();
    },
  );

  test('an operation that was recorded before is repeated or refused, and its turn is there once', async () => {
    const { backend } = await opened();
    const batch = { sessionId: randomUUID(), texts: texts(1), operation: { id: 'o', digest: 'd' } };
    expect(await backend.append([batch])).toEqual(['stored']);
    expect(await backend.append([batch])).toEqual(['repeated']);
    expect(await backend.append([{ ...batch, operation: { id: 'o', digest: 'e' } }])).toEqual(['conflict']);
    const other = { ...batch, sessionId: randomUUID() };
    expect(await backend.append([other, batch])).toEqual(['stored', 'repeated']);
    for (const { sessionId } of [batch, other])
      expect(textsOf(await backend.read(sessionId))).toEqual(['t0']);
    await backend.close();
  });

  test.each(['by the server, as the flag is not passed on', 'by closing the connection'] as const)(
    'a proxy refuses such texts %s: a statement is a request',
    async (refusal) => {
      await using proxy = await startRefusingProxy(server, refusal);
      await using store = await MysqlSessionStore.fromUrl(proxy.url(url), { maxRetries: 0 });
      const session = store.session(randomUUID());
      await session.addItems(messages(3));
      await session.addItems(messages(1, 'n'), undefined, { operationId: 'o' });
      await session.popItem();
      expect(await session.getItems()).toHaveLength(3);
      await session.clearSession();
      expect(proxy.refused()).toBe(1);
    },
  );

  test('the connection of a transaction takes one statement, and all together are no more than max', async () => {
    await using store = await MysqlSessionStore.fromUrl(url, { max: 1 });
    const [user] = (await admin.query('SELECT DATABASE() AS name'))[0] as { name: string }[];
    const mine = async () => {
      const [rows] = await admin.query(
        'SELECT ID FROM information_schema.PROCESSLIST WHERE DB = ? AND ID <> CONNECTION_ID()',
        [user?.name],
      );
      return (rows as unknown[]).length;
    };
    const others = (await mine()) - 1;
    const session = store.session(randomUUID());
    for (let round = 0; round < 2; round++) {
      await session.addItems(messages(1));
      await store.transaction(async (tx) => {
        await tx.session(session.sessionId).addItems(messages(1));
        await expect(tx.client.query('SELECT 1; SELECT 2')).rejects.toMatchObject({ errno: 1064 });
        await vi.waitFor(async () => expect(await mine()).toBeLessThanOrEqual(others + 1), SOON);
      });
      await vi.waitFor(async () => expect(await mine()).toBeLessThanOrEqual(others + 1), SOON);
    }
    await Promise.all([
      store.transaction((tx) => tx.session(session.sessionId).addItems(messages(1))),
      session.addItems(messages(1)),
    ]);
    expect(await session.getItems()).toHaveLength(6);
  });
});

describe('what is known of a text', () => {
  const answer = { rows: [], affectedRows: 0, status: 0 };
  const refusal = (errno: number) => Object.assign(new Error('canary'), { errno, sqlState: 'HY000' });
  const lineOf = (answered: number, error?: Error) => {
    const together: SendTogether = async (_statements, onAnswer) => {
      for (let count = 0; count < answered; count++) onAnswer();
      if (error) throw error;
      return Array.from({ length: answered }, () => answer);
    };
    return new Line(async () => answer, 0, together);
  };
  const TEXT = ['START TRANSACTION', 'INSERT', 'COMMIT'];

  test.each([
    ['all answered', 3, undefined, undefined, false],
    ['stopped between two statements, as by KILL QUERY', 1, undefined, 'BUSY', false],
    ['stopped before the commit', 2, undefined, 'BUSY', false],
    ['the server refused one before the commit', 1, refusal(1205), 'BUSY', false],
    ['the server refused the commit', 2, refusal(1205), 'OUTCOME_UNKNOWN', true],
    ['the network said something', 0, new Error('read ECONNRESET'), 'OUTCOME_UNKNOWN', true],
  ])('%s', async (_name, answered, error, code, broken) => {
    const line = lineOf(answered, error);
    const told = await line.commit(undefined, ...TEXT).then(
      () => undefined,
      (failure: { code: string }) => failure.code,
    );
    expect(told).toBe(code);
    expect(line.broken).toBe(broken);
  });
});
