import { COVERING_RUNS, modelRuns, modelTimeout, playConversations, playModel } from '@stackone/model-test';
import { firstOf, variants } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { expect, test } from 'vitest';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.js';

const OTHER_NAMES = { sessions: 'other_sessions', messages: 'other_messages' };

const ENCRYPTED: PostgresStoreOptions = {
  itemFormat: 'responses',
  encryption: { key: 'a key of these tests' },
};

describeEngine(['postgres', 'pgbouncer'], ({ url, target }) => {
  test.each(
    firstOf<[string, PostgresStoreOptions, PostgresStoreOptions, number]>([
      ['the default tables, pools of 10 and of 1', {}, { max: 1 }, modelRuns(COVERING_RUNS)],
      ['other tables, pools of 1', { tables: OTHER_NAMES, max: 1 }, { tables: OTHER_NAMES, max: 1 }, 100],
    ]),
  )(
    'two stores on %s behave as MemorySession does',
    { timeout: modelTimeout(modelRuns(COVERING_RUNS)) },
    async (name, one, other, runs) => {
      const stores = [
        await PostgresSessionStore.fromUrl(url, one),
        await PostgresSessionStore.fromUrl(url, other),
      ] as const;
      let warnings = 0;
      for (const store of stores) store.on('warning', () => warnings++);
      const raw = new pg.Pool({ connectionString: url, max: 1 });
      const table = 'tables' in one ? OTHER_NAMES.messages : 'agent_messages';
      const insert = `INSERT INTO ${table} (session_id, message_data) VALUES ($1, $2)`;
      const insertRaw = (sessionId: string, text: string) => raw.query(insert, [sessionId, text]);
      await playModel(`${target}, ${name}`, { stores, insertRaw }, runs);
      expect(warnings).toBeGreaterThan(0); // of the damaged rows
      for (const store of stores) await store.close();
      await raw.end();
    },
  );

  test.each(
    // what a row holds is the same on each server
    variants<[string, PostgresStoreOptions]>(
      [['plain', {}]],
      target === 'postgres:18' ? [['encrypted rows of the Responses API', ENCRYPTED]] : [],
    ),
  )(
    'conversations as objects on the default tables behave as a model in memory does: %s',
    { timeout: modelTimeout(modelRuns(COVERING_RUNS)) },
    async (name, options) => {
      await using one = await PostgresSessionStore.fromUrl(url, options);
      await using other = await PostgresSessionStore.fromUrl(url, { ...options, max: 1 });
      await playConversations(`${target}, ${name}`, [one, other], modelRuns(COVERING_RUNS));
    },
  );
});
