import { randomUUID } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sessionConformance, sessionFeatures } from '@stackone/sessions-core/conformance';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { toSessionError } from '../src/errors.js';
import { PostgresSessionStore } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { DRIVERS_WITHOUT_TRANSACTIONS, startNeonEndpoint } from './drivers-without-transactions.js';
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
