import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type HistoryItem, isSessionError, type StoreSession } from '@stackone/sessions-core';
import { firstOf, someOf, variants, wholeMatrix } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as drizzlePostgresJs } from 'drizzle-orm/postgres-js';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DrizzlePostgresDatabase, PostgresSessionStore, type PostgresTarget } from '../src/index.js';
import { FAILURES } from './failures.js';
import { contents, message } from './messages.js';

/** Throws in place of the answer to a statement, which the server has carried out. */
class Fault {
  #next: { readonly which: RegExp | number; readonly error: () => unknown } | undefined;
  /** Statements since it was armed. */
  statements = 0;
  hits = 0;

  /** @param which - The next statement that fits, or the nth one. `COMMIT` is that of a transaction of a driver too. */
  arm(which: RegExp | number, error: () => unknown): void {
    this.#next = { which, error };
    this.statements = 0;
    this.hits = 0;
  }

  strike(sql: string): void {
    this.statements++;
    if (!this.#next) return;
    const { which, error } = this.#next;
    if (typeof which === 'number' ? which !== this.statements : !which.test(sql)) return;
    this.#next = undefined;
    this.hits++;
    throw error();
  }
}

function faultyClient(fault: Fault): typeof pg.Client {
  class FaultyClient extends pg.Client {
    async faulty(sql: string | { readonly text: string }, values?: unknown[], done?: never) {
      if (typeof values === 'function' || done)
        return super.query(sql as never, values as never, done as never); // pool.query()
      const result = await super.query(sql as never, values ?? []);
      fault.strike(typeof sql === 'string' ? sql : sql.text);
      return result;
    }
  }
  Object.defineProperty(FaultyClient.prototype, 'query', { value: FaultyClient.prototype.faulty });
  return FaultyClient;
}

interface Drizzle {
  execute(query: unknown): Promise<unknown>;
  transaction(work: (transaction: Drizzle) => Promise<unknown>, ...config: unknown[]): Promise<unknown>;
}

/** A Drizzle database whose statements and transactions fail after they are done. */
function faultyDatabase(db: object, fault: Fault): DrizzlePostgresDatabase {
  const faulty = (real: Drizzle): Drizzle => ({
    execute: async (query) => {
      const result = await real.execute(query);
      fault.strike(JSON.stringify(query, (key, value) => (key === 'decoder' ? undefined : value)));
      return result;
    },
    transaction: async (work, ...config) => {
      const result = await real.transaction((transaction) => work(faulty(transaction)), ...config);
      fault.strike('COMMIT');
      return result;
    },
  });
  const calls = faulty(db as Drizzle);
  // no single connection: the pool is hidden behind it
  return { ...calls, $client: () => undefined } as unknown as DrizzlePostgresDatabase;
}

interface Case {
  readonly verb: string;
  /** Which of its statements commits by itself; absent where it is a transaction. */
  readonly commits?: 1 | 2;
  call(store: PostgresSessionStore, id: string): Promise<unknown>;
  /** What is stored after it was carried out once, where `a`, `b` and `c` were. */
  readonly once: Partial<Stored>;
  /** Whether it may be made again after an unknown outcome, and then finds that it is done. */
  readonly repeatable?: true;
}

/** A conversation, the one that may be made of it, and the title of the first. */
interface Stored {
  readonly items: readonly string[];
  readonly other: readonly string[];
  readonly title: string | undefined;
}

const BEFORE: Stored = { items: ['a', 'b', 'c'], other: [], title: undefined };

const otherThan = (id: string) => `${id} other`;

/** The history is read before the fault is armed. */
const withHistory =
  (change: (session: StoreSession, history: readonly HistoryItem[]) => Promise<unknown>) =>
  async (store: PostgresSessionStore, id: string) =>
    change(store.session(id), HISTORIES.get(id) ?? []);
const HISTORIES = new Map<string, readonly HistoryItem[]>();

const CASES: readonly Case[] = [
  {
    verb: 'addItems',
    commits: 1,
    call: (store, id) => store.session(id).addItems([message('d'), message('e')]),
    once: { items: ['a', 'b', 'c', 'd', 'e'] },
  },
  {
    verb: 'addItems with an operation id',
    commits: 1,
    call: (store, id) => store.session(id).addItems([message('d')], undefined, { operationId: 'turn' }),
    once: { items: ['a', 'b', 'c', 'd'] },
    repeatable: true,
  },
  {
    verb: 'popItem',
    commits: 1,
    call: (store, id) => store.session(id).popItem(),
    once: { items: ['a', 'b'] },
  },
  {
    verb: 'clearSession',
    commits: 1,
    call: (store, id) => store.session(id).clearSession(),
    once: { items: [] },
  },
  {
    verb: 'applyHistoryTransaction',
    commits: 2,
    call: async (store, id) =>
      store.session(id).applyHistoryTransaction?.({
        operationId: 'edit',
        transaction: {
          type: 'replace_suffix',
          expectedSuffix: [message('c')],
          replacement: [message('x'), message('y')],
        },
      }),
    once: { items: ['a', 'b', 'x', 'y'] },
    repeatable: true,
  },
  {
    verb: 'rewind',
    commits: 2,
    call: withHistory((session, history) => session.rewind(history[1]?.id ?? '')),
    once: { items: ['a'] },
  },
  {
    verb: 'removeItem',
    commits: 2,
    call: withHistory((session, history) => session.removeItem(history[1]?.id ?? '')),
    once: { items: ['a', 'c'] },
  },
  {
    verb: 'replaceItem',
    commits: 2,
    call: withHistory((session, history) => session.replaceItem(history[1]?.id ?? '', message('x'))),
    once: { items: ['a', 'x', 'c'] },
  },
  {
    verb: 'sessions.update',
    call: (store, id) => store.sessions.update(id, { title: 'title' }),
    once: { title: 'title' },
  },
  {
    verb: 'sessions.fork',
    call: (store, id) => store.sessions.fork(id, otherThan(id)),
    once: { other: ['a', 'b', 'c'] },
  },
  { verb: 'sessions.delete', call: (store, id) => store.sessions.delete(id), once: { items: [] } },
];

/** A fork, and then a removal as that of `delete`. */
const RENAME: Case = {
  verb: 'sessions.rename',
  call: (store, id) => store.sessions.rename(id, otherThan(id)),
  once: { items: [], other: ['a', 'b', 'c'] },
};

/** One of each kind. */
const FEW = FAILURES.filter((error) =>
  [
    'ECONNRESET',
    'EHOSTUNREACH',
    'EPROTO',
    '57P01',
    '40001',
    'XX000',
    'CONNECTION_CLOSED',
    undefined,
  ].includes((error() as { code?: string } | null)?.code),
);

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

