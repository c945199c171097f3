// Promises: Order; Durable.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AgentInputItem } from '@openai/agents-core';
import { moduleRunner, temporaryFolder } from '@stackone/test-environment';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { SqliteSessionStore } from '../src/index.js';
import { sqliteNames, statements } from '../src/statements.js';

const runModule = moduleRunner(import.meta.dirname);

const folder = temporaryFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

const turn = (name: string): AgentInputItem[] =>
  [0, 1, 2, 3].map((index) => ({ role: 'user', content: `${name}-${index}` }));

test.each([
  ['sqlite:', (file: string) => `sqlite:${file}`],
  ['sqlite://', (file: string) => `sqlite://${file}`],
  ['sqlite:///', (file: string) => `sqlite:///${file}`],
  ['file:', (file: string) => `file:${encodeURI(file)}`],
  ['file://', (file: string) => pathToFileURL(file).href],
])('%s and the path of a file', async (_scheme, url) => {
  const file = join(folder, `a file with spaces, ü and % ${files++}.db`);
  const store = await SqliteSessionStore.fromUrl(
    url(file.replace('%', url(file).startsWith('file') ? '%' : '%')),
  );
  await store.session('a').addItems(turn('a'));
  await store.close();
  expect(existsSync(file)).toBe(true);
});

test('a relative path', async () => {
  await runModule(
    `import { SqliteSessionStore } from '@stackone/sessions-sqlite';
    process.chdir(process.argv[1]);
    for (const url of ['sqlite:./relative.db', 'sqlite:relative2.db', 'file:./relative%203.db']) await (await SqliteSessionStore.fromUrl(url)).close();`,
    folder,
  );
  for (const name of ['relative.db', 'relative2.db', 'relative 3.db'])
    expect(existsSync(join(folder, name))).toBe(true);
});

test('a database that the store opens: write-ahead log, durable commits, foreign keys', async () => {
  const file = newFile();
  const store = await SqliteSessionStore.fromUrl(`sqlite:${file}`);
  await store.session('a').addItems(turn('a'));
  const other = new Database(file);
  expect(other.pragma('journal_mode', { simple: true })).toBe('wal');
  other.close();
  await store.close();
});

test('the handle of the application keeps its settings and stays open', async () => {
  const database = new Database(newFile());
  database.pragma('foreign_keys = off');
  database.pragma('synchronous = off');
  const store = await SqliteSessionStore.fromDatabase(database);
  await store.session('a').addItems(turn('a'));
  await store.close();
  expect(database.open).toBe(true);
  expect(database.pragma('journal_mode', { simple: true })).toBe('delete');
  expect(database.pragma('foreign_keys', { simple: true })).toBe(0);
  expect(database.pragma('synchronous', { simple: true })).toBe(0);
  expect(database.prepare('SELECT count(*) FROM agent_messages').pluck().get()).toBe(4);
});

test('two in-memory stores share nothing; two sessions of one do', async () => {
  const one = await SqliteSessionStore.fromUrl('sqlite::memory:');
  const other = await SqliteSessionStore.fromUrl('sqlite::memory:');
  await one.session('a').addItems(turn('a'));
  expect(await other.session('a').getItems()).toEqual([]);
  expect(await one.session('a').getItems()).toHaveLength(4);
});

