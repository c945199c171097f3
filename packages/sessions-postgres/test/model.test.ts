import { playModel } from '@stackone/model-test';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';

describeEngine(['postgres', 'pgbouncer'], ({ url, target }) => {
  test('two stores on one database behave as MemorySession does', { timeout: 240_000 }, async () => {
    const tables = { sessions: 'model_sessions', messages: 'model_messages' };
    const stores = [
      await PostgresSessionStore.fromUrl(url),
      await PostgresSessionStore.fromUrl(url, { max: 1 }),
    ] as const;
    const others = await PostgresSessionStore.fromUrl(url, { tables });
    for (const store of stores) store.on('warning', () => {});
    const raw = new pg.Pool({ connectionString: url, max: 1 });
    const insert = 'INSERT INTO agent_messages (session_id, message_data) VALUES ($1, $2)';
    await playModel(target, {
      stores,
      insertRaw: (sessionId, text) => raw.query(insert, [sessionId, text]),
    });
    for (const store of [...stores, others]) await store.close();
    await raw.end();
  });
});
