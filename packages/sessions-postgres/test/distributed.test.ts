// Promise: Tables split over nodes.
import { randomUUID } from 'node:crypto';
import { backendConformance, storeConformance } from '@stackone/sessions-core/conformance';
import { describeSuite } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as drizzleProxy } from 'drizzle-orm/pg-proxy';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { conversationStatements } from '../src/conversation-statements.js';
import { editStatements } from '../src/edit-statements.js';
import { historyStatement } from '../src/history-statements.js';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.js';
import { runStatements } from '../src/runs.js';
import { postgresNames, statements } from '../src/statements.js';
import { backendOpener } from '../src/store.js';
import { usageStatements } from '../src/usage.js';
import { contents, message } from './messages.js';
import { objectionTo, type RecordedStatement, recordingPool } from './recorded-statements.js';
import { failOnWarning, SUPPORT } from './support.js';

const parts = { tenants: true, limits: true, reopen: true, raw: true, outOfReach: true, inTransaction: true };

const TABLES = { sessions: 'split_sessions', messages: 'split_messages' };
const SPLIT: PostgresStoreOptions = { tables: TABLES, distributed: true };

let stores = 0;

describeEngine('postgres:18', ({ url }) => {
  const sent: RecordedStatement[] = [];
  const pool = recordingPool(url, 10, sent);
  const raw = new pg.Pool({ connectionString: url, max: 2 });
  afterAll(async () => {
    await pool.end();
    await raw.end();
  });

  const keyOf = async (table: string) => {
    const { rows } = await raw.query<{ name: string }>(
      `SELECT attname AS name FROM pg_index, unnest(indkey::int2[]) WITH ORDINALITY AS key(number, position)
       JOIN pg_attribute ON attrelid = '${table}'::regclass AND attnum = number
       WHERE indrelid = '${table}'::regclass AND indisprimary ORDER BY position`,
    );
    return rows.map(({ name }) => name);
  };
  const ids = async (sessionId: string, table = TABLES.messages) =>
    (
      await raw.query<{ id: string }>(`SELECT id FROM ${table} WHERE session_id = $1 ORDER BY id`, [
        sessionId,
      ])
    ).rows.length;

  async function open() {
    return {
      store: await PostgresSessionStore.fromPool(pool, SPLIT),
      insertRaw: async (id: string, text: string) => {
        await raw.query('INSERT INTO split_sessions (session_id) VALUES ($1) ON CONFLICT DO NOTHING', [id]);
        await raw.query('INSERT INTO split_messages (session_id, message_data) VALUES ($1, $2)', [id, text]);
      },
      reopen: () => PostgresSessionStore.fromPool(pool, SPLIT),
      outOfReach: () => {
        const number = stores++;
        const tables = {
          sessions: `late_split_sessions_${number}`,
          messages: `late_split_messages_${number}`,
        };
        const store = new PostgresSessionStore({ url }, { max: 2, tables, createTables: false });
        const mend = async () =>
          (await PostgresSessionStore.fromUrl(url, { tables, distributed: true })).close();
        return { store, mend };
      },
      inTransaction: async (work: (transaction: pg.PoolClient) => Promise<unknown>, end: string) => {
        const client = await pool.connect();
        await client.query('BEGIN');
        await work(client);
        await client.query(end);
        client.release();
      },
    };
  }

  const { notCovered } = storeConformance({
    name: 'a store over tables that are split by conversation',
    describe,
    test,
    open,
    supports: { ...SUPPORT, ...parts },
  });

  backendConformance({
    name: 'the port over tables that are split by conversation',
    describe: describeSuite,
    test,
    open: async () => {
      const backend = await backendOpener({ pool }, SPLIT)(failOnWarning);
      return { backend, close: () => backend.close() };
    },
    supports: SUPPORT,
  });

  backendConformance({
    name: 'the port over such tables inside a transaction of the application',
    describe: describeSuite,
    test,
    open: async () => {
      const backend = await backendOpener({ pool }, SPLIT)(failOnWarning);
      const client = await pool.connect();
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

  test('every case of the suite of a store is covered', () => {
    expect(notCovered).toEqual([]);
  });

  test('no statement of all these cases is one that engines of many nodes refuse, or ask all nodes for without need', () => {
    const ours = sent.filter(({ sql }) => sql.includes('"split_') && !/^CREATE |pg_class/.test(sql));
    expect(new Set(ours.map(({ sql }) => sql)).size).toBeGreaterThan(50);
    const objections = new Map<string, string>();
    for (const { sql } of sent.filter(({ sql }) => !/^CREATE |pg_class/.test(sql))) {
      const objection = objectionTo(sql);
      if (objection) objections.set(sql, objection);
    }
    expect(objections).toEqual(new Map());
  });

  test('what is sent to one server would be objected to', () => {
    const names = postgresNames(undefined, 'public');
    const one = statements(names, true);
    const many = conversationStatements(names, { metadata: true, runs: true });
    const edits = editStatements(names, { withOperations: true, withErasures: true });
    const refused = [
      one.appendTurn,
      one.appendTurnOnce,
      one.append,
      one.appendOnce,
      one.read,
      one.readBefore,
      one.pop,
      edits.clear,
      many.removeOldest,
      many.lease,
      many.forgetOperations({ prefix: '' }, 1, 1)[0],
      historyStatement(names)('a', { limit: 1, oldest: false })[0],
      usageStatements(names, true).record,
      runStatements(names, true).take,
      'SELECT 1 FROM "agent_messages"',
      'DELETE FROM "agent_messages" WHERE id = $1',
      'ROLLBACK TO SAVEPOINT one; RELEASE SAVEPOINT one',
    ];
    for (const sql of refused) expect([sql, objectionTo(sql)]).toEqual([sql, expect.any(String)]);
  });

  test('a transaction never holds turns of two conversations, whatever groupCommit says', async () => {
    const store = await PostgresSessionStore.fromPool(pool, { ...SPLIT, groupCommit: true });
    sent.length = 0;
    const sessions = Array.from({ length: 30 }, () => store.session(randomUUID()));
    await Promise.all(
      sessions.flatMap((session) => [1, 2, 3].map((turn) => session.addItems([message(`turn ${turn}`)]))),
    );
    const open = new Map<object, Set<unknown>>();
    const perCommit: number[] = [];
    for (const { sql, parameters, client } of sent) {
      if (sql.startsWith('BEGIN')) open.set(client, new Set());
      if (sql.startsWith('INSERT INTO "public"."split_messages"')) open.get(client)?.add(parameters[0]);
      if (sql === 'COMMIT') perCommit.push(open.get(client)?.size ?? 0);
    }
    expect(perCommit.length).toBeGreaterThanOrEqual(30);
    expect(new Set(perCommit)).toEqual(new Set([1]));
    for (const session of sessions)
      expect(contents(await session.getItems())).toEqual(['turn 1', 'turn 2', 'turn 3']);
  });

  test('turns of many writers in one conversation stay whole, and in the order of their commits', async () => {
    const sessionId = randomUUID();
    const writers = await Promise.all(
      [1, 2, 3, 4].map(() => PostgresSessionStore.fromUrl(url, { ...SPLIT, max: 4 })),
    );
    const acknowledged: number[] = [];
    await Promise.all(
      writers.flatMap((store, writer) =>
        Array.from({ length: 10 }, async (_, turn) => {
          const number = writer * 10 + turn;
          await store.session(sessionId).addItems([0, 1, 2, 3].map((part) => message(`${number} ${part}`)));
          acknowledged.push(number);
        }),
      ),
    );
    const items = contents((await writers[0]?.session(sessionId).getItems()) ?? []);
    const turns = items.flatMap((item, at) => (at % 4 === 0 ? [Number(item.split(' ')[0])] : []));
    expect(items).toEqual(turns.flatMap((turn) => [0, 1, 2, 3].map((part) => `${turn} ${part}`)));
    expect(turns.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    // Python reads by the time first
    const { rows } = await raw.query(
      'SELECT id FROM split_messages WHERE session_id = $1 ORDER BY created_at, id',
      [sessionId],
    );
    expect(rows.map(({ id }) => Number(id))).toEqual(
      rows.map(({ id }) => Number(id)).toSorted((a, b) => a - b),
    );
    await Promise.all(writers.map((store) => store.close()));
  });

  test('tables that are made have keys that begin with the conversation, no other key and no reference', async () => {
    await (await PostgresSessionStore.fromPool(raw, SPLIT)).close();
    for (const table of [
      'split_messages',
      'split_sessions',
      'split_sessions_operations',
      'split_sessions_metadata',
      'split_sessions_usage',
      'split_sessions_runs',
    ])
      expect([table, (await keyOf(table))[0]]).toEqual([table, 'session_id']);
    const { rows: references } = await raw.query(
      `SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text LIKE 'split_%'`,
    );
    expect(references).toEqual([]);
    const { rows: indexes } = await raw.query<{ first: string }>(
      `SELECT attname AS first FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
       WHERE indrelid = 'split_messages'::regclass`,
    );
    expect(indexes.map(({ first }) => first)).toEqual(indexes.map(() => 'session_id'));
  });

  const modeOf = async (options: PostgresStoreOptions) => {
    const store = await PostgresSessionStore.fromPool(pool, options);
    const session = store.session(randomUUID());
    await session.addItems([message('one'), message('two')]);
    sent.length = 0;
    expect(contents([await session.popItem()])).toEqual(['two']);
    expect(contents(await session.getItems())).toEqual(['one']);
    return sent.some(({ sql }) => sql.startsWith('WITH')) ? 'one server' : 'many nodes';
  };

  test('tables of that form are known by their key', async () => {
    expect(await modeOf({ tables: TABLES })).toBe('many nodes');
    expect(await modeOf({})).toBe('one server');
  });

  test('the option says otherwise: such tables as on one server, and those of one server as if they were split', async () => {
    expect(await modeOf({ tables: TABLES, distributed: false })).toBe('one server');
    const plain = { sessions: 'plain_sessions', messages: 'plain_messages' };
    expect(await modeOf({ tables: plain })).toBe('one server');
    expect(await modeOf({ tables: plain, distributed: true })).toBe('many nodes');
    expect(await keyOf('plain_messages')).toEqual(['id']);
  });

  test('a Drizzle database works on them too', async () => {
    const client = new pg.Client(url);
    await client.connect();
    const open = await PostgresSessionStore.fromDrizzle(drizzle({ client }), { tables: TABLES });
    const session = open.session(randomUUID());
    await session.addItems(Array.from({ length: 1_500 }, (_, n) => message(`$1 ${n}`)));
    expect(await ids(session.sessionId)).toBe(1_500);
    expect(contents(await session.getItems(2))).toEqual(['$1 1498', '$1 1499']);
    await client.end();
  });

  test('a driver without transactions is refused where it is asked for, and works as on one server where it is not', async () => {
    const db = drizzleProxy(async (text, values, method) => {
      const { rows } = await raw.query({
        text,
        values,
        ...(method === 'all' && { rowMode: 'array' as const }),
      } as never);
      return { rows };
    });
    await expect(PostgresSessionStore.fromDrizzle(db, SPLIT)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    const store = await PostgresSessionStore.fromDrizzle(db, { tables: TABLES });
    const session = store.session(randomUUID());
    await session.addItems([message('one')]);
    expect(contents(await session.getItems())).toEqual(['one']);
  });

  test('a conversation that is erased takes no turn that was on its way, without a look at what others do', async () => {
    const store = await PostgresSessionStore.fromPool(pool, SPLIT);
    const sessionId = randomUUID();
    await store.session(sessionId).addItems([message('one')]);
    const holder = await raw.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM split_sessions WHERE session_id = $1 FOR UPDATE', [sessionId]);
    const late = store
      .session(sessionId)
      .addItems([message('late')])
      .then(
        () => 'stored',
        ({ code }) => code as string,
      );
    const other = await PostgresSessionStore.fromPool(pool, SPLIT);
    sent.length = 0;
    const gone = other.sessions.delete({ ids: [sessionId] });
    await expect
      .poll(
        async () =>
          (await raw.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).rowCount,
        {
          timeout: 60_000,
        },
      )
      .toBeGreaterThanOrEqual(2);
    await holder.query('COMMIT');
    holder.release();
    await gone;
    expect(await late).toBe('SESSION_ERASED');
    expect(await ids(sessionId)).toBe(0);
    expect(sent.filter(({ sql }) => sql.includes('pg_locks'))).toEqual([]);
  });
});
