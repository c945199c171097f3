import { randomUUID } from 'node:crypto';
import { CALLS, type Call, cutAtEachStatement } from '@stackone/interruptions';
import { SessionError, type SessionErrorCode, SessionStore } from '@stackone/sessions-core';
import { describeEngine } from '@stackone/test-servers/vitest';
import type { Pool } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { MysqlBackend } from '../src/backend.js';
import { conversationStatements } from '../src/conversation-statements.js';
import { promisePool } from '../src/driver-types.js';
import { PoolExecutor } from '../src/executor.js';
import { historyStatement } from '../src/history-statements.js';
import { MysqlSessionStore } from '../src/index.js';
import { GivenPool } from '../src/pools.js';
import { runStatements } from '../src/runs.js';
import { type MysqlStatements, mysqlNames, statements } from '../src/statements.js';
import { usageStatements } from '../src/usage.js';
import { wholeStatements } from '../src/whole-statements.js';
import { rawPool, rowsOf, SERVERS } from './databases.js';
import { texts } from './items.js';

const SUPPORTS = { durable: true, shared: true, edit: true, operations: true, transactions: false };

/** Each test plants the statement of a known defect; what our own statement gives is the first half of it. */
describeEngine(SERVERS, ({ engine, server, url }) => {
  let pool: Pool;
  beforeAll(async () => {
    await (await MysqlSessionStore.fromUrl(url)).close();
    pool = rawPool(url, { connectionLimit: 16 });
  });
  afterAll(() => pool.end());

  function backendWith(fault: Partial<MysqlStatements> = {}, connections = pool): MysqlBackend {
    const sql = { ...statements(mysqlNames()), ...fault };
    return new MysqlBackend({
      executor: new PoolExecutor(new GivenPool(promisePool(connections)), sql, 0),
      sql,
      conversationSql: conversationStatements(mysqlNames(), { metadata: false, runs: false }),
      historySql: historyStatement(mysqlNames()),
      usageSql: usageStatements(mysqlNames()),
      wholeSql: wholeStatements(mysqlNames(), SUPPORTS),
      runSql: runStatements(mysqlNames()),
      createMetadata: '',
      createUsage: '',
      createRuns: '',
      supports: SUPPORTS,
      maxPacket: 1_000_000,
      undoneStaysLocked: false,
      retries: { maxRetries: 0 },
      close: async () => undefined,
      join: () => {
        throw new Error('not here');
      },
    });
  }

  async function expectCaught(
    check: (backend: MysqlBackend) => Promise<boolean>,
    fault: Partial<MysqlStatements>,
  ) {
    expect(await check(backendWith())).toBe(true);
    let caught = false;
    // a race that is lost now and then
    for (let round = 0; round < 5 && !caught; round++) {
      caught = await check(backendWith(fault)).then(
        (right) => !right,
        () => true,
      );
    }
    expect(caught).toBe(true);
  }

  test('A4: an index by CREATE INDEX IF NOT EXISTS, which MySQL does not know', async () => {
    const planted = pool.query('CREATE INDEX IF NOT EXISTS idx_planted ON agent_messages (created_at)');
    if (engine === 'mysql') await expect(planted).rejects.toMatchObject({ errno: 1064 });
    else await planted;
  });

  test('A5: the newest rows by a sub-select with LIMIT', async () => {
    await expectCaught(
      async (backend) => {
        const sessionId = randomUUID();
        await backend.append([{ sessionId, texts: texts(5) }]);
        return (await backend.read(sessionId, 2)).map(({ text }) => text).join() === texts(5).slice(3).join();
      },
      {
        read: (id, limit) =>
          `SELECT id, message_data AS text FROM agent_messages WHERE id IN (SELECT id FROM agent_messages WHERE session_id = '${id}' ORDER BY id DESC LIMIT ${limit})`,
      },
    );
  });

  test('A6: a session that is inserted and not upserted', async () => {
    await expectCaught(
      async (backend) => {
        const sessionId = randomUUID();
        await Promise.all(Array.from({ length: 16 }, () => backend.append([{ sessionId, texts: texts(2) }])));
        return (await backend.read(sessionId)).length === 32;
      },
      { lock: ([id]) => `INSERT INTO agent_sessions (session_id) VALUES ('${id}')` },
    );
  });

  test('A9: a pop without the lock', async () => {
    await expectCaught(
      async (backend) => {
        const sessionId = randomUUID();
        await backend.append([{ sessionId, texts: texts(20) }]);
        const popped = await Promise.all(Array.from({ length: 20 }, () => backend.pop(sessionId)));
        return new Set(popped.map((row) => row?.text)).size === 20;
      },
      { lockExisting: () => 'SELECT 1 AS locked' },
    );
  });

  test('B13: a lock by SELECT ... FOR UPDATE on a row that may be missing', async () => {
    await expectCaught(
      async (backend) => {
        const sessionId = randomUUID();
        const first = `INSERT INTO agent_sessions (session_id) VALUES ('${sessionId}') ON DUPLICATE KEY UPDATE updated_at = updated_at`;
        await Promise.all(
          Array.from({ length: 16 }, () => backend.edit(sessionId, 1, () => ({ append: [first] }))),
        );
        return true;
      },
      {
        lock: ([id = '']) => statements(mysqlNames()).lockExisting(id),
        insertRows: '',
        insertedRow: ({ text }) => text,
      },
    );
  });

  test('B3: a later chunk with a time of its own tears the turn for Python', async () => {
    await expectCaught(
      async (backend) => {
        const sessionId = randomUUID();
        await backend.append([{ sessionId, texts: texts(10_001) }]);
        const times = await rowsOf(
          url,
          `SELECT COUNT(DISTINCT created_at) AS n FROM agent_messages WHERE session_id = '${sessionId}'`,
        );
        return Number(times[0]?.n) === 1;
      },
      { copyTime: () => 'DO 0' },
    );
  });

  test('B21: an update and a delete that do not name the session', async () => {
    await expectCaught(
      async (backend) => {
        const [mine, other] = [randomUUID(), randomUUID()];
        await backend.append([mine, other].map((sessionId) => ({ sessionId, texts: texts(1) })));
        const [row] = await backend.read(other);
        await backend.edit(mine, 1, () => ({ remove: [row?.id ?? ''] }));
        return (await backend.read(other)).length === 1;
      },
      { remove: (_session, ids) => `DELETE FROM agent_messages WHERE id IN (${ids})` },
    );
  });

  describe('a call that is cut at each statement', () => {
    const call = CALLS.find(({ name }) => name === 'popItem') as Call;
    const cut = async (
      fault: Partial<MysqlStatements>,
      told: (error: unknown) => unknown = (error) => error,
    ) => {
      const open = async (through: string) => {
        const own = rawPool(through, { connectionLimit: 1 });
        onTestFinished(() => own.end());
        const backend = backendWith(fault, own);
        const pop = backend.pop.bind(backend);
        backend.pop = (sessionId) =>
          pop(sessionId).catch((error: unknown) => {
            throw told(error);
          });
        return new SessionStore({ name: 'planted', supports: SUPPORTS, open: () => backend });
      };
      await cutAtEachStatement({ engine, server, url, open }, call, { statements: 5, roundTrips: 5 }, 0);
    };

    test('statements that each commit by themselves', async () => {
      await cut({});
      await expect(cut({ begin: 'DO 0' })).rejects.toThrow(/nothing was written, and it was/);
    });

    test('an error that says less than is known, or more', async () => {
      const always = (code: SessionErrorCode) => () => new SessionError(code, 'planted');
      await expect(cut({}, always('OUTCOME_UNKNOWN'))).rejects.toThrow(/statement 1 of 5/);
      await expect(cut({}, always('CONNECTION_FAILED'))).rejects.toThrow(/statement 5 of 5/);
    });
  });
});