  describe.each(firstOf(Object.entries(targets)))('over %s', (name, target) => {
    const failures = wholeMatrix ? FAILURES : FEW;
    let store: PostgresSessionStore;
    beforeAll(async () => {
      store = await new PostgresSessionStore(target(), { retryDelay: 1 }).open();
    });

    /** A conversation of three items. */
    const prepared = async (): Promise<string> => {
      const id = randomUUID();
      await store.session(id).addItems(BEFORE.items.map(message));
      HISTORIES.set(id, (await store.session(id).history()).data);
      return id;
    };
    const stored = async (id: string): Promise<Stored> => ({
      items: contents(await store.session(id).getItems()),
      other: contents(await store.session(otherThan(id)).getItems()),
      title: (await store.sessions.retrieve(id))?.title,
    });
    /** What a call is told whose nth statement, or COMMIT, is answered with an error after it was carried out. */
    const told = async ({ call }: Case, id: string, which: RegExp | number, error: () => unknown) => {
      fault.arm(which, error);
      const answer = await call(store, id).then(
        () => 'done',
        (thrown: unknown) => (isSessionError(thrown) ? thrown.code : thrown),
      );
      const { hits, statements } = fault;
      fault.arm(/^$/, error);
      return { answer, hits, statements };
    };

    test.each([...CASES, RENAME])(
      '$verb: done, and told as unknown, whatever is thrown after it',
      async (one) => {
        const wrong: unknown[] = [];
        const after = { ...BEFORE, ...one.once };
        for (const error of failures) {
          const id = await prepared();
          const { answer, hits } = await told(one, id, one.commits ?? /^COMMIT/, error);
          const found = await stored(id);
          const expected = one.repeatable ? 'done' : 'OUTCOME_UNKNOWN';
          if (hits !== 1 || answer !== expected || !isDeepStrictEqual(found, after))
            wrong.push({ error: error(), hits, answer, found });
        }
        expect(wrong).toEqual([]);
      },
    );

    const several = variants(CASES, [RENAME]).filter(({ commits }) => commits !== 1);
    test.each(several)(
      '$verb: what is told is what is stored, whatever is thrown for a statement before the one that commits',
      async (one) => {
        const wrong: unknown[] = [];
        const after = { ...BEFORE, ...one.once };
        const { statements } = await told(one, await prepared(), /^$/, () => undefined);
        expect(statements).toBeGreaterThan(1);
        for (let nth = 1; nth < statements; nth++) {
          // the statements are the same over each driver
          for (const error of someOf(FEW, nth, wholeMatrix && name === 'a pool of pg')) {
            const id = await prepared();
            const { answer, hits } = await told(one, id, nth, error);
            const found = await stored(id);
            const isTrue = answer === 'done' ? after : answer === 'OUTCOME_UNKNOWN' ? undefined : BEFORE;
            if (hits !== 1 || !isDeepStrictEqual(found, isTrue))
              wrong.push({ nth, error: error(), hits, answer, found });
          }
        }
        expect(wrong).toEqual([]);
      },
    );

    test('with an operation id: made again, stored once', async () => {
      for (const error of failures) {
        const session = store.session(randomUUID());
        fault.arm(/INSERT INTO/, error);
        await session.addItems([message('a')], undefined, { operationId: 'turn' });
        expect(contents(await session.getItems())).toEqual(['a']);
      }
    });

    test('turns that share a commit are not made again one by one', async () => {
      for (const error of failures) {
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

  test('one client of the application whose ROLLBACK failed serves no call any more', async () => {
    const client = new (faultyClient(fault))(url);
    client.on('error', () => {});
    await client.connect();
    const store = await PostgresSessionStore.fromDrizzle(drizzle({ client }), { maxRetries: 0 });
    const session = store.session(randomUUID());
    await session.addItems([message('a')]);
    fault.arm(/^SELECT 1/, () => {
      fault.arm(/^rollback/, () => Object.assign(new Error('x'), { code: 'XX000', severity: 'ERROR' }));
      return Object.assign(new Error('x'), { code: '55P03', severity: 'ERROR' });
    });
    await expect(store.sessions.fork(session.sessionId, randomUUID())).rejects.toMatchObject({
      code: 'BUSY',
    });
    expect(fault.hits).toBe(1);
    await expect(session.addItems([message('b')])).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
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

    const answer = (severity: string, code: string) => () =>
      Object.assign(new Error('x'), { code, severity });

    test.each<[string, () => unknown]>([
      ['no word of a server', () => new Error('x')],
      ...['XX000', '57P01', '57P02', '57P03', '57P05', '25P03', '25P04', '40001'].map(
        (code): [string, () => unknown] => [`FATAL ${code}`, answer('FATAL', code)],
      ),
      // read-only, ending, not the primary, no place left: what poolers and proxies also tell without ending the session
      ...['25006', '57P01', '57P03', '08006', '08P01', '53300'].map((code): [string, () => unknown] => [
        `ERROR ${code}`,
        answer('ERROR', code),
      ]),
    ])('does not go back after %s', async (_, error) => {
      const store = await open();
      const before = await backend();
      fault.arm(/^INSERT INTO|^WITH/, error);
      await expect(store.session(randomUUID()).addItems([message('a')])).rejects.toThrow();
      expect(await backend()).not.toBe(before);
      const edited = store.session(randomUUID());
      await edited.addItems([message('a')]);
      const now = await backend();
      fault.arm(/^SELECT 1/, error);
      await expect(store.sessions.fork(edited.sessionId, randomUUID())).rejects.toThrow();
      expect(await backend()).not.toBe(now);
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
      await expect(store.sessions.fork(session.sessionId, randomUUID())).rejects.toMatchObject({
        code: 'BUSY',
      });
      expect(await backend()).not.toBe(before);
      for (const text of ['b', 'c']) await session.addItems([message(text)]);
      const { rows } = await plain.query('SELECT 1 FROM agent_messages WHERE session_id = $1', [
        session.sessionId,
      ]);
      expect(rows.length).toBe(3);
    });

    test.each(['23514', '40001', '40P01', '55P03', '57014', '42501', '53100'])(
      'stays after ERROR %s',
      async (code) => {
        const store = await open();
        const before = await backend();
        fault.arm(/^WITH|^INSERT/, answer('ERROR', code));
        await expect(store.session(randomUUID()).addItems([message('a')])).rejects.toThrow();
        expect(await backend()).toBe(before);
      },
    );
  });
});