describe('the rows', () => {
  const open = async () => {
    const database = new Database(':memory:');
    const store = await SqliteSessionStore.fromDatabase(database);
    const rows = (sql: string) => database.prepare(sql).all();
    return { database, store, rows };
  };

  test('an ordinary item is its JSON text', async () => {
    const { store, rows } = await open();
    await store.session('a').addItems([{ type: 'message', role: 'user', content: 'é\n"x"' }]);
    expect(rows('SELECT message_data FROM agent_messages')).toEqual([
      { message_data: '{"type":"message","role":"user","content":"é\\n\\"x\\""}' },
    ]);
  });

  test('an empty append and a refused one make no session; popping keeps it; clearing removes it', async () => {
    const { store, rows } = await open();
    const session = store.session('a');
    await session.addItems([]);
    await session.addItems([{ role: 'user', content: () => 1 } as never]).catch(() => {});
    expect(await session.popItem()).toBeUndefined();
    expect(rows('SELECT * FROM agent_sessions')).toEqual([]);
    await session.addItems(turn('a').slice(0, 1));
    await session.popItem();
    expect(rows('SELECT session_id FROM agent_sessions')).toEqual([{ session_id: 'a' }]);
    await session.addItems(turn('a'));
    await session.clearSession();
    expect(rows('SELECT * FROM agent_sessions')).toEqual([]);
    expect(rows('SELECT * FROM agent_messages')).toEqual([]);
  });

  test('every row of a turn has the same time, drawn by the database; appending changes updated_at', async () => {
    const { database, store, rows } = await open();
    await store.session('a').addItems(Array.from({ length: 3000 }, () => turn('a')).flat());
    expect(rows('SELECT DISTINCT created_at FROM agent_messages')).toHaveLength(1);
    database.exec("UPDATE agent_sessions SET updated_at = '2001-01-01 00:00:00'");
    await store.session('a').addItems(turn('b'));
    expect(
      rows("SELECT 1 FROM agent_sessions WHERE updated_at > '2025' AND created_at > '2025'"),
    ).toHaveLength(1);
  });

  test('rows whose times run backwards are read in the order in which they were added (A17)', async () => {
    const { database, store } = await open();
    await store.session('a').addItems([...turn('a'), ...turn('b')]);
    database.exec("UPDATE agent_messages SET created_at = datetime('2026-01-01', -id || ' days')");
    expect(await store.session('a').getItems()).toEqual([...turn('a'), ...turn('b')]);
    expect(await store.session('a').getItems(2)).toEqual(turn('b').slice(2));
  });

  test('ids beyond 2^53 stay exact (B21)', async () => {
    const { database, store } = await open();
    const session = store.session('a');
    store.on('warning', () => {});
    await session.addItems(turn('a'));
    database.exec('UPDATE agent_messages SET id = id + 9007199254740990');
    database.exec(
      `INSERT INTO agent_messages (id, session_id, message_data) VALUES (4611686018427387905, 'a', 'broken')`,
    );
    await session.addItems(turn('b'));
    expect(await session.getItems()).toEqual([...turn('a'), ...turn('b')]);
    expect(await session.getItems(6)).toEqual([...turn('a').slice(2), ...turn('b')]);
    for (const item of [...turn('b').reverse(), ...turn('a').reverse()])
      expect(await session.popItem()).toEqual(item);
    expect(await session.popItem()).toBeUndefined();
  });

  test('40,000 items in one call (A11), and 70,000 (B9)', async () => {
    const { store } = await open();
    for (const count of [40_000, 70_000]) {
      const items = Array.from(
        { length: count },
        (_, index): AgentInputItem => ({ role: 'user', content: `${index}` }),
      );
      await store.session(`${count}`).addItems(items);
      expect(await store.session(`${count}`).getItems()).toEqual(items);
    }
  });

  test('a session cleared by somebody who enforces no foreign keys leaves no operations behind', async () => {
    const { database, store, rows } = await open();
    await store.session('a').addItems(turn('a'));
    database.exec(
      "INSERT INTO agent_sessions_operations (session_id, operation_id, digest) VALUES ('a', 'o', 'd')",
    );
    database.exec(
      "PRAGMA foreign_keys = off; DELETE FROM agent_messages; DELETE FROM agent_sessions WHERE session_id = 'a'",
    );
    expect(rows('SELECT * FROM agent_sessions_operations')).toEqual([]);
  });
});

