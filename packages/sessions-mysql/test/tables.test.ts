import type { SessionWarning } from '@stackone/sessions-core';
import { moduleRunner } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { desc } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/mysql2';
import mysql from 'mysql2';
import { describe, expect, test } from 'vitest';
import { MysqlSessionStore, type MysqlStoreOptions, schemaSql } from '../src/index.js';
import { sessionTables } from '../src/schema.js';
import { driverUrl, emptyDatabase, failOnWarning, rawPool, rowsOf, SERVERS } from './databases.js';
import { contents, message, messages } from './items.js';

const runModule = moduleRunner(import.meta.dirname);

async function statementsOn(url: string, statements: readonly string[]): Promise<void> {
  const pool = rawPool(url);
  for (const statement of statements) await pool.query(statement);
  await pool.end();
}

/** Opens a store and tells what it warned of. */
async function opened(url: string, options: MysqlStoreOptions = {}) {
  const warnings: SessionWarning[] = [];
  const store = new MysqlSessionStore({ url }, options).on('warning', (warning) => warnings.push(warning));
  await store.open();
  await Promise.resolve();
  return { store, warnings };
}

async function opens(url: string, options?: MysqlStoreOptions): Promise<void> {
  await (await MysqlSessionStore.fromUrl(url, options)).close();
}

/** The statements that an error or a warning says to run. */
function advised({ message }: { message: string }): string[] {
  return message.slice(message.indexOf('Run: ') + 'Run: '.length).split('; ');
}

const TIME = 'TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)';

const INDEXES = [
  ['agent_messages', 'idx_agent_messages_session_id', ['session_id', 'id']],
  ['agent_sessions', 'idx_agent_sessions_changed', ['updated_at', 'session_id']],
] as const;

