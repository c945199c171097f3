import { playModel } from '@stackone/model-test';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { rawPool, SERVERS } from './databases.js';

describeEngine(SERVERS, ({ url }) => {
  test('two stores on one database behave as MemorySession does', { timeout: 300_000 }, async () => {
    const stores = [
      await MysqlSessionStore.fromUrl(url),
      await MysqlSessionStore.fromUrl(url, { max: 1 }),
    ] as const;
    for (const store of stores) store.on('warning', ({ code }) => expect(code).toBe('CORRUPT_ITEM'));
    const pool = rawPool(url);
    await playModel('mysql', {
      stores,
      insertRaw: (sessionId, text) =>
        pool.query('INSERT INTO agent_messages (session_id, message_data) VALUES (?, ?)', [sessionId, text]),
    });
    await pool.end();
    for (const store of stores) await store.close();
  });
});