describe('a transaction of the application', () => {
  const orders = sqliteTable('orders', { id: integer('id').primaryKey(), what: text('what').notNull() });

  const open = async () => {
    const database = new Database(':memory:');
    database.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT NOT NULL)');
    const db = drizzle({ client: database });
    const store = await SqliteSessionStore.fromDrizzle(db);
    return { database, db, store, orderCount: () => db.select().from(orders).all().length };
  };

  test('an order and its turn are stored together', async () => {
    const { db, store, orderCount } = await open();
    db.transaction((tx) => {
      tx.insert(orders).values({ what: 'tea' }).run();
      store.with(tx).session('a').addItems(turn('a'));
    });
    expect(orderCount()).toBe(1);
    expect(await store.session('a').getItems()).toEqual(turn('a'));
  });

  test('names of tables may have a question mark', async () => {
    const db = drizzle({ client: new Database(':memory:') });
    const tables = { sessions: 'who?', messages: 'what ? "when"?' };
    const store = await SqliteSessionStore.fromDrizzle(db, { tables });
    db.transaction((tx) => void store.with(tx).session('a').addItems(turn('a')));
    expect(await store.session('a').getItems()).toEqual(turn('a'));
    await store.sessions.update('a', { title: '?', metadata: { '?': '?' } });
    await store.sessions.fork('a', 'b?');
    await store.sessions.rename('b?', 'c?');
    const found = await store.sessions.list({ idPrefix: 'c?', metadata: { '?': '?' } });
    expect(found.data.map(({ id, title }) => [id, title])).toEqual([['c?', '?']]);
    const history: unknown[] = [];
    db.transaction((tx) => void history.push(store.with(tx).session('c?').history()));
    expect(await history[0]).toEqual(await store.session('c?').history());
    expect(await store.session('c?').getItems()).toEqual(turn('a'));
    await store.sessions.delete('c?');
    expect(await store.sessions.count()).toBe(1);
  });

  test('a full disk is told as that, though SQLite has rolled the savepoint back with all the rest', async () => {
    const { database, db, store, orderCount } = await open();
    database.pragma(`max_page_count = ${Number(database.pragma('page_count', { simple: true })) + 2}`);
    const large = { role: 'user', content: 'large'.repeat(20_000) } as const;
    const place = () =>
      db.transaction((tx) => {
        tx.insert(orders).values({ what: 'tea' }).run();
        store.with(tx).session('a').addItems([large]);
      });
    expect(place).toThrow(expect.objectContaining({ code: 'STORAGE_FULL' }));
    database.pragma('max_page_count = 1000000');
    expect(orderCount()).toBe(0);
    expect(await store.session('a').getItems()).toEqual([]);
  });

  test('a handle whose integers are BigInts works, by itself and through Drizzle', async () => {
    const database = new Database(':memory:').defaultSafeIntegers(true);
    const store = await SqliteSessionStore.fromDatabase(database);
    await store.session('a').addItems(turn('a'), undefined, { operationId: 'o' });
    const db = drizzle({ client: database });
    const joining = await SqliteSessionStore.fromDrizzle(db);
    const long = Array.from({ length: 40 }, () => turn('b')).flat();
    db.transaction((tx) => {
      const session = joining.with(tx).session('b');
      session.addItems(long, undefined, { operationId: 'o' });
      session.popItem();
    });
    expect(await joining.session('a').getItems()).toEqual(turn('a'));
    expect(await joining.session('b').getItems(7)).toEqual(long.slice(-8, -1));
    expect(await store.session('a').popItem()).toEqual(turn('a').at(-1));
    await store.session('a').addItems(turn('a'), undefined, { operationId: 'o' });
    await expect(
      store.session('a').addItems(turn('c'), undefined, { operationId: 'o' }),
    ).rejects.toMatchObject({
      code: 'OPERATION_CONFLICT',
    });
    const history: unknown[] = [];
    db.transaction((tx) => void history.push(joining.with(tx).session('b').history({ limit: 3 })));
    expect(await history[0]).toEqual(await joining.session('b').history({ limit: 3 }));
    await store.sessions.update('a', { title: 'A' });
    expect(await store.sessions.update('a', { title: 'B' })).toMatchObject({ title: 'B', version: 2 });
    await store.sessions.fork('a', 'c');
    expect((await store.sessions.list({ by: 'id' })).data.map(({ id }) => id)).toEqual(['c', 'b', 'a']);
    expect(await store.sessions.count()).toBe(3);
    expect((await store.sessions.delete('c')).deleted).toBe(true);
  });

  test('what rolls the order back rolls the turn back', async () => {
    const { db, store, orderCount } = await open();
    const fail = () =>
      db.transaction((tx) => {
        store.with(tx).session('a').addItems(turn('a'));
        store.with(tx).session('b').clearSession();
        throw new Error('no tea');
      });
    expect(fail).toThrow('no tea');
    expect(orderCount()).toBe(0);
    expect(await store.session('a').getItems()).toEqual([]);
  });

  test('a turn that is refused throws at once, so that the order is rolled back', async () => {
    const { database, db, store, orderCount } = await open();
    database.exec(`CREATE TRIGGER refuse BEFORE INSERT ON agent_messages WHEN NEW.message_data LIKE '%a-3%'
      BEGIN SELECT RAISE(ABORT, 'refused'); END`);
    const place = (items: AgentInputItem[]) => () =>
      db.transaction((tx) => {
        tx.insert(orders).values({ what: 'tea' }).run();
        store.with(tx).session('a').addItems(items);
      });
    expect(place(turn('a'))).toThrow(expect.objectContaining({ code: 'CONSTRAINT_VIOLATED' }));
    expect(place([{ role: 'user', content: () => 1 } as never])).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_VALUE' }),
    );
    expect(orderCount()).toBe(0);
  });

  test('a refused turn leaves nothing behind, even if the application goes on', async () => {
    const { database, db, store, orderCount } = await open();
    database.exec(`CREATE TRIGGER refuse BEFORE INSERT ON agent_messages WHEN NEW.message_data LIKE '%a-3%'
      BEGIN SELECT RAISE(ABORT, 'refused'); END`);
    db.transaction((tx) => {
      const session = store.with(tx).session('a');
      session.addItems(turn('b'));
      expect(() => session.addItems(turn('a'))).toThrow();
      tx.insert(orders).values({ what: 'tea' }).run();
    });
    expect(orderCount()).toBe(1);
    expect(await store.session('a').getItems()).toEqual(turn('b'));
  });

  test('reads, pops and clears inside it, corrupt rows included', async () => {
    const { database, db, store } = await open();
    store.on('warning', () => {});
    await store.session('a').addItems(turn('a'));
    const insert = database.prepare(
      "INSERT INTO agent_messages (session_id, message_data) VALUES ('a', 'broken ?')",
    );
    for (let count = 0; count < 3000; count++) insert.run();
    let results: Promise<unknown>[] = [];
    db.transaction((tx) => {
      const session = store.with(tx).session('a');
      results = [session.getItems(2), session.popItem(), session.getItems()];
    });
    expect(await Promise.all(results)).toEqual([turn('a').slice(2), turn('a')[3], turn('a').slice(0, 3)]);
    expect(database.prepare('SELECT count(*) FROM agent_messages').pluck().get()).toBe(3);
  });

  test('a store that was opened without Drizzle says how to open it', async () => {
    const { db } = await open();
    const store = await SqliteSessionStore.fromUrl('sqlite::memory:');
    expect(store.supports.transactions).toBe(false);
    expect(() => store.with(db)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringContaining('fromDrizzle') }),
    );
  });
});