describeEngine(SERVERS, ({ engine, server }) => {
  const exact = engine === 'mariadb' ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
  const serverKind = engine === 'mariadb' ? 'mariadb' : 'mysql';

  /** Tables made by hand, with the given types. */
  function tables(id: string, text: string, extra = ''): string[] {
    return [
      `CREATE TABLE agent_sessions (session_id ${id} NOT NULL, created_at ${TIME}, updated_at ${TIME}, PRIMARY KEY (session_id))`,
      `CREATE TABLE agent_messages (id BIGINT NOT NULL AUTO_INCREMENT, session_id ${id} NOT NULL, message_data ${text} NOT NULL,
        created_at ${TIME}, PRIMARY KEY (id), FOREIGN KEY (session_id) REFERENCES agent_sessions (session_id) ON DELETE CASCADE${extra})`,
      'CREATE INDEX idx_agent_messages_session_time ON agent_messages (session_id, created_at)',
    ];
  }
  const exactId = `VARCHAR(255) CHARACTER SET utf8mb4 COLLATE ${exact}`;
  const longText = 'LONGTEXT CHARACTER SET utf8mb4';

  test('tables of others with createTables: false: all works but update and late turns that are refused, which say what to run', async () => {
    const url = await emptyDatabase(server);
    await statementsOn(url, tables(exactId, longText));
    const { store } = await opened(url, { createTables: false });
    await store.session('chat').addItems(messages(2));
    expect(store.supports.metadata).toBe(false);
    const refused = await store.sessions.update('chat', { title: 'x' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'UNSUPPORTED' });
    expect(await store.sessions.count({ metadata: { a: 1 } })).toBe(0);
    expect(await store.sessions.retrieve('chat')).toMatchObject({ title: undefined, version: 0 });
    expect(store.supports.erasure).toBe(false);
    const unsafe = store.sessions.delete({ ids: ['chat'] });
    await expect(unsafe).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect((await store.sessions.delete({ ids: ['chat'], refuseFor: 0 })).conversations).toBe(1);
    await store.session('chat').addItems(messages(2));
    const [, statement = ''] = /run: (CREATE.*)/s.exec((refused as Error).message) ?? [];
    expect(schemaSql({ server: serverKind })).toContain(statement);
    await statementsOn(url, schemaSql({ server: serverKind }));
    await store.close();
    const { store: complete } = await opened(url, { createTables: false });
    expect(await complete.sessions.update('chat', { title: 'x' })).toMatchObject({ title: 'x', version: 1 });
    expect((await complete.sessions.delete('chat')).removed.metadata).toBe(1);
    await complete.sessions.delete({ ids: ['chat'] });
    const late = complete.session('chat').addItems(messages(2));
    await expect(late).rejects.toMatchObject({ code: 'SESSION_ERASED' });
    await complete.close();
  });

  test('a user without the right to make tables uses those of others, and is told what is missing', async () => {
    const url = await emptyDatabase(server);
    const database = new URL(url).pathname.slice(1);
    const user = `plain_${database.slice(-20)}`;
    await statementsOn(url, [
      ...tables(exactId, longText),
      `CREATE USER '${user}' IDENTIFIED BY 'p'`,
      ...['agent_sessions', 'agent_messages'].map(
        (table) => `GRANT SELECT, INSERT, UPDATE, DELETE ON \`${database}\`.${table} TO '${user}'`,
      ),
    ]);
    const plain = new URL(url);
    Object.assign(plain, { username: user, password: 'p' });
    const { store, warnings } = await opened(plain.href);
    expect(warnings.map(({ code }) => code)).toEqual(['INDEX_MISSING', 'INDEX_MISSING']);
    expect(store.supports.operations).toBe(false);
    const session = store.session('a');
    await session.addItems(messages(4));
    await session.popItem();
    expect(await session.getItems()).toHaveLength(3);
    expect(typeof session.applyHistoryTransaction).toBe('undefined');
    await session.clearSession();
    await store.close();
    await statementsOn(url, ['DROP TABLE agent_messages']);
    await expect(MysqlSessionStore.fromUrl(plain.href)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await statementsOn(url, [`DROP USER '${user}'`]);
  });

  test('least privilege: schemaSql() by the owner and four privileges on the tables are enough', async () => {
    const url = await emptyDatabase(server);
    const database = new URL(url).pathname.slice(1);
    const user = `least_${database.slice(-20)}`;
    await statementsOn(url, schemaSql({ server: serverKind }));
    const made = (await rowsOf(url, 'SHOW TABLES')).flatMap((row) => Object.values(row));
    await statementsOn(url, [
      `CREATE USER '${user}' IDENTIFIED BY 'p'`,
      ...made.map((table) => `GRANT SELECT, INSERT, UPDATE, DELETE ON \`${database}\`.${table} TO '${user}'`),
    ]);
    const least = Object.assign(new URL(url), { username: user, password: 'p' });
    for (const createTables of [true, false]) {
      const { store, warnings } = await opened(least.href, { createTables });
      const session = store.session('a');
      await session.addItems(messages(4));
      await session.addItems(messages(4), undefined, { operationId: `o${createTables}` });
      await session.popItem();
      const transaction = { type: 'append_items' as const, items: messages(4) };
      await session.applyHistoryTransaction?.({ operationId: 'edit', transaction });
      const { data } = await session.history();
      await session.removeItem(data[0]?.id ?? '');
      expect(await session.getItems()).toHaveLength(10);
      await store.sessions.update('a', { title: 'A' });
      await store.sessions.fork('a', 'b');
      await store.sessions.rename('b', 'c');
      expect((await store.sessions.list({ by: 'id' })).data.map(({ title }) => title)).toEqual(['A', 'A']);
      expect((await store.sessions.delete('c')).deleted).toBe(true);
      expect(await store.sessions.count()).toBe(1);
      await session.clearSession();
      expect(warnings).toEqual([]);
      await store.close();
    }
    await statementsOn(url, [`DROP USER '${user}'`]);
  });

  test('A4: an empty database, the default options, and the first append', async () => {
    const url = await emptyDatabase(server);
    const store = await MysqlSessionStore.fromUrl(url);
    await store.session('one').addItems(messages(1));
    expect(contents(await store.session('one').getItems())).toEqual(['m0']);
    await store.close();
    await opens(url);
  });

  test('A7: ten processes start at once on an empty database, five times', async () => {
    const code = `
      import { MysqlSessionStore } from '@stackone/sessions-mysql';
      const urls = process.argv.slice(-5);
      process.stdout.write('ready ');
      for (const url of urls) {
        const stores = await Promise.all([1, 2].map(() => MysqlSessionStore.fromUrl(url, { maxRetries: 3 })));
        await stores[0].session('one').addItems([{ role: 'user', content: 'x' }]);
      }
    `;
    const urls = await Promise.all(Array.from({ length: 5 }, () => emptyDatabase(server)));
    await Promise.all(Array.from({ length: 10 }, () => runModule(code, ...urls)));
    for (const url of urls) {
      const store = await MysqlSessionStore.fromUrl(url);
      expect(await store.session('one').getItems()).toHaveLength(10);
      await store.close();
    }
  });

  test('createTables: false sends no DDL, and says what is missing', async () => {
    const url = await emptyDatabase(server);
    const opening = opens(url, { createTables: false });
    await expect(opening).rejects.toMatchObject({ code: 'TABLE_MISSING' });
    expect(await rowsOf(url, 'SHOW TABLES')).toEqual([]);
  });

  test('schemaSql() makes the tables that a store needs, and can run again', async () => {
    const url = await emptyDatabase(server);
    const names = { sessions: 'chats', messages: 'lines' };
    for (const _ of [1, 2]) await statementsOn(url, schemaSql({ tables: names, server: serverKind }));
    const { store, warnings } = await opened(url, { createTables: false, tables: names });
    expect(warnings).toEqual([]);
    expect(store.supports.operations).toBe(true);
    await store.session('one').addItems(messages(1));
    await store.close();
  });

  test('the tables are as the Python SDK expects them, with its names for indexes and keys', async () => {
    const url = await emptyDatabase(server);
    await opens(url);
    const [row] = await rowsOf(url, 'SHOW CREATE TABLE agent_messages');
    const sql = String(row?.['Create Table']);
    expect(sql).toContain('KEY `idx_agent_messages_session_time` (`session_id`,`created_at`)');
    expect(sql).toContain('KEY `idx_agent_messages_session_id` (`session_id`,`id`)');
    expect(sql).toContain('CONSTRAINT `agent_messages_ibfk_1` FOREIGN KEY (`session_id`)');
    expect(sql).toMatch(/`id` bigint(?:\(20\))? NOT NULL AUTO_INCREMENT/);
    expect(sql).toContain('`message_data` longtext');
  });

  test('names of 63 bytes, of any characters, in another database', async () => {
    const url = await emptyDatabase(server);
    const schema = await server.createDatabase(`o'ther \`${Math.random()}`);
    const names = { sessions: `s${'ü'.repeat(31)}`, messages: `rows?; -- \`${'x'.repeat(52)}` };
    const { store } = await opened(url, { schema, tables: names });
    store.on('warning', failOnWarning);
    await store.session('one').addItems(messages(2));
    expect(contents(await store.session('one').getItems())).toEqual(['m0', 'm1']);
    await store.session('one').clearSession();
    await store.close();
    expect(await rowsOf(url, 'SHOW TABLES')).toEqual([]);
    await opens(url, { schema, tables: names, createTables: false });
    await server.dropDatabase(schema);
  });

  describe('A13: tables whose ids would be mixed up are refused, and what the error says to run makes them good', () => {
    const collations = ['utf8mb4_general_ci', 'utf8mb4_unicode_ci', 'utf8mb4_bin'];
    test.each(collations)('%s', async (collation) => {
      const url = await emptyDatabase(server);
      await statementsOn(url, tables(`VARCHAR(255) CHARACTER SET utf8mb4 COLLATE ${collation}`, longText));
      const error = await opens(url).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH' });
      await statementsOn(url, advised(error as Error));
      const { store, warnings } = await opened(url);
      expect(warnings).toEqual([]);
      await store.session('t1').addItems(messages(1));
      expect(await store.session('T1').getItems()).toEqual([]);
      expect(await store.session('t1 ').getItems()).toEqual([]);
      await store.close();
    });
  });

  test('ids in VARBINARY are exact, and are taken as they are', async () => {
    const url = await emptyDatabase(server);
    await statementsOn(url, tables('VARBINARY(1020)', longText));
    const { store, warnings } = await opened(url);
    expect(warnings).toEqual([]);
    for (const id of ['é', 'e', 'e ']) await store.session(id).addItems([message(id)]);
    for (const id of ['é', 'e', 'e ']) expect(contents(await store.session(id).getItems())).toEqual([id]);
    await store.close();
  });

  test('A18: tables of version 0.4.1 are refused with the statements that make them good', async () => {
    const url = await emptyDatabase(server);
    const time = 'TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP';
    await statementsOn(url, [
      `CREATE TABLE agent_sessions (session_id VARCHAR(255) PRIMARY KEY, created_at ${time}, updated_at ${time} ON UPDATE CURRENT_TIMESTAMP)`,
      `CREATE TABLE agent_messages (id INT AUTO_INCREMENT PRIMARY KEY, session_id VARCHAR(255) NOT NULL, message_data MEDIUMTEXT NOT NULL,
        created_at ${time}, FOREIGN KEY (session_id) REFERENCES agent_sessions(session_id) ON DELETE CASCADE)`,
      'CREATE INDEX idx_agent_messages_session_time ON agent_messages (session_id, created_at)',
      "INSERT INTO agent_sessions (session_id) VALUES ('chat_123')",
      `INSERT INTO agent_messages (session_id, message_data) VALUES ('chat_123', '{"type":"message","role":"user","content":"hi"}')`,
    ]);
    const error = await opens(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH' });
    await statementsOn(url, advised(error as Error));
    const { store, warnings } = await opened(url);
    expect(warnings).toEqual([]);
    await store.session('chat_123').addItems([message('again')]);
    expect(contents(await store.session('chat_123').getItems())).toEqual(['hi', 'again']);
    expect(contents([await store.session('chat_123').popItem()])).toEqual(['again']);
    await store.close();
  });

  describe('B7: texts that do not hold every item', () => {
    test('a strict server: they work, with a warning, and an item that does not fit is refused', async () => {
      const url = await emptyDatabase(server);
      await statementsOn(url, tables(exactId, 'TEXT CHARACTER SET utf8mb4'));
      const { store, warnings } = await opened(url);
      expect(warnings).toMatchObject([{ code: 'SCHEMA' }]);
      const session = store.session('one');
      await session.addItems([message('é')]);
      await expect(session.addItems([message('x'.repeat(70_000))])).rejects.toMatchObject({
        code: 'SCHEMA_MISMATCH',
      });
      expect(contents(await session.getItems())).toEqual(['é']);
      await store.close();
      await statementsOn(url, advised(warnings[0] as SessionWarning));
      expect((await opened(url)).warnings).toEqual([]);
    });
    test('a column of another character set: a warning, where the server is strict', async () => {
      const url = await emptyDatabase(server);
      await statementsOn(url, tables(exactId, 'LONGTEXT CHARACTER SET latin1'));
      const { store, warnings } = await opened(url);
      expect(warnings).toMatchObject([{ code: 'SCHEMA' }]);
      await expect(store.session('one').addItems([message('😀')])).rejects.toMatchObject({
        code: 'SCHEMA_MISMATCH',
      });
      await store.close();
    });
    test('a column that is no text is refused', async () => {
      const url = await emptyDatabase(server);
      await statementsOn(url, tables(exactId, 'LONGBLOB'));
      await expect(opens(url)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
    });
  });

  test('tables of others lack indexes: they are added, by ten stores at once, or ONE warning for each has the statement', async () => {
    const url = await emptyDatabase(server);
    await statementsOn(url, tables(exactId, longText));
    const { store, warnings } = await opened(url, { createTables: false });
    expect(warnings).toMatchObject([{ code: 'INDEX_MISSING' }, { code: 'INDEX_MISSING' }]);
    expect(store.supports.operations).toBe(false);
    await store.session('one').addItems(messages(1));
    expect((await store.sessions.list()).data).toMatchObject([{ id: 'one' }]);
    await store.session('one').clearSession();
    await store.close();
    await Promise.all(Array.from({ length: 10 }, () => opens(url)));
    for (const [table, index, columns] of INDEXES) {
      const keys = await rowsOf(url, `SHOW INDEX FROM ${table} WHERE Key_name = '${index}'`);
      expect(keys.map(({ Column_name }) => Column_name)).toEqual(columns);
    }
    const advice = warnings.flatMap(advised);
    expect(advice).toHaveLength(2);
    const other = await emptyDatabase(server);
    await statementsOn(other, [...tables(exactId, longText), ...advice]);
    expect((await opened(other, { createTables: false })).warnings).toEqual([]);
  });

  test.each(INDEXES)(
    'an index of %s that was made invisible is none: a warning, and the store works',
    async (table, index) => {
      const url = await emptyDatabase(server);
      await opens(url);
      const invisible = engine === 'mariadb' ? 'IGNORED' : 'INVISIBLE';
      await statementsOn(url, [`ALTER TABLE ${table} ALTER INDEX ${index} ${invisible}`]);
      const { store, warnings } = await opened(url);
      expect(warnings).toMatchObject([{ code: 'INDEX_MISSING' }]);
      await store.session('one').addItems(messages(1));
      expect((await store.sessions.list()).data).toMatchObject([{ id: 'one' }]);
      await store.close();
    },
  );

  test('indexes of others with other names are taken', async () => {
    const url = await emptyDatabase(server);
    await statementsOn(url, [
      ...tables(exactId, longText),
      'ALTER TABLE agent_sessions ADD INDEX by_time (updated_at)', // and then by the primary key, as all do
      'ALTER TABLE agent_messages ADD INDEX by_session (session_id, id, created_at)',
    ]);
    for (const createTables of [false, true]) {
      const { store, warnings } = await opened(url, { createTables });
      expect(warnings).toEqual([]);
      await store.session('one').addItems(messages(1));
      expect((await store.sessions.list()).data).toMatchObject([{ id: 'one' }]);
      await store.close();
    }
    const [row] = await rowsOf(url, 'SHOW CREATE TABLE agent_sessions');
    expect(String(row?.['Create Table'])).not.toContain('idx_agent_sessions_changed');
  });

  test('ids that the server does not count up: a warning', async () => {
    const url = await emptyDatabase(server);
    const [sessions = '', items = ''] = tables(exactId, longText);
    await statementsOn(url, [sessions, items.replace('AUTO_INCREMENT', 'DEFAULT 7')]);
    expect((await opened(url)).warnings).toMatchObject([{ code: 'SCHEMA' }]);
  });

  test('tables without transactions are refused with the statement that makes them good', async () => {
    const url = await emptyDatabase(server);
    // MyISAM takes shorter keys only
    const [sessions = ''] = tables(exactId.replace('255', '200'), longText);
    await statementsOn(url, [`${sessions} ENGINE=MyISAM`]);
    const error = await opens(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH' });
    await statementsOn(url, advised(error as Error));
    await (await opened(url)).store.close();
  });

  test('tables with other columns are refused', async () => {
    const url = await emptyDatabase(server);
    await statementsOn(url, ['CREATE TABLE agent_sessions (name INT)']);
    await expect(opens(url)).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH' });
  });

  test('B6: without foreign keys clear leaves nothing behind', async () => {
    const url = await emptyDatabase(server);
    const withoutKeys = schemaSql({ server: serverKind }).map((sql) =>
      sql.replace(/,\s*CONSTRAINT .* CASCADE/, ''),
    );
    await statementsOn(url, withoutKeys);
    const { store, warnings } = await opened(url, { createTables: false });
    expect(warnings).toEqual([]);
    await store.session('one').addItems(messages(3));
    await store.session('one').clearSession();
    for (const table of ['agent_sessions', 'agent_messages', 'agent_sessions_operations']) {
      expect(await rowsOf(url, `SELECT 1 FROM ${table}`)).toEqual([]);
    }
    await store.close();
  });

  test('the Drizzle tables read what a store wrote, with exact ids', async () => {
    const url = await emptyDatabase(server);
    const store = await MysqlSessionStore.fromUrl(url);
    await statementsOn(url, [`ALTER TABLE agent_messages AUTO_INCREMENT = ${2n ** 62n}`]);
    await store.session('one').addItems(messages(2));
    const client = mysql.createPool({ uri: driverUrl(url), supportBigNumbers: true, bigNumberStrings: true });
    const db = drizzle({ client });
    const { messages: table, sessions } = sessionTables({ schema: new URL(url).pathname.slice(1) });
    const rows = await db.select().from(table).orderBy(desc(table.id));
    expect(rows.map(({ id }) => id)).toEqual([2n ** 62n + 1n, 2n ** 62n]);
    expect(JSON.parse(rows[0]?.messageData ?? '')).toMatchObject({ content: 'm1' });
    const [session] = await db.select().from(sessions);
    expect(Math.abs(Date.now() - (session?.updatedAt.getTime() ?? 0))).toBeLessThan(3_600_000);
    await client.promise().end();
    await store.close();
  });

  test('a database whose default is latin1 keeps everything exactly', async () => {
    const url = await emptyDatabase(server, { characterSet: 'latin1' });
    const store = await MysqlSessionStore.fromUrl(url);
    store.on('warning', failOnWarning);
    const ids = ['Abc', 'abc', 'café', 'cafe', 'cafe\u0301', 't1', 't1 ', '😀', '😁'];
    for (const id of ids) await store.session(id).addItems([message(`${id} 😀`)]);
    for (const id of ids) expect(contents(await store.session(id).getItems())).toEqual([`${id} 😀`]);
    await store.close();
  });
});

describeEngine(SERVERS, { settings: { sql_mode: 'NO_ENGINE_SUBSTITUTION' } }, ({ engine, server }) => {
  test('B7: a server that is not strict: texts and ids that it would cut are refused', async () => {
    const exact = engine === 'mariadb' ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
    for (const [id, text] of [
      ['VARCHAR(255)', 'TEXT'],
      ['VARCHAR(255)', 'MEDIUMTEXT'],
      ['VARCHAR(190)', 'LONGTEXT'],
    ]) {
      const url = await emptyDatabase(server);
      const type = `${id} CHARACTER SET utf8mb4 COLLATE ${exact}`;
      await statementsOn(url, [
        `CREATE TABLE agent_sessions (session_id ${type} NOT NULL PRIMARY KEY, created_at ${TIME}, updated_at ${TIME})`,
        `CREATE TABLE agent_messages (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, session_id ${type} NOT NULL,
          message_data ${text} CHARACTER SET utf8mb4 NOT NULL, created_at ${TIME})`,
      ]);
      const error = await opens(url).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH' });
      await statementsOn(url, advised(error as Error));
      await opens(url);
    }
  });

  test('B7: 100 KB come back whole', async () => {
    const url = await emptyDatabase(server);
    const store = await MysqlSessionStore.fromUrl(url);
    const text = 'ä\\'.repeat(50_000);
    await store.session('one').addItems([message(text)]);
    expect(contents(await store.session('one').getItems())).toEqual([text]);
    await store.close();
  });
});

describeEngine(
  SERVERS,
  { settings: { 'character-set-server': 'latin1', lower_case_table_names: '1' } },
  ({ server }) => {
    test('B11: a server of latin1 defaults that folds table names', async () => {
      const url = await emptyDatabase(server);
      const store = await MysqlSessionStore.fromUrl(url, {
        tables: { sessions: 'Chats', messages: 'Lines' },
      });
      store.on('warning', failOnWarning);
      for (const id of ['Abc', 'abc', 'café', 'cafe', 't1', 't1 ', '😀']) {
        await store.session(id).addItems([message(`${id} 😀`)]);
        expect(contents(await store.session(id).getItems())).toEqual([`${id} 😀`]);
      }
      await store.close();
      await opens(url, { tables: { sessions: 'Chats', messages: 'Lines' }, createTables: false });
      await expect(opens(url, { tables: { sessions: 'Rows', messages: 'rows' } })).rejects.toMatchObject({
        code: 'SCHEMA_MISMATCH',
      });
    });
  },
);
