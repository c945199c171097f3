import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import { MysqlSessionStore, schemaSql } from '../src/index.js';
import { driverUrl, emptyDatabase, failOnWarning } from './databases.js';

const ENGINES = [true, 'tidb', 'vitess', 'shardingsphere'] as const;

/** A table, by the text that makes it. */
function tableOf(statement: string) {
  const created = statement.slice(statement.indexOf('CREATE TABLE IF NOT EXISTS'));
  const [, name = ''] = /EXISTS `(\w+)`/.exec(created) ?? [];
  const keys = [...created.matchAll(/^ {2}(PRIMARY |UNIQUE )?KEY (?:`\w+` )?\((.*)\)/gm)].map(
    ([, kind = '', columns = '']) => ({
      kind: kind.trim(),
      columns: columns.split(', '),
    }),
  );
  const types = new Map(
    [...created.matchAll(/^ {2}(\w+) ([A-Z]+(?:\(\d+\))?)/gm)].map(([, column = '', type = '']) => [
      column,
      type,
    ]),
  );
  return { name, created, keys, types };
}

const tables = (distributed: (typeof ENGINES)[number]) => schemaSql({ distributed }).map(tableOf);

/** The comment before the first statement. */
function commentOf(distributed: (typeof ENGINES)[number]): string {
  const [, comment = ''] = /^\/\*(.*?)\*\//s.exec(schemaSql({ distributed })[0] ?? '') ?? [];
  return comment;
}

describe.each(ENGINES)('tables for %s', (engine) => {
  test('all that belongs to a conversation has a key that begins with it, and refers to nothing', () => {
    const all = tables(engine);
    expect(all).toHaveLength(schemaSql().length);
    for (const { name, created, keys, types } of all) {
      expect(created, name).not.toContain('FOREIGN KEY');
      expect(keys.find(({ kind }) => kind === 'PRIMARY')?.columns[0], name).toBe(
        types.has('session_id') ? 'session_id' : [...types.keys()][0],
      );
    }
    const messages = all.find(({ name }) => name === 'agent_messages');
    expect(messages?.keys[0]).toEqual({ kind: 'PRIMARY', columns: ['session_id', 'id'] });
  });

  // https://docs.pingcap.com/tidb/stable/tidb-configuration-file#max-index-length, and InnoDB's own limit:
  // https://dev.mysql.com/doc/refman/9.0/en/innodb-limits.html
  test('no key is longer than 3072 bytes', () => {
    const bytes: Readonly<Record<string, number>> = {
      'VARCHAR(255)': 255 * 4,
      'VARCHAR(64)': 64,
      BIGINT: 8,
      INT: 4,
      'TIMESTAMP(6)': 7,
    };
    for (const { name, keys, types } of tables(engine))
      for (const { columns } of keys) {
        const length = columns.reduce(
          (sum, column) => sum + (bytes[types.get(column) ?? ''] ?? Number.NaN),
          0,
        );
        expect(length, `${name} (${columns.join()})`).toBeLessThanOrEqual(3072);
      }
  });

  test('the columns are those of the tables as they are elsewhere', () => {
    const columns = (all: readonly ReturnType<typeof tableOf>[]) =>
      all.map(({ name, types }) => [name, [...types]]);
    expect(columns(tables(engine))).toEqual(columns(schemaSql().map(tableOf)));
  });
});

// https://docs.pingcap.com/tidb/stable/auto-increment: the column has to begin a key, and ids ascend on all servers with this cache alone.
test('TiDB counts in one place, by a column that begins a key', () => {
  const messages = tables('tidb').find(({ name }) => name === 'agent_messages');
  expect(messages?.created).toMatch(/\) \/\*T!\[auto_id_cache\] AUTO_ID_CACHE=1 \*\/$/);
  expect(messages?.created).toContain('id BIGINT NOT NULL AUTO_INCREMENT');
  expect(messages?.keys.map(({ columns }) => columns[0])).toContain('id');
});

