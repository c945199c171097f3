import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSessionError } from '@stackone/sessions-core';
import { sessionConformance, sessionFeatures } from '@stackone/sessions-core/conformance';
import { describeEngine } from '@stackone/test-servers/vitest';
import { sql as newestSql } from 'drizzle-orm';
import { drizzle as drizzleProxy } from 'drizzle-orm/pg-proxy';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { toSessionError } from '../src/errors.js';
import { type DrizzlePostgresDatabase, PostgresSessionStore } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { DRIVERS_WITHOUT_TRANSACTIONS, startNeonEndpoint } from './drivers-without-transactions.js';
import { FAILURES } from './failures.js';
import { contents, turn } from './messages.js';

/** The tag that the package loads is that of the version under test, as in an application that has only one. */
const installed = vi.hoisted(() => ({ sql: undefined as unknown }));
vi.mock('drizzle-orm/sql', async (original) => {
  const own = await original<typeof import('drizzle-orm/sql')>();
  return {
    ...own,
    sql: (...query: Parameters<typeof own.sql>) => (installed.sql as typeof own.sql)(...query),
  };
});

const HISTORY_METHODS = [
  'applyHistoryTransaction',
  'applyHistoryMutations',
  'replaceHistoryWithCompaction',
] as const;
const supports = { durable: true, shared: true, edit: false, operations: true, transactions: false };

describeEngine('postgres:18', ({ url }) => {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  let stop: () => Promise<void>;
  beforeAll(async () => {
    stop = await startNeonEndpoint(pool);
  });
  afterAll(async () => {
    await stop();
    await pool.end();
  });

  describe.each(DRIVERS_WITHOUT_TRANSACTIONS)('$name', ({ sql, open: openDriver }) => {
    let store: PostgresSessionStore;
    const tables = { sessions: `http_${randomUUID()}`, messages: `items_${randomUUID()}` };
    beforeAll(async () => {
      installed.sql = sql;
      store = await PostgresSessionStore.fromDrizzle(openDriver(pool), { tables });
    });

    test('the store says so, and sessions have no methods that need transactions', () => {
      expect(store.supports).toMatchObject(supports);
      for (const method of HISTORY_METHODS) expect(typeof store.session('a')[method]).toBe('undefined');
    });

    test('it begins no transactions, and calls nobody', async () => {
      expect(store.supports.ownTransactions).toBe(false);
      const work = vi.fn();
      await expect(store.transaction(work)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      expect(work).not.toHaveBeenCalled();
    });

    sessionConformance({
      name: 'the five methods',
      describe,
      test,
      open: () => ({ session: (id) => store.session(id) }),
      supports: sessionFeatures(supports),
    });

    test('rows that are no items are skipped by a pop; one that would have to refuse them is refused itself', async () => {
      const session = store.session('damaged');
      await session.addItems(turn('x'));
      const damage = () =>
        pool.query(
          `INSERT INTO "${tables.messages}" (session_id, message_data) VALUES ('damaged', 'broken'), ('damaged', '5')`,
        );
      await damage();
      expect(contents([await session.popItem()])).toEqual(['x-3']);
      await damage();
      const strict = await PostgresSessionStore.fromDrizzle(openDriver(pool), {
        tables,
        onCorruptItem: 'throw',
      });
      await expect(strict.session('damaged').popItem()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      const count = `SELECT count(*)::int AS n FROM "${tables.messages}" WHERE session_id = 'damaged'`;
      expect((await pool.query(count)).rows).toEqual([{ n: 5 }]);
    });

    test('an edit of the backend is UNSUPPORTED', async () => {
      const backend = await backendOpener({ db: openDriver(pool) }, { tables })(() => {});
      await expect(backend.edit('a', 1, () => ({}))).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    });
  });
});

describeEngine('postgres:18', ({ url }) => {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  afterAll(() => pool.end());
  let fault: { nth: number; error: () => unknown } | undefined;
  let statements = 0;
  /** A database that answers a statement with an error, after it was carried out. */
  const db = drizzleProxy((async (text: string, values: unknown[], method: string) => {
    const { rows } = await pool.query({ text, values, ...(method === 'all' && { rowMode: 'array' }) });
    statements++;
    if (fault?.nth === statements) throw fault.error();
    return { rows };
  }) as never) as unknown as DrizzlePostgresDatabase;

  const ROLLED_BACK = () => Object.assign(new Error('failed'), { code: '57014', severity: 'ERROR' });
  const calls: Readonly<Record<string, (store: PostgresSessionStore, id: string) => Promise<unknown>>> = {
    addItems: (store, id) => store.session(id).addItems(turn('y')),
    popItem: (store, id) => store.session(id).popItem(),
    clearSession: (store, id) => store.session(id).clearSession(),
    'sessions.delete': (store, id) => store.sessions.delete(id),
  };

  test.each(Object.entries(calls))(
    '%s: what is told is true, whatever a statement ends with',
    async (_, call) => {
      installed.sql = newestSql;
      const store = await PostgresSessionStore.fromDrizzle(db, { maxRetries: 0 });
      const told = async (nth: number, error: () => unknown) => {
        fault = undefined;
        const id = randomUUID();
        await store.session(id).addItems(turn('x'), undefined, { operationId: 'o' });
        [fault, statements] = [{ nth, error }, 0];
        return call(store, id).then(
          () => 'done',
          (thrown: unknown) => (isSessionError(thrown) ? thrown.code : thrown),
        );
      };
      expect(await told(0, () => undefined)).toBe('done');
      const last = statements;
      for (let nth = 1; nth <= last; nth++) {
        for (const error of FAILURES) expect(await told(nth, error)).toBe('OUTCOME_UNKNOWN');
        // the server's word is about one statement: those before it stay
        expect(await told(nth, ROLLED_BACK)).toBe(nth === 1 ? 'BUSY' : 'OUTCOME_UNKNOWN');
      }
      fault = undefined;
    },
  );
});

test.each(['drizzle-orm-0.44', 'drizzle-orm', 'drizzle-orm-rc'])(
  'every way in which a driver of %s refuses transactions is known',
  (name) => {
    const folder = join(import.meta.dirname, '../node_modules', name);
    const said = globSync('**/session.js', { cwd: folder }).flatMap((file) =>
      Array.from(
        readFileSync(join(folder, file), 'utf8').matchAll(
          /async transaction\(_transaction[^)]*\) \{\s*throw new Error\("([^"]+)"\)/g,
        ),
        ([, message]) => message,
      ),
    );
    expect(said).toContain('Transactions are not supported by the Postgres Proxy driver');
    expect(said).toContain('No transactions support in neon-http driver');
    const refusals = said.filter((message) => !message?.startsWith('Nested transactions'));
    for (const message of refusals)
      expect(toSessionError(new Error(message), 'connect').code, message).toBe('UNSUPPORTED');
  },
);
