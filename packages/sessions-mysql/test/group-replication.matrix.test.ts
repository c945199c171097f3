// Promises: Whole turns, in order; No item twice; Errors tell the truth; Servers of several nodes.
import { startReplicationGroup } from '@stackone/test-servers';
import { describe, expect, test } from 'vitest';
import { MysqlSessionStore, schemaSql } from '../src/index.js';
import { describeClusterScenes } from './cluster-scenes.js';
import { rawPool } from './databases.js';
import { contents, message } from './items.js';

describe('Group Replication, three nodes that all take writes', () => {
  const { url } = describeClusterScenes('Group Replication', () => startReplicationGroup(3));

  test('tables that cascade are refused, those without foreign keys are taken', async () => {
    const pool = rawPool(url(0));
    const made = async (foreignKeys: boolean) => {
      const tables = { sessions: `sessions_${foreignKeys}`, messages: `messages_${foreignKeys}` };
      for (const statement of schemaSql({ tables, foreignKeys })) await pool.query(statement);
      return MysqlSessionStore.fromUrl(url(0), { tables, createTables: false });
    };
    await using cascading = await made(true);
    await expect(cascading.session('a').addItems([message('a')])).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: expect.stringContaining('schemaSql({ foreignKeys: false })'),
    });
    await using plain = await made(false);
    await plain.session('a').addItems([message('a')]);
    expect(contents(await plain.session('a').getItems())).toEqual(['a']);
    await pool.end();
  });
});
