import { COVERING_RUNS, modelRuns, modelTimeout, playConversations, playModel } from '@stackone/model-test';
import { firstOf, variants } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { MysqlSessionStore, type MysqlStoreOptions } from '../src/index.js';
import { rawPool, SERVERS } from './databases.js';

const ENCRYPTED: MysqlStoreOptions = {
  itemFormat: 'responses',
  encryption: { key: 'a key of these tests' },
};

describeEngine(SERVERS, ({ url, target }) => {
  test.each(
    firstOf<[string, MysqlStoreOptions, number]>([
      ['the default tables, pools of 10 and of 1', {}, modelRuns(COVERING_RUNS)],
      ['other tables', { tables: { sessions: 'my `chats`', messages: 'rows; -- of ?' } }, 100],
    ]),
  )(
    'two stores on %s behave as MemorySession does',
    { timeout: modelTimeout(modelRuns(COVERING_RUNS)) },
    async (name, options, runs) => {
      const stores = [
        await MysqlSessionStore.fromUrl(url, options),
        await MysqlSessionStore.fromUrl(url, { ...options, max: 1 }),
      ] as const;
      for (const store of stores) store.on('warning', ({ code }) => expect(code).toBe('CORRUPT_ITEM'));
      const pool = rawPool(url);
      const { messages = 'agent_messages' } = options.tables ?? {};
      const insertRaw = (sessionId: string, text: string) =>
        pool.query('INSERT INTO ?? (session_id, message_data) VALUES (?, ?)', [messages, sessionId, text]);
      await playModel(`${target}, ${name}`, { stores, insertRaw }, runs);
      await pool.end();
      for (const store of stores) await store.close();
    },
  );

  test.each(
    // what a row holds is the same on each server
    variants<[string, MysqlStoreOptions]>(
      [['plain', {}]],
      target === 'mysql' ? [['encrypted rows of the Responses API', ENCRYPTED]] : [],
    ),
  )(
    'conversations as objects on the default tables behave as a model in memory does: %s',
    { timeout: modelTimeout(modelRuns(COVERING_RUNS)) },
    async (name, options) => {
      await using one = await MysqlSessionStore.fromUrl(url, options);
      await using other = await MysqlSessionStore.fromUrl(url, { ...options, max: 1 });
      await playConversations(`${target}, ${name}`, [one, other], modelRuns(COVERING_RUNS));
    },
  );
});
