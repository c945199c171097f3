// Promise: Errors tell the truth.
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, onTestFinished, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { failOnWarning, rawPool, rowsOf } from './databases.js';
import { contents, message } from './items.js';

const WAITING =
  "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE '%FROM others ORDER%'";

describeEngine('mariadb', ({ url }) => {
  test('a deadlock over the lock from which ids come is a conflict, though the server calls it ids that are used up', async () => {
    await using store = await MysqlSessionStore.fromUrl(url);
    store.on('warning', failOnWarning);
    const session = store.session('a');
    await session.addItems([message('before')]);
    await store.session('z').addItems([message('of another conversation')]);
    const pool = rawPool(url, { connectionLimit: 1 });
    onTestFinished(() => pool.end());
    await pool.query('CREATE TABLE others (id INT PRIMARY KEY, text LONGTEXT)');
    await pool.query("INSERT INTO others VALUES (1, '{}'), (2, '{}'), (3, '{}')");
    const other = await pool.getConnection();
    await other.query('BEGIN');
    // the transaction that has changed less is the one that is ended
    await other.query("INSERT INTO agent_sessions (session_id) VALUES ('b'), ('c'), ('d'), ('e'), ('f')");
    let inserted: Promise<unknown> = Promise.resolve();
    const conflicting = store.transaction(async (tx) => {
      await (tx.client as typeof other).query('SELECT id FROM others WHERE id = 3 FOR UPDATE');
      // holds the lock from which ids come, as it does not know how many rows it inserts, and waits for the third one
      inserted = other.query(
        "INSERT INTO agent_messages (session_id, message_data) SELECT 'z', text FROM others ORDER BY id LOCK IN SHARE MODE",
      );
      await expect.poll(() => rowsOf(url, WAITING)).toHaveLength(1);
      await tx.session('a').addItems([message('during')]);
    });
    await expect(conflicting).rejects.toMatchObject({ code: 'TRANSACTION_CONFLICT', retryable: true });
    await inserted;
    await other.query('ROLLBACK');
    other.release();
    expect(contents(await session.getItems())).toEqual(['before']);
    await session.addItems([message('after')]);
    expect(contents(await session.getItems())).toEqual(['before', 'after']);
  });
});
