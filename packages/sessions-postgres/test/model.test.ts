import { playModel } from '@stackone/model-test';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { expect, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';

const OTHER_NAMES = { sessions: 'other_sessions', messages: 'other_messages' };

describeEngine(['postgres', 'pgbouncer'], ({ url, target }) => {
  test.each([
    ['of the default names, pools of 10 and 1', {}, { max: 1 }],
    ['of other names, pools of 1', { tables: OTHER_NAMES, max: 1 }, { tables: OTHER_NAMES, max: 1 }],
  ])(
    'two stores on tables %s behave as MemorySession does',
    { timeout: 240_000 },
    async (name, one, other) => {
      const stores = [
        await PostgresSessionStore.fromUrl(url, one),
        await PostgresSessionStore.fromUrl(url, other),
      ] as const;
      let warnings = 0;
      for (const store of stores) store.on('warning', () => warnings++);
      const raw = new pg.Pool({ connectionString: url, max: 1 });
      const table = 'tables' in one ? OTHER_NAMES.messages : 'agent_messages';
      const insert = `INSERT INTO ${table} (session_id, message_data) VALUES ($1, $2)`;
      await playModel(`${target}, ${name}`, {
        stores,
        insertRaw: (sessionId, text) => raw.query(insert, [sessionId, text]),
      });
      expect(warnings).toBeGreaterThan(0); // of the damaged rows
      for (const store of stores) await store.close();
      await raw.end();
    },
  );
});
