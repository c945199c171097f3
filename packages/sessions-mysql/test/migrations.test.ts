import type { SessionError, SessionWarning } from '@stackone/sessions-core';
import { moduleRunner } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { MysqlSessionStore, type MysqlStoreOptions, schemaSql } from '../src/index.js';
import { emptyDatabase, rawPool, rowsOf, SERVERS } from './databases.js';
import { contents, message } from './items.js';

const runModule = moduleRunner(import.meta.dirname);

async function statementsOn(url: string, statements: readonly string[]): Promise<void> {
  const pool = rawPool(url);
  for (const statement of statements) await pool.query(statement);
  await pool.end();
}

async function opened(url: string, options: MysqlStoreOptions = {}) {
  const warnings: SessionWarning[] = [];
  const store = new MysqlSessionStore({ url }, options).on('warning', (warning) => warnings.push(warning));
  await store.open();
  return { store, warnings };
}

/** What opening says, and what it says to run. */
async function refusal(url: string, options?: MysqlStoreOptions) {
  const error = (await MysqlSessionStore.fromUrl(url, options).catch(
    (thrown: unknown) => thrown,
  )) as SessionError;
  return {
    code: error.code,
    message: error.message,
    statements: error.message.split('or run: ')[1]?.split(';\n') ?? [],
  };
}

/** All that a database has. */
async function described(url: string): Promise<unknown[]> {
  const tables = (await rowsOf(url, 'SHOW TABLES')).map((row) => String(Object.values(row)[0])).toSorted();
  return Promise.all(
    tables.map(async (table) => {
      const [row] = await rowsOf(url, `SHOW CREATE TABLE \`${table}\``);
      return String(row?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, '');
    }),
  );
}

