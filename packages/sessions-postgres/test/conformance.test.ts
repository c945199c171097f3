import { backendConformance, storeConformance } from '@stackone/sessions-core/conformance';
import { describeSuite, wholeMatrix } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { runProgram } from './processes.js';
import { failOnWarning, SUPPORT } from './support.js';

const parts = { tenants: true, limits: true, reopen: true, raw: true, outOfReach: true, inTransaction: true };

let stores = 0;

describeEngine(['postgres', 'pgbouncer'], ({ url }) => {
  const raw = new pg.Pool({ connectionString: url, max: 2 });
  afterAll(() => raw.end());

  async function open(options: PostgresStoreOptions) {
    const store = await PostgresSessionStore.fromUrl(url, options);
    const { sessions = 'agent_sessions', messages = 'agent_messages' } = options.tables ?? {};
    const quoted = (...names: string[]) =>
      [options.schema ?? 'public', ...names].map((name) => `"${name.replaceAll('"', '""')}"`).join('.');
    return {
      store,
      insertRaw: async (id: string, text: string) => {
        await raw.query(`INSERT INTO ${quoted(sessions)} (session_id) VALUES ($1) ON CONFLICT DO NOTHING`, [
          id,
        ]);
        await raw.query(`INSERT INTO ${quoted(messages)} (session_id, message_data) VALUES ($1, $2)`, [
          id,
          text,
        ]);
      },
      reopen: () => PostgresSessionStore.fromUrl(url, options),
      outOfReach: () => {
        const number = stores++;
        const tables = { sessions: `late_sessions_${number}`, messages: `late_messages_${number}` };
        const store = new PostgresSessionStore({ url }, { max: 2, tables, createTables: false });
        return { store, mend: async () => (await PostgresSessionStore.fromUrl(url, { tables })).close() };
      },
      inTransaction: async (work: (transaction: pg.PoolClient) => Promise<unknown>, end: string) => {
        const client = await raw.connect();
        await client.query('BEGIN');
        await work(client);
        await client.query(end);
        client.release();
      },
    };
  }

  const { covered, notCovered } = storeConformance({
    name: 'a URL',
    describe,
    test,
    open: () => open({}),
    supports: { ...SUPPORT, ...parts },
  });

  test('every case of the suite of a store is covered', () => {
    expect(notCovered).toEqual([]);
    expect(covered.length).toBeGreaterThanOrEqual(190);
  });

  if (wholeMatrix)
    storeConformance({
      name: 'a pool of one, other table names, a schema',
      describe,
      test,
      open: () =>
        open({
          max: 1,
          tables: { sessions: 'my "chats"', messages: "rows; -- of $1 ?'" },
          schema: 'the "agents"',
        }),
      supports: { ...SUPPORT, ...parts },
    });

  if (wholeMatrix)
    test('two processes run the suite on one database at the same time', async () => {
      const runs = await Promise.all([1, 2].map(() => runProgram('suite.mjs', { DATABASE_URL: url })));
      for (const { output, code } of runs) {
        expect(output).toMatch(/covered \d{3}/);
        expect(output).toMatch(/^(# |ℹ )fail 0$/m);
        expect(code).toBe(0);
      }
    });

  backendConformance({
    name: 'the port',
    describe: describeSuite,
    test,
    open: async () => {
      const backend = await backendOpener({ url })(failOnWarning);
      return { backend, close: () => backend.close() };
    },
    supports: SUPPORT,
  });
  backendConformance({
    name: 'the port inside a transaction of the application',
    describe: describeSuite,
    test,
    open: async () => {
      const backend = await backendOpener({ pool: raw })(failOnWarning);
      const client = await raw.connect();
      await client.query('BEGIN');
      return {
        backend: backend.with(client),
        close: async () => {
          await client.query('COMMIT');
          client.release();
        },
      };
    },
    supports: SUPPORT,
  });
});