describe('several processes', () => {
  const writer = `import { SqliteSessionStore } from '@stackone/sessions-sqlite';
    const [url, name, turns] = process.argv.slice(1);
    const store = await SqliteSessionStore.fromUrl(url, { busyTimeout: 100_000 }); // however busy the machine is
    for (let count = 0; count < Number(turns); count++) {
      await store.session('shared').addItems([0, 1, 2, 3].map((index) => ({ role: 'user', content: name + '-' + count + '-' + index })));
    }
    await store.close();`;

  test('ten that start together on an empty file', async () => {
    const url = `sqlite:${newFile()}`;
    await Promise.all(Array.from({ length: 10 }, (_, index) => runModule(writer, url, `${index}`, '1')));
    const store = await SqliteSessionStore.fromUrl(url);
    expect(await store.session('shared').getItems()).toHaveLength(40);
    await store.close();
  });

  test('eight that append 200 turns each to one conversation: every turn whole and in order', async () => {
    const url = `sqlite:${newFile()}`;
    await Promise.all(Array.from({ length: 8 }, (_, index) => runModule(writer, url, `${index}`, '200')));
    const store = await SqliteSessionStore.fromUrl(url);
    const contents = (await store.session('shared').getItems()).map(
      (item) => (item as { content: string }).content,
    );
    expect(contents).toHaveLength(6400);
    const next = new Array<number>(8).fill(0);
    for (let at = 0; at < contents.length; at += 4) {
      const [writer = 0, count = 0] = String(contents[at]).split('-').map(Number);
      expect(contents.slice(at, at + 4)).toEqual([0, 1, 2, 3].map((index) => `${writer}-${count}-${index}`));
      expect(count).toBe(next[writer]);
      next[writer] = count + 1;
    }
    await store.close();
  });
});

