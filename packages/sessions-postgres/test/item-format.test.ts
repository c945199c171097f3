import { modelTimeout, playModel, reasoningAsKept } from '@stackone/model-test';
import { playScene, SCENES } from '@stackone/runner-script';
import { sessionConformance, sessionFeatures } from '@stackone/sessions-core/conformance';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.js';

const RUNS = 100;
const encryption = { key: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=' };

describeEngine('postgres:18', ({ url, target }) => {
  const raw = new pg.Pool({ connectionString: url, max: 2 });
  afterAll(() => raw.end());
  const insertRaw = (id: string, text: string) =>
    raw.query('INSERT INTO agent_messages (session_id, message_data) VALUES ($1, $2)', [id, text]);

  describe.each<[string, PostgresStoreOptions]>([
    ['rows of the Responses API', { itemFormat: 'responses' }],
    ['rows of the Responses API, encrypted', { itemFormat: 'responses', encryption }],
  ])('%s', (rows, options) => {
    const open = () => PostgresSessionStore.fromUrl(url, options);
    let store: PostgresSessionStore;
    beforeAll(async () => {
      store = (await open()).on('warning', () => {});
    });
    afterAll(() => store.close());

    sessionConformance({
      name: 'sessions',
      describe,
      test,
      open: () => ({ session: (id) => store.session(id), insertRaw, reopen: open }),
      supports: { ...sessionFeatures({ edit: true, operations: true }), reopen: true, raw: true },
    });

    test.each(Object.keys(SCENES))('the runner: %s', async (name) => {
      await playScene(name, (sessionId) => store.session(sessionId), `${rows}: ${name}`);
    });

    test('two stores behave as MemorySession does', { timeout: modelTimeout(RUNS) }, async () => {
      await using other = await open();
      other.on('warning', ({ code }) => expect(code).toBe('CORRUPT_ITEM'));
      const subject = { stores: [store, other] as const, insertRaw, asKept: reasoningAsKept };
      await playModel(`${target}, ${rows}`, subject, RUNS);
    });
  });
});
