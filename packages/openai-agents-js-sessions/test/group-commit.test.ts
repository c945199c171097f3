// Promises: Exactly once; Durable; Turns share commits.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { AgentInputItem } from '@openai/agents-core';
import { moduleRunner, temporaryFolder } from '@stackone/test-environment';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import Database from 'better-sqlite3';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { expect, test, vi } from 'vitest';
import { openSessionStore, type SessionStore } from '../src/index.js';

const runModule = moduleRunner(import.meta.dirname);

/** A turn of two items. */
function turn(text: string): AgentInputItem[] {
  return [
    { role: 'user', content: text },
    { role: 'user', content: `${text}, again` },
  ];
}

/** Adds a turn and gives `stored`, or the code of the error. */
async function add(store: SessionStore, sessionId: string, text: string, operationId?: string) {
  try {
    await store.session(sessionId).addItems(turn(text), undefined, operationId ? { operationId } : {});
    return 'stored';
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

async function contents(store: SessionStore, sessionId: string): Promise<unknown[]> {
  const items = await store.session(sessionId).getItems();
  return items.map((item) => (item as { content?: unknown }).content);
}

/** Ids that no other test uses. */
function newIds(count: number): string[] {
  const prefix = randomUUID();
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
}

/** Ten conversations with two turns each, all at once, one of them with a text that the database refuses. */
async function expectOnlyTheGuiltyFails(store: SessionStore, refused: string, code: string): Promise<void> {
  const ids = newIds(10);
  const guilty = ids[5] as string;
  const turns = ids.flatMap((id) => [
    add(store, id, id === guilty ? refused : 'first'),
    add(store, id, 'second'),
  ]);
  const ends = await Promise.all(turns);
  expect(ends).toEqual(ends.map((_, index) => (index === 10 ? code : 'stored')));
  for (const id of ids) {
    const rest = ['second', 'second, again'];
    expect(await contents(store, id)).toEqual(id === guilty ? rest : ['first', 'first, again', ...rest]);
  }
}

const REFUSING_TRIGGER = {
  postgres: [
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'check_violation'; END $$`,
    `CREATE TRIGGER refuse BEFORE INSERT ON agent_messages FOR EACH ROW
     WHEN (NEW.message_data LIKE '%refuse me%') EXECUTE FUNCTION refuse()`,
  ],
  mysql: [
    `CREATE TRIGGER refuse BEFORE INSERT ON agent_messages FOR EACH ROW
     IF NEW.message_data LIKE '%refuse me%' THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 3819; END IF`,
  ],
  sqlite: [
    `CREATE TRIGGER refuse BEFORE INSERT ON agent_messages WHEN NEW.message_data LIKE '%refuse me%'
     BEGIN SELECT RAISE(ABORT, 'no'); END`,
  ],
};

/** Runs statements over a connection that stays open until the function that it returns is called. */
async function rawConnection(url: string, statements: readonly string[]): Promise<() => Promise<void>> {
  if (url.startsWith('postgres')) {
    const client = new pg.Client(url);
    await client.connect();
    for (const statement of statements) await client.query(statement);
    return () => client.end();
  }
  const connection = await mysql.createConnection(url.replace(/^mariadb:/, 'mysql:'));
  for (const statement of statements) await connection.query(statement);
  return () => connection.end();
}

describeEngine(['postgres', 'pgbouncer', 'mysql', 'mariadb'], ({ engine, server, url }) => {
  const family = engine === 'postgres' || engine === 'pgbouncer' ? 'postgres' : 'mysql';

  test('a turn that a trigger refuses fails alone', async () => {
    await using store = await openSessionStore(url);
    await (await rawConnection(url, REFUSING_TRIGGER[family]))();
    await expectOnlyTheGuiltyFails(store, 'refuse me', 'CONSTRAINT_VIOLATED');
  });

  /** The request that ends an append: on PostgreSQL it is the only one. */
  const commit = family === 'postgres' ? /^WITH (batch|locked)/ : /\bCOMMIT$/i;

  test('connection cut at COMMIT: every turn of the commit says that its end is not known, and none doubles', async () => {
    await using proxy = await startProxy(server, { protocol: engine });
    await using store = await openSessionStore(proxiedUrl(url, proxy));
    await add(store, 'warm', 'up');
    proxy.cut({ when: 'answered', sql: commit, nth: 2 });
    const ids = newIds(8);
    const ends = await Promise.all(ids.map((id) => add(store, id, 'once')));
    expect(ends).toEqual(['stored', ...ids.slice(1).map(() => 'OUTCOME_UNKNOWN')]);
    for (const id of ids) expect(await contents(store, id)).toEqual(['once', 'once, again']);
    expect(proxy.cuts).toBe(1);
  });

  test.each(['sent', 'answered', 'before'] as const)(
    'connection cut at COMMIT (%s): turns with operation ids are repeated, and stored once',
    async (when) => {
      await using proxy = await startProxy(server, { protocol: engine });
      await using store = await openSessionStore(proxiedUrl(url, proxy), { retryDelay: 10 });
      await add(store, 'warm', 'up');
      proxy.cut({ when, sql: commit, nth: 2 });
      const ids = newIds(8);
      const ends = await Promise.all(ids.map((id) => add(store, id, 'once', `operation of ${id}`)));
      expect(ends).toEqual(ids.map(() => 'stored'));
      for (const id of ids) expect(await contents(store, id)).toEqual(['once', 'once, again']);
      expect(proxy.cuts).toBe(1);
    },
  );

  test('connection cut at COMMIT, with exactlyOnce: the store repeats the turns, and stores them once', async () => {
    await using proxy = await startProxy(server, { protocol: engine });
    const options = { exactlyOnce: true, retryDelay: 10 };
    await using store = await openSessionStore(proxiedUrl(url, proxy), options);
    await add(store, 'warm', 'up');
    for (const nth of [1, 2]) {
      proxy.cut({ when: 'answered', sql: commit, nth });
      const ids = newIds(4);
      expect(await Promise.all(ids.map((id) => add(store, id, 'once')))).toEqual(ids.map(() => 'stored'));
      for (const id of ids) expect(await contents(store, id)).toEqual(['once', 'once, again']);
    }
    expect(proxy.cuts).toBe(2);
  });

  test('four processes on the same conversations: no deadlock reaches a caller', async () => {
    await (await openSessionStore(url)).close();
    const [prefix] = newIds(1);
    const before = await deadlocks();
    const outputs = await Promise.all(
      ['w', 'x', 'y', 'z'].map((name) =>
        runModule(
          `import { openSessionStore } from '@stackone/openai-agents-js-sessions';
           const [url, prefix, name] = process.argv.slice(-3);
           const store = await openSessionStore(url, { max: 3 });
           const errors = [];
           await Promise.all(Array.from({ length: 24 }, async (_, caller) => {
             for (let round = 0; round < 10; round++) {
               const session = store.session(prefix + '-' + ((caller * 7 + round) % 12));
               const text = name + caller + '.' + round;
               const items = [0, 1].map((n) => ({ role: 'user', content: text + (n ? ', again' : '') }));
               await session.addItems(items).catch((error) => errors.push(error.code ?? String(error)));
             }
           }));
           await store.close();
           console.log(JSON.stringify(errors));`,
          url,
          String(prefix),
          name,
        ),
      ),
    );
    expect(outputs.map((output) => JSON.parse(output))).toEqual([[], [], [], []]);
    await using store = await openSessionStore(url);
    const stored = await Promise.all(
      Array.from({ length: 12 }, (_, index) => contents(store, `${prefix}-${index}`)),
    );
    expect(stored.flat()).toHaveLength(4 * 24 * 10 * 2);
    for (const texts of stored) {
      for (let at = 0; at < texts.length; at += 2) expect(texts[at + 1]).toBe(`${texts[at]}, again`);
    }
    console.info(
      `${engine}: ${(await deadlocks()) - before} deadlocks in 960 turns of four processes, none told`,
    );
  });

  /** How many deadlocks the server has counted. */
  async function deadlocks(): Promise<number> {
    if (family === 'postgres') {
      const client = new pg.Client(url);
      await client.connect();
      const { rows } = await client.query(
        'SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()',
      );
      await client.end();
      return rows[0].n;
    }
    const connection = await mysql.createConnection(url.replace(/^mariadb:/, 'mysql:'));
    const [rows] = await connection.query(
      engine === 'mariadb'
        ? "SHOW GLOBAL STATUS LIKE 'Innodb_deadlocks'"
        : "SELECT count AS Value FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'",
    );
    await connection.end();
    return Number((rows as { Value: unknown }[])[0]?.Value);
  }
});

/** The same database through a proxy. */
function proxiedUrl(url: string, { host, port }: { host: string; port: number }): string {
  const proxied = new URL(url);
  proxied.host = `${host}:${port}`;
  return proxied.href;
}

/**
 * One conversation is locked by a connection of somebody else, and no wait for a lock ends by itself: whatever is stored
 * meanwhile did not wait. The test ends the waits, as a server does after its timeout.
 */
async function expectLockToDelayItsOwnCommit(url: string): Promise<void> {
  await using store = await openSessionStore(url, { timeout: 0 });
  const [stuck, ...ids] = newIds(6) as [string, ...string[]];
  for (const id of [stuck, ...ids]) await add(store, id, 'before');
  const lock = `SELECT * FROM agent_sessions WHERE session_id = '${stuck}' FOR UPDATE`;
  const release = await rawConnection(url, ['BEGIN', lock]);
  try {
    const alone = add(store, ids[0] as string, 'alone');
    const guilty = add(store, stuck, 'shared');
    const others = ids.slice(1, 4).map((id) => add(store, id, 'shared'));
    expect(await alone).toBe('stored');
    const end = await waitForLock(url);
    expect(await add(store, ids[4] as string, 'later')).toBe('stored');
    await end();
    // the guilty turn waits a second time, and they do not
    expect(await Promise.all(others)).toEqual(['stored', 'stored', 'stored']);
    await (await waitForLock(url))();
    expect(await guilty).toBe('BUSY');
  } finally {
    await release();
  }
  expect(await contents(store, stuck)).toEqual(['before', 'before, again']);
}

/** Waits until a statement waits for a lock, and gives a function that ends it. */
async function waitForLock(url: string): Promise<() => Promise<unknown>> {
  const isPostgres = url.startsWith('postgres');
  const [find, end] = isPostgres
    ? [
        `SELECT pid AS id FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
        'SELECT pg_cancel_backend(:id)',
      ]
    : [
        `SELECT id FROM information_schema.innodb_trx JOIN information_schema.processlist ON id = trx_mysql_thread_id
         WHERE trx_state = 'LOCK WAIT' AND db = DATABASE()`,
        'KILL QUERY :id',
      ];
  const { id } = await vi.waitUntil(async () => (await rowsOf(url, find))[0], { timeout: 100_000 });
  return () => rowsOf(url, end.replace(':id', String(id)));
}

async function rowsOf(url: string, statement: string): Promise<{ id?: unknown }[]> {
  if (url.startsWith('postgres')) {
    const client = new pg.Client(url);
    await client.connect();
    const { rows } = await client.query(statement);
    await client.end();
    return rows;
  }
  const connection = await mysql.createConnection(url.replace(/^mariadb:/, 'mysql:'));
  const [rows] = await connection.query(statement);
  await connection.end();
  return rows as { id?: unknown }[];
}

const LOCKED = 'a conversation that stays locked delays only the turns of its own commit, and them once';

describeEngine(['postgres'], ({ url }) => {
  test(LOCKED, () => expectLockToDelayItsOwnCommit(url));
});

describeEngine(
  ['mysql', 'mariadb'],
  { settings: { innodb_lock_wait_timeout: '600', max_allowed_packet: '1M' } },
  ({ url }) => {
    test(LOCKED, () => expectLockToDelayItsOwnCommit(url));

    test('a turn that no packet can hold fails alone', async () => {
      await using store = await openSessionStore(url);
      await expectOnlyTheGuiltyFails(store, 'x'.repeat(2_000_000), 'ITEM_TOO_LARGE');
    });
  },
);

test('SQLite: a turn that a trigger refuses fails alone', async () => {
  const file = join(temporaryFolder(), 'conversations.db');
  await using store = await openSessionStore(`sqlite:${file}`);
  const database = new Database(file);
  for (const statement of REFUSING_TRIGGER.sqlite) database.exec(statement);
  database.close();
  await expectOnlyTheGuiltyFails(store, 'refuse me', 'CONSTRAINT_VIOLATED');
});

test('SQLite: a database that stays locked is waited for once, and every turn is told', async () => {
  const file = join(temporaryFolder(), 'conversations.db');
  await using store = await openSessionStore(`sqlite:${file}`, { busyTimeout: 200 });
  await store.open();
  const database = new Database(file);
  database.exec('BEGIN IMMEDIATE');
  const ids = newIds(3);
  const runs = vi.spyOn(Object.getPrototypeOf(database.prepare('BEGIN IMMEDIATE')), 'run');
  expect(await Promise.all(ids.map((id) => add(store, id, 'x')))).toEqual(['BUSY', 'BUSY', 'BUSY']);
  const waits = runs.mock.contexts.filter(
    (statement) => (statement as { source: string }).source === 'BEGIN IMMEDIATE',
  );
  expect(waits).toHaveLength(1);
  runs.mockRestore();
  database.close();
  expect(await Promise.all(ids.map((id) => add(store, id, 'x')))).toEqual(['stored', 'stored', 'stored']);
});
