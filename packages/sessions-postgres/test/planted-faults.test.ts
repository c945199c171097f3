import { randomUUID } from 'node:crypto';
import { CALLS, type Call, cutAtEachStatement, type ServerSubject } from '@stackone/interruptions';
import { delay } from '@stackone/sessions-core/backend';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { PostgresBackend, type PostgresBackendParts } from '../src/backend.js';
import { surviveDrops } from '../src/connect.js';
import { conversationStatements } from '../src/conversation-statements.js';
import { editStatements } from '../src/edit-statements.js';
import { PoolExecutor } from '../src/executor.js';
import { historyStatement } from '../src/history-statements.js';
import { PostgresSessionStore, schemaSql } from '../src/index.js';
import { runStatements } from '../src/runs.js';
import { type PostgresStatements, postgresNames, statements } from '../src/statements.js';
import { usageStatements } from '../src/usage.js';
import { wholeStatements } from '../src/whole-statements.js';

// Each defect is one change to a statement of ours. With it the check that passes elsewhere must fail here.
describeEngine('postgres:18', ({ url, server, engine }) => {
  const pool = new pg.Pool({ connectionString: url, max: 40 });
  const right = statements(postgresNames(undefined, 'public'), false);
  surviveDrops(pool); // the database goes while connections are still ending
  beforeAll(async () => {
    for (const statement of schemaSql()) await pool.query(statement);
  });
  afterAll(() => pool.end());

  const backendWith = (changed: Partial<PostgresStatements>, parts: Partial<PostgresBackendParts> = {}) =>
    new PostgresBackend({
      executor: new PoolExecutor(pool, 30_000),
      sql: { ...right, ...changed },
      conversationSql: conversationStatements(postgresNames(), {
        metadata: false,
        runs: false,
      }),
      editSql: editStatements(postgresNames(), { withOperations: true, withErasures: false }),
      historySql: historyStatement(postgresNames()),
      usageSql: usageStatements(postgresNames()),
      wholeSql: wholeStatements(postgresNames(), {
        operations: true,
        metadata: false,
        usage: false,
        erasures: false,
        runs: false,
      }),
      runSql: runStatements(postgresNames()),
      metadata: false,
      usage: false,
      runs: false,
      supports: { durable: true, shared: true, edit: true, operations: true, transactions: true },
      readCommitted: true,
      retry: { maxRetries: 0 },
      join: () => {
        throw new Error('not used');
      },
      close: async () => {},
      ...parts,
    });

  const replaced = (text: string, part: string | RegExp, by: string) => {
    const changed = text.replace(part, by);
    expect(changed).not.toBe(text);
    return changed;
  };

  const times = (count: number, work: (index: number) => Promise<unknown>) =>
    Promise.all(Array.from({ length: count }, (_, index) => work(index)));

  const pops = async (backend: PostgresBackend) => {
    const sessionId = randomUUID();
    await backend.append([{ sessionId, texts: Array.from({ length: 40 }, (_, n) => `{"n":${n}}`) }]);
    const popped = await times(40, async () => backend.pop(sessionId));
    return new Set(popped.map((row) => (row as { id?: string } | undefined)?.id)).size;
  };

  test('A8: a store for each conversation takes a connection for each', async () => {
    const count = async (name: string) => {
      const sql = 'SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = $1';
      return (await pool.query<{ n: number }>(sql, [name])).rows[0]?.n;
    };
    const urlOf = (name: string) => `${url}?application_name=${name}`;
    const shared = await PostgresSessionStore.fromUrl(urlOf('one-store'));
    await times(30, (index) => shared.session(`chat_${index}`).getItems());
    expect(await count('one-store')).toBeLessThanOrEqual(10);
    const stores = await Promise.all(
      Array.from({ length: 15 }, () => PostgresSessionStore.fromUrl(urlOf('many-stores'))),
    );
    await Promise.all(stores.map((store, index) => store.session(`chat_${index}`).getItems()));
    expect(await count('many-stores')).toBeGreaterThan(10);
    await Promise.all([shared, ...stores].map((store) => store.close()));
  });

  test('A9: a pop that does not lock the newest row gives nothing to some', async () => {
    expect(await pops(backendWith({}))).toBe(40);
    const pop = replaced(replaced(right.pop, /LIMIT 1 FOR UPDATE/, 'LIMIT 1'), /\$1 FOR UPDATE/, '$1');
    let got = 40;
    // a race that is lost now and then
    for (let round = 0; round < 20 && got === 40; round++) got = await pops(backendWith({ pop }));
    expect(got).toBeLessThan(40);
  });

  // a turn that goes out alone has statements of its own
  const another = [{ sessionId: 'another', texts: ['{}'] }];
  describe.each([
    { statement: 'appendTurn', once: false, others: [] },
    { statement: 'appendTurnOnce', once: true, others: [] },
    { statement: 'append', once: false, others: another },
    { statement: 'appendOnce', once: true, others: another },
  ] as const)('$statement', ({ statement, once, others }) => {
    const append = (sql: string, sessionId: string, texts: string[]) => {
      const operation = once ? { id: randomUUID(), digest: 'd' } : undefined;
      return backendWith({ [statement]: sql }).append([{ sessionId, texts, operation }, ...others]);
    };

    test('A6: a session that is made without regard to others fails for some', async () => {
      const sql = replaced(right[statement], /ON CONFLICT \(session_id\) DO UPDATE[^\n]*/, '');
      const sessionId = randomUUID();
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, () => append(sql, sessionId, ['{}'])),
      );
      expect(results.some(({ status }) => status === 'rejected')).toBe(true);
    });

    test('A17: a time that is drawn before the lock tears the order that Python reads', async () => {
      const inOrder = async (sql: string) => {
        const sessionId = randomUUID();
        await times(40, () => append(sql, sessionId, ['{}', '{}']));
        const order = async (by: string) =>
          (
            await pool.query(`SELECT id FROM agent_messages WHERE session_id = $1 ORDER BY ${by}`, [
              sessionId,
            ])
          ).rows;
        return JSON.stringify(await order('created_at, id')) === JSON.stringify(await order('id'));
      };
      expect(await inOrder(right[statement])).toBe(true);
      const early = replaced(right[statement], 'clock_timestamp()', 'statement_timestamp()');
      let torn = false;
      // a race that is lost now and then
      for (let round = 0; round < 5 && !torn; round++) torn = !(await inOrder(early));
      expect(torn).toBe(true);
    });
  });

  test('a removal that waits for no statement of before is undone by a turn that was on its way', async () => {
    const [blocked, erased] = [`a-${randomUUID()}`, `b-${randomUUID()}`];
    const sql = conversationStatements(postgresNames(), { metadata: false, runs: false });
    const supports = {
      durable: true,
      shared: true,
      edit: true,
      operations: true,
      transactions: true,
      erasure: true,
    };
    const leftWith = async (writers: string) => {
      const backend = backendWith({}, { conversationSql: { ...sql, writers }, supports });
      const { conversations } = backend;
      const others = backendWith({}, { sql: statements(postgresNames(), true), supports });
      await backend.append([blocked, erased].map((sessionId) => ({ sessionId, texts: ['{}'] })));
      const blocker = await pool.connect();
      await blocker.query('BEGIN');
      await blocker.query(right.lock, [blocked]);
      // sees no refusal, takes the locks in their order, and waits for the first
      const late = others.append(
        [blocked, erased].map((sessionId) => ({ sessionId, texts: ['{"late":1}'] })),
      );
      const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
      while ((await pool.query(waiting)).rowCount === 0) await delay(1);
      const removed = conversations.refuse(erased, 60_000).then(() => conversations.remove(erased));
      const unblocked = Promise.race([removed, delay(300)]).then(() => blocker.query('COMMIT'));
      await Promise.all([late, removed, unblocked]);
      blocker.release();
      const left = await backend.read(erased);
      await pool.query('DELETE FROM agent_sessions_erasures');
      await backend.clear(erased);
      return left.length;
    };
    expect(await leftWith(sql.writers)).toBe(0);
    expect(await leftWith('SELECT WHERE false')).toBe(1);
  });

  test('A7: tables that are made without the lock fail for some', async () => {
    const name = await server.createDatabase();
    const own = new pg.Pool({ connectionString: server.url(name), max: 20 });
    surviveDrops(own);
    const clients = await Promise.all(Array.from({ length: 20 }, () => own.connect()));
    const results = await Promise.allSettled(
      clients.map(async (client) => {
        for (const statement of schemaSql()) await client.query(statement);
      }),
    );
    expect(results.some(({ status }) => status === 'rejected')).toBe(true);
    for (const client of clients) client.release();
    await own.end();
    await server.dropDatabase(name);
  });

  test('A11: one parameter for each item fails for 70,000', async () => {
    const parameters = Array.from({ length: 70_000 }, (_, index) => `($${index + 1})`);
    const insert = `SELECT count(*) FROM (VALUES ${parameters.join()}) AS v(x)`;
    await expect(pool.query(insert, parameters)).rejects.toMatchObject({ code: '08P01' });
  });

  test('a removal that commits by itself leaves half a call when the connection is cut', async () => {
    class RemovesFirst extends pg.Client {
      override query(...[sql, ...others]: unknown[]): never {
        const send = (text: unknown) => Reflect.apply(super.query, this, [text, ...others]);
        if (typeof sql !== 'string' || !sql.includes('removed AS (')) return send(sql) as never;
        const removal = replaced(sql, 'message_data = change.text', 'message_data = m.message_data');
        return send(removal).then(() => send(sql)) as never;
      }
    }
    const open = async (through: string) => {
      const own = new pg.Pool({ connectionString: through, max: 1, Client: RemovesFirst });
      surviveDrops(own);
      onTestFinished(() => own.end());
      return PostgresSessionStore.fromPool(own, { maxRetries: 0 });
    };
    const call = CALLS.find(({ name }) => name === 'applyHistoryMutations') as Call;
    const cut = (changed: Partial<ServerSubject>) =>
      cutAtEachStatement(
        { engine, server, url, open: PostgresSessionStore.fromUrl.bind(PostgresSessionStore), ...changed },
        call,
        { statements: 2, roundTrips: 2 },
        0,
      );
    await cut({});
    await expect(cut({ open })).rejects.toThrow(/neither the old history nor the new one/);
  });
});
