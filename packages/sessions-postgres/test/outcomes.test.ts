import { randomUUID } from 'node:crypto';
import { isSessionError, type StoreSession } from '@stackone/sessions-core';
import { describeEngine } from '@stackone/test-servers/vitest';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DrizzlePostgresDatabase, PostgresSessionStore, type PostgresTarget } from '../src/index.js';
import { FAILURES } from './failures.js';
import { contents, message } from './messages.js';

/** Throws in place of the answer to the next statement that fits, which the server has carried out. */
class Fault {
  #next: { readonly sql: RegExp; readonly error: () => unknown } | undefined;
  hits = 0;

  /** @param sql - Of a statement; `COMMIT` is that of a transaction of a driver too. */
  arm(sql: RegExp, error: () => unknown): void {
    this.#next = { sql, error };
  }

  strike(sql: string): void {
    if (!this.#next?.sql.test(sql)) return;
    const { error } = this.#next;
    this.#next = undefined;
    this.hits++;
    throw error();
  }
}

function faultyClient(fault: Fault): typeof pg.Client {
  class FaultyClient extends pg.Client {
    async faulty(sql: string, values?: unknown[], done?: never) {
      if (typeof values === 'function' || done) return super.query(sql, values as never, done as never); // pool.query()
      const result = await super.query(sql, values ?? []);
      fault.strike(sql);
      return result;
    }
  }
  Object.defineProperty(FaultyClient.prototype, 'query', { value: FaultyClient.prototype.faulty });
  return FaultyClient;
}

/** A Drizzle database whose statements and transactions fail after they are done. */
function faultyDatabase(db: object, fault: Fault): DrizzlePostgresDatabase {
  const real = db as {
    execute(query: unknown): Promise<unknown>;
    transaction(...a: unknown[]): Promise<unknown>;
  };
  return {
    execute: async (query: unknown) => {
      const result = await real.execute(query);
      fault.strike(JSON.stringify(query, (key, value) => (key === 'decoder' ? undefined : value)));
      return result;
    },
    transaction: async (...call: unknown[]) => {
      const result = await real.transaction(...call);
      fault.strike('COMMIT');
      return result;
    },
    $client: () => undefined, // no single connection: the pool is hidden behind it
  } as unknown as DrizzlePostgresDatabase;
}

interface Case {
  readonly verb: string;
  /** The statement that commits. */
  readonly sql: RegExp;
  call(session: StoreSession): Promise<unknown>;
  /** The conversation of `a`, `b` and `c` after it was carried out once. */
  readonly once: readonly string[];
}

const CASES: readonly Case[] = [
  {
    verb: 'addItems',
    sql: /INSERT INTO/,
    call: (session) => session.addItems([message('d'), message('e')]),
    once: ['a', 'b', 'c', 'd', 'e'],
  },
  { verb: 'popItem', sql: /DELETE FROM/, call: (session) => session.popItem(), once: ['a', 'b'] },
  { verb: 'clearSession', sql: /^COMMIT/, call: (session) => session.clearSession(), once: [] },
  {
    verb: 'applyHistoryTransaction',
    sql: /^COMMIT/,
    call: async (session) =>
      session.applyHistoryTransaction?.({
        operationId: randomUUID(),
        transaction: {
          type: 'replace_suffix',
          expectedSuffix: [message('c')],
          replacement: [message('x'), message('y')],
        },
      }),
    once: ['a', 'b', 'x', 'y'],
  },
];

describeEngine('postgres:18', ({ url }) => {
  const fault = new Fault();
  const pool = new pg.Pool({ connectionString: url, max: 4, Client: faultyClient(fault) });
  const plain = new pg.Pool({ connectionString: url, max: 4 });
  const sql = postgres(url, { max: 4, onnotice: () => {} });
  afterAll(async () => {
    await Promise.all([pool.end(), plain.end(), sql.end()]);
  });
  const targets: Readonly<Record<string, () => PostgresTarget>> = {
    'a pool of pg': () => ({ pool }),
    'Drizzle over a pool of pg': () => ({ db: drizzle({ client: pool }) }),
    "Drizzle's own calls over a pool of pg": () => ({
      db: faultyDatabase(drizzle({ client: plain }), fault),
    }),
    'Drizzle over postgres.js': () => ({ db: faultyDatabase(drizzlePostgresJs({ client: sql }), fault) }),
  };

  describe.each(Object.entries(targets))('over %s', (_, target) => {
    let store: PostgresSessionStore;
    beforeAll(async () => {
      store = await new PostgresSessionStore(target(), { retryDelay: 1 }).open();
    });

    test.each(CASES)(
      '$verb: done, and told as unknown, whatever is thrown after it',
      async ({ sql: statement, call, once, verb }) => {
        const wrong: unknown[] = [];
        for (const error of FAILURES) {
          const session = store.session(randomUUID());
          await session.addItems([message('a'), message('b'), message('c')]);
          const hits = fault.hits;
          fault.arm(statement, error);
          const told = await call(session).then(
            () => 'done',
            (thrown: unknown) => (isSessionError(thrown) ? thrown.code : thrown),
          );
          const stored = contents(await session.getItems());
          // an edit has an operation id, so it may be made again, and finds that it is done
          const expected = verb === 'applyHistoryTransaction' ? 'done' : 'OUTCOME_UNKNOWN';
          if (fault.hits !== hits + 1 || told !== expected || JSON.stringify(stored) !== JSON.stringify(once))
            wrong.push({ error: error(), hits: fault.hits - hits, told, stored });
        }
        expect(wrong).toEqual([]);
      },
    );

    test('with an operation id: made again, stored once', async () => {
      for (const error of FAILURES) {
        const session = store.session(randomUUID());
        fault.arm(/INSERT INTO/, error);
        await session.addItems([message('a')], undefined, { operationId: 'turn' });
        expect(contents(await session.getItems())).toEqual(['a']);
      }
    });

    test('turns that share a commit are not made again one by one', async () => {
      for (const error of FAILURES) {
        const first = store.session(randomUUID());
        const sessions = Array.from({ length: 8 }, () => store.session(randomUUID()));
        const alone = first.addItems([message('first')]);
        fault.arm(/generate_series/, error);
        const told = await Promise.allSettled(sessions.map((session) => session.addItems([message('a')])));
        await alone;
        const stored = await Promise.all(sessions.map(async (session) => (await session.getItems()).length));
        expect(stored).toEqual(sessions.map(() => 1));
        expect(told.some(({ status }) => status === 'rejected')).toBe(true);
        for (const outcome of told) {
          if (outcome.status === 'rejected')
            expect(outcome.reason).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
        }
      }
    });
  });

  describe.each(['a pool of pg', 'Drizzle over a pool of pg'])('the client, over %s', (name) => {
    const one = new pg.Pool({ connectionString: url, max: 1, Client: faultyClient(fault) });
    afterAll(() => one.end());
    const open = () =>
      new PostgresSessionStore(
        name.startsWith('Drizzle') ? { db: drizzle({ client: one }) } : { pool: one },
        {
          retryDelay: 1,
          maxRetries: 0,
        },
      ).open();
    const backend = async () => (await one.query('SELECT pg_backend_pid() AS pid')).rows[0].pid as number;

    test.each([
      ['FATAL', () => Object.assign(new Error('x'), { code: 'XX000', severity: 'FATAL' })],
      ['no word of a server', () => new Error('x')],
      ['READ_ONLY', () => Object.assign(new Error('x'), { code: '25006', severity: 'ERROR' })],
    ])('does not go back after %s', async (_, error) => {
      const store = await open();
      const before = await backend();
      fault.arm(/^INSERT INTO|^WITH/, error);
      await expect(store.session(randomUUID()).addItems([message('a')])).rejects.toThrow();
      expect(await backend()).not.toBe(before);
    });

    test('does not go back where its ROLLBACK failed: what comes later is stored', async () => {
      const store = await open();
      const session = store.session(randomUUID());
      await session.addItems([message('a')]);
      const rollback = Object.assign(new Error('x'), { code: 'XX000', severity: 'ERROR' });
      fault.arm(/^SELECT 1/, () => {
        fault.arm(/^ROLLBACK/, () => rollback);
        return Object.assign(new Error('x'), { code: '55P03', severity: 'ERROR' });
      });
      const before = await backend();
      await expect(session.clearSession()).rejects.toMatchObject({ code: 'BUSY' });
      expect(await backend()).not.toBe(before);
      for (const text of ['b', 'c']) await session.addItems([message(text)]);
      const { rows } = await plain.query('SELECT 1 FROM agent_messages WHERE session_id = $1', [
        session.sessionId,
      ]);
      expect(rows.length).toBe(3);
    });

    test('stays after an ERROR', async () => {
      const store = await open();
      const before = await backend();
      fault.arm(/^WITH|^INSERT/, () => Object.assign(new Error('x'), { code: '23514', severity: 'ERROR' }));
      await expect(store.session(randomUUID()).addItems([message('a')])).rejects.toMatchObject({
        code: 'CONSTRAINT_VIOLATED',
      });
      expect(await backend()).toBe(before);
    });
  });
});
