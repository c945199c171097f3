import { type Dump, ENCRYPTION_CASES, type EncryptionSubject } from '@stackone/encryption-test';
import type { SessionStore } from '@stackone/sessions-core';
import { sessionConformance, sessionFeatures } from '@stackone/sessions-core/conformance';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { rawPool, SERVERS } from './databases.js';

const encryption = { key: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=' };

describeEngine(SERVERS, ({ url }) => {
  let raw: ReturnType<typeof rawPool>;
  beforeAll(() => {
    raw = rawPool(url, { dateStrings: true });
  });
  afterAll(() => raw.end());

  describe('encrypted', () => {
    const stores: SessionStore[] = [];
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });
    let made = 0;

    /** Tables of its own. */
    function newTables(): EncryptionSubject {
      const sessions = `encrypted_${made++}`;
      const messages = `${sessions}_messages`;
      const all = async (sql: string) => (await raw.query(sql))[0] as unknown[];
      return {
        open: async (options) => {
          const store = await MysqlSessionStore.fromUrl(url, { ...options, tables: { sessions, messages } });
          stores.push(store);
          return store;
        },
        insertRaw: (sessionId, text) =>
          raw.query('INSERT INTO ?? (session_id, message_data) VALUES (?, ?)', [messages, sessionId, text]),
        dump: async () => ({
          messages: (await all(
            'SELECT session_id AS sessionId, id, message_data AS text, created_at AS createdAt ' +
              `FROM ${messages} ORDER BY id`,
          )) as Dump['messages'],
          sessions: await all(`SELECT * FROM ${sessions} ORDER BY session_id`),
          metadata: await all(`SELECT * FROM ${sessions}_metadata ORDER BY session_id`),
          operations: (await all(
            `SELECT * FROM ${sessions}_operations ORDER BY session_id, operation_id`,
          )) as Dump['operations'],
        }),
      };
    }

    test.each(ENCRYPTION_CASES)('$name', async ({ run }) => {
      await run(newTables());
    });
  });

  describe('encrypted, one store', () => {
    let store: MysqlSessionStore;
    beforeAll(async () => {
      store = new MysqlSessionStore({ url }, { encryption }).on('warning', () => {});
    });
    afterAll(() => store.close());
    sessionConformance({
      name: 'sessions',
      describe,
      test,
      open: () => ({
        session: (id) => store.session(id),
        reopen: () => MysqlSessionStore.fromUrl(url, { encryption }),
        insertRaw: (id, text) =>
          raw.query('INSERT INTO agent_messages (session_id, message_data) VALUES (?, ?)', [id, text]),
      }),
      supports: { ...sessionFeatures({ edit: true, operations: true }), reopen: true, raw: true },
    });
  });
});