describe('the newest rows of a conversation that is 60 % of the table, with 300,000 rows of others after them', () => {
  const { read, readBefore, pop } = statements(sqliteNames());
  const database = new Database(':memory:');
  let touched = 0;

  beforeAll(async () => {
    const store = await SqliteSessionStore.fromDatabase(database);
    await store.session('long').addItems(turn('long'));
    await store.session('other').addItems(turn('other'));
    for (const [id, count] of [
      ['long', 450_000],
      ['other', 300_000],
    ]) {
      database.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
        INSERT INTO agent_messages (session_id, message_data) SELECT '${id}', '{"role":"user"}' FROM n`);
    }
    database.exec('ANALYZE');
    database.function('touch', (_id) => {
      touched++;
      return 1;
    });
  });

  /** The statement with a term in front that sees every row which is looked at. */
  function rowsTouched(statement: string, ...parameters: unknown[]): number {
    const counting = statement.replace('WHERE likelihood', 'WHERE touch(session_id) AND likelihood');
    expect(counting).not.toBe(statement);
    touched = 0;
    database.prepare(counting).all(...parameters);
    return touched;
  }

  test.each([
    ['read, and what edit looks at', read, ['long', 20], 20],
    ['a page before a row', readBefore, ['long', '400000', 20], 20],
    ['pop', pop, ['long'], 1],
  ] as const)('%s: no more rows are touched than are needed', (_name, statement, parameters, needed) => {
    expect(rowsTouched(statement, ...parameters)).toBeLessThanOrEqual(needed + 1);
  });

  test('a plain equality walks over the rows of others', () => {
    const planted = read.replace('likelihood(session_id = ?, 0.000001)', 'session_id = ?');
    touched = 0;
    database.prepare(planted.replace('WHERE', 'WHERE touch(session_id) AND')).all('long', 20);
    expect(touched).toBeGreaterThan(300_000);
  });

  test('rows are updated and removed by their key', () => {
    const { update, remove } = statements(sqliteNames());
    for (const statement of [update, remove]) {
      const steps = database
        .prepare(`EXPLAIN QUERY PLAN ${statement}`)
        .all(...(statement === update ? ['x'] : []), 'long', '1');
      expect(JSON.stringify(steps)).toContain('USING INTEGER PRIMARY KEY (rowid=?)');
    }
  });
});
