import { type Dump, ENCRYPTION_CASES, type EncryptionSubject } from '@stackone/encryption-test';
import type { SessionStore } from '@stackone/sessions-core';
import { sessionConformance, sessionFeatures } from '@stackone/sessions-core/conformance';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';

const encryption = { key: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=' };

describeEngine(['postgres'], ({ url }) => {
  const raw = new pg.Pool({ connectionString: url, max: 2 });
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
      const all = async (sql: string) => (await raw.query(sql)).rows;
      return {
        open: async (options) => {
          const store = await PostgresSessionStore.fromUrl(url, {
            ...options,
            tables: { sessions, messages },
          });
          stores.push(store);
          return store;
        },
        insertRaw: (sessionId, text) =>
          raw.query(`INSERT INTO ${messages} (session_id, message_data) VALUES ($1, $2)`, [sessionId, text]),
        dump: async () => ({
          messages: (await all(
            'SELECT session_id AS "sessionId", id, message_data AS text, created_at::text AS "createdAt" ' +
              `FROM ${messages} ORDER BY id`,
          )) as Dump['messages'],
          sessions: await all(
            `SELECT session_id, created_at::text, updated_at::text FROM ${sessions} ORDER BY session_id`,
          ),
          metadata: await all(`SELECT * FROM ${sessions}_metadata ORDER BY session_id`),
          operations: await all(`SELECT * FROM ${sessions}_operations ORDER BY session_id, operation_id`),
        }),
      };
    }

    test.each(ENCRYPTION_CASES)('$name', async ({ run }) => {
      await run(newTables());
    });
  });

  describe('encrypted, one store', () => {
    let store: PostgresSessionStore;
    beforeAll(async () => {
      store = new PostgresSessionStore({ url }, { encryption }).on('warning', () => {});
    });
    afterAll(() => store.close());
    sessionConformance({
      name: 'sessions',
      describe,
      test,
      open: () => ({
        session: (id) => store.session(id),
        insertRaw: (id, text) =>
          raw.query('INSERT INTO agent_messages (session_id, message_data) VALUES ($1, $2)', [id, text]),
        reopen: () => PostgresSessionStore.fromUrl(url, { encryption }),
      }),
      supports: { ...sessionFeatures({ edit: true, operations: true }), reopen: true, raw: true },
    });
  });
});