// https://docs.pingcap.com/tidb/stable/character-set-and-collation: this one is there from 7.4 on; MariaDB's is not.
test('texts for TiDB and Vitess have a collation of MySQL', () => {
  for (const distributed of ['tidb', 'vitess'] as const) {
    expect(schemaSql({ distributed }).join()).toContain('utf8mb4_0900_bin');
    expect(() => schemaSql({ distributed, server: 'mariadb' })).toThrow(TypeError);
  }
});

// https://vitess.io/docs/reference/features/vitess-sequences/ and /vindexes/: no AUTO_INCREMENT in a keyspace with shards, and one primary vindex
// for each table of it, on a column that the table has.
test('Vitess has a sequence, and a vindex for each table', () => {
  const comment = commentOf('vitess');
  const vschema = JSON.parse(comment.slice(comment.indexOf('{\n'))) as {
    sharded: boolean;
    vindexes: Record<string, unknown>;
    tables: Record<string, { column_vindexes: { column: string; name: string }[]; auto_increment?: unknown }>;
  };
  const all = tables('vitess');
  expect(all.map(({ created }) => created).join()).not.toContain('AUTO_INCREMENT');
  expect(vschema.sharded).toBe(true);
  expect(Object.keys(vschema.tables).sort()).toEqual(all.map(({ name }) => name).sort());
  for (const { name, types } of all) {
    const [vindex, ...others] = vschema.tables[name]?.column_vindexes ?? [];
    expect(others).toEqual([]);
    expect(types.has(vindex?.column ?? ''), name).toBe(true);
    expect(vschema.vindexes).toHaveProperty(vindex?.name ?? '');
  }
  expect(vschema.tables.agent_messages?.auto_increment).toEqual({
    column: 'id',
    sequence: 'agent_messages_seq',
  });
  expect(comment).toContain("COMMENT 'vitess_sequence'");
});

// https://shardingsphere.apache.org/document/current/en/user-manual/shardingsphere-proxy/distsql/syntax/rdl/rule-definition/sharding/
test('ShardingSphere has a rule for each table, and makes ids itself', () => {
  const comment = commentOf('shardingsphere');
  const all = tables('shardingsphere');
  expect(all.map(({ created }) => created).join()).not.toContain('AUTO_INCREMENT');
  for (const { name, types } of all) {
    const [, column = ''] =
      new RegExp(`RULE IF NOT EXISTS \`${name}\` \\([^;]*?SHARDING_COLUMN=(\\w+)`).exec(comment) ?? [];
    expect(types.has(column), name).toBe(true);
  }
  expect(comment).toMatch(/`agent_messages` \([^;]*KEY_GENERATE_STRATEGY\(COLUMN=id/);
});

test('no name of a table ends the comment', () => {
  for (const distributed of ['vitess', 'shardingsphere'] as const) {
    const [first = ''] = schemaSql({ distributed, tables: { sessions: 'a */ DROP TABLE b', messages: 'c' } });
    expect(first.indexOf('*/')).toBe(first.indexOf('*/\nCREATE TABLE'));
  }
});

describeEngine(['mysql', 'mariadb:11.8'], ({ server, engine }) => {
  test.each([true, ...(engine === 'mysql' ? (['tidb'] as const) : [])])(
    'a plain server takes the tables for %s, twice, and a store works on them',
    async (distributed) => {
      const url = await emptyDatabase(server);
      const connection = await mysql.createConnection(driverUrl(url));
      for (const statement of [1, 2].flatMap(() => schemaSql({ distributed, server: engine as 'mysql' })))
        await connection.query(statement);
      await connection.end();
      await using store = new MysqlSessionStore({ url }, { createTables: false }).on(
        'warning',
        failOnWarning,
      );
      await store.session('chat').addItems([{ type: 'message', role: 'user', content: 'hello' }]);
      expect(await store.session('chat').getItems()).toHaveLength(1);
    },
  );

  test.each([...(engine === 'mysql' ? (['vitess'] as const) : []), 'shardingsphere' as const])(
    'a plain server takes the tables for %s, comment and all',
    async (distributed) => {
      const connection = await mysql.createConnection(driverUrl(await emptyDatabase(server)));
      for (const statement of schemaSql({ distributed, server: engine as 'mysql' }))
        await connection.query(statement);
      await connection.end();
    },
  );
});