describeEngine(SERVERS, ({ engine, server }) => {
  const exact = engine === 'mariadb' ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
  const id = `VARCHAR(255) CHARACTER SET utf8mb4 COLLATE ${exact} NOT NULL`;
  const time = 'TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)';
  const ownStatements = () => schemaSql({ server: engine === 'mariadb' ? 'mariadb' : 'mysql' });

  /** As the first stores of this package made them: no side table but that of operations. */
  const earlierTables = [
    `CREATE TABLE agent_sessions (session_id ${id}, created_at ${time}, updated_at ${time}, PRIMARY KEY (session_id))`,
    `CREATE TABLE agent_messages (id BIGINT NOT NULL AUTO_INCREMENT, session_id ${id},
      message_data LONGTEXT CHARACTER SET utf8mb4 NOT NULL, created_at ${time}, PRIMARY KEY (id),
      KEY idx_agent_messages_session_time (session_id, created_at), KEY idx_agent_messages_session_id (session_id, id),
      CONSTRAINT agent_messages_ibfk_1 FOREIGN KEY (session_id) REFERENCES agent_sessions (session_id) ON DELETE CASCADE)`,
    `CREATE TABLE agent_sessions_operations (session_id ${id}, operation_id ${id},
      digest VARCHAR(255) CHARACTER SET utf8mb4 NOT NULL, created_at ${time}, PRIMARY KEY (session_id, operation_id),
      CONSTRAINT agent_sessions_operations_ibfk_1 FOREIGN KEY (session_id) REFERENCES agent_sessions (session_id) ON DELETE CASCADE)`,
    "INSERT INTO agent_sessions (session_id) VALUES ('chat')",
    `INSERT INTO agent_messages (session_id, message_data) VALUES ('chat', '{"role":"user","content":"old"}')`,
  ];

  test('tables of an earlier version become as new ones are, with all that is in them', async () => {
    const url = await emptyDatabase(server);
    await statementsOn(url, earlierTables);
    const { store, warnings } = await opened(url);
    expect(warnings).toEqual([]);
    expect(store.supports).toMatchObject({ operations: true, metadata: true });
    await store.session('chat').addItems([message('new')]);
    expect(await store.sessions.update('chat', { title: 'A title' })).toMatchObject({ title: 'A title' });
    expect(contents(await store.session('chat').getItems())).toEqual(['old', 'new']);
    await store.close();
    const fresh = await emptyDatabase(server);
    await (await opened(fresh)).store.close();
    expect(await described(url)).toEqual(await described(fresh));
  });

  test('ten processes open tables of an earlier version at once', async () => {
    const url = await emptyDatabase(server);
    await statementsOn(url, earlierTables);
    const code = `
      import { MysqlSessionStore } from '@stackone/sessions-mysql';
      const store = await MysqlSessionStore.fromUrl(process.argv[1], { max: 2 });
      await store.session('chat').addItems([{ role: 'user', content: 'x' }]);
      await store.sessions.update('chat', { metadata: { [process.argv[2]]: true } });
    `;
    await Promise.all(Array.from({ length: 10 }, (_, index) => runModule(code, url, `p${index}`)));
    const { store } = await opened(url, { createTables: false });
    expect(await store.session('chat').getItems()).toHaveLength(11);
    expect(await store.sessions.retrieve('chat')).toMatchObject({ version: 10 });
    await store.close();
  });

  for (const [what, without] of [
    ['all but that of operations', /_metadata|_usage|_runs|_erasures|_schema/],
    ['the version alone', /_schema/],
  ] as const) {
    test(`createTables: false without side tables, ${what}: refused with the statements to run`, async () => {
      const url = await emptyDatabase(server);
      await statementsOn(
        url,
        ownStatements().filter((sql) => !without.test(sql)),
      );
      const before = await described(url);
      const refused = await refusal(url, { createTables: false });
      expect(refused.code).toBe('SCHEMA_MISMATCH');
      expect(refused.statements).toEqual(ownStatements().filter((sql) => without.test(sql)));
      expect(await described(url)).toEqual(before);
      await statementsOn(url, refused.statements);
      const { store, warnings } = await opened(url, { createTables: false });
      expect(warnings).toEqual([]);
      await store.close();
    });
  }

  test('a user who may not make tables is told what to run', async () => {
    const url = await emptyDatabase(server);
    const database = new URL(url).pathname.slice(1);
    const user = `earlier_${database.slice(-20)}`;
    const grant = (table: string) =>
      `GRANT SELECT, INSERT, UPDATE, DELETE ON \`${database}\`.${table} TO '${user}'`;
    await statementsOn(url, [...earlierTables, `CREATE USER '${user}' IDENTIFIED BY 'p'`]);
    await statementsOn(url, ['agent_sessions', 'agent_messages', 'agent_sessions_operations'].map(grant));
    const plain = new URL(url);
    Object.assign(plain, { username: user, password: 'p' });
    const refused = await refusal(plain.href);
    expect(refused.code).toBe('SCHEMA_MISMATCH');
    await statementsOn(url, [
      ...refused.statements,
      ...[
        'agent_sessions_metadata',
        'agent_sessions_usage',
        'agent_sessions_runs',
        'agent_sessions_erasures',
        'agent_sessions_schema',
      ].map(grant),
    ]);
    const { store, warnings } = await opened(plain.href);
    expect(await store.sessions.update('chat', { title: 'A title' })).toMatchObject({ title: 'A title' });
    expect(warnings).toEqual([]);
    await store.close();
    await statementsOn(url, [`DROP USER '${user}'`]);
  });

  test('tables of a later version are refused and stay as they are', async () => {
    const url = await emptyDatabase(server);
    await statementsOn(url, [
      ...ownStatements().filter((sql) => !sql.includes('_metadata')),
      'ALTER TABLE agent_sessions_schema ALTER COLUMN version SET DEFAULT 2',
    ]);
    const before = await described(url);
    for (const createTables of [true, false]) {
      const refused = await refusal(url, { createTables });
      expect(refused).toMatchObject({ code: 'SCHEMA_MISMATCH' });
      expect(refused.message).toMatch(/version 2.*version 1.*Update the package/s);
    }
    expect(await described(url)).toEqual(before);
  });

  test('a table of another use with the name of that of the version is refused', async () => {
    const url = await emptyDatabase(server);
    await statementsOn(url, ['CREATE TABLE agent_sessions_schema (version TEXT)']);
    expect((await refusal(url)).message).toMatch(/not one that a store made/);
  });
});
