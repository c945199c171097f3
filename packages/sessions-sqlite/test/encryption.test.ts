import { join } from 'node:path';
import { type Dump, ENCRYPTION_CASES, type EncryptionSubject } from '@stackone/encryption-test';
import { COVERING_RUNS, modelRuns, modelTimeout, playModel } from '@stackone/model-test';
import { playScene, SCENES } from '@stackone/runner-script';
import { sessionConformance, sessionFeatures } from '@stackone/sessions-core/conformance';
import { temporaryFolder } from '@stackone/test-environment';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { describe, expect, test } from 'vitest';
import { SqliteSessionStore } from '../src/index.js';

const RUNS = modelRuns(COVERING_RUNS);
const encryption = { key: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=' };
const folder = temporaryFolder();
let files = 0;

/** A file of its own, with the means to look at it and to damage it. */
function newFile() {
  const file = join(folder, `${files++}.db`);
  const raw = new Database(file);
  const all = (sql: string) => raw.prepare(sql).all();
  const subject: EncryptionSubject = {
    open: (options) => SqliteSessionStore.fromUrl(`sqlite:${file}`, options),
    insertRaw: (sessionId, text) =>
      raw.prepare('INSERT INTO agent_messages (session_id, message_data) VALUES (?, ?)').run(sessionId, text),
    dump: () => ({
      messages: all(
        'SELECT session_id AS sessionId, id, message_data AS text, created_at AS createdAt FROM agent_messages ORDER BY id',
      ) as Dump['messages'],
      sessions: all('SELECT * FROM agent_sessions ORDER BY session_id'),
      metadata: all('SELECT * FROM agent_sessions_metadata ORDER BY session_id'),
      operations: all(
        'SELECT * FROM agent_sessions_operations ORDER BY session_id, operation_id',
      ) as Dump['operations'],
    }),
  };
  return { ...subject, raw };
}

test.each(ENCRYPTION_CASES)('$name', async ({ run }) => {
  await run(newFile());
});

sessionConformance({
  name: 'encrypted, a file',
  describe,
  test,
  open: async () => {
    const { open, insertRaw } = newFile();
    const store = (await open({ encryption })).on('warning', () => {});
    return {
      session: (id) => store.session(id),
      insertRaw,
      reopen: () => open({ encryption }),
      close: () => store.close(),
    };
  },
  supports: { ...sessionFeatures({ edit: true, operations: true }), reopen: true, raw: true },
});

test('encrypted, two stores on one file behave as MemorySession does', {
  timeout: modelTimeout(RUNS),
}, async () => {
  const { open, insertRaw } = newFile();
  const stores = [await open({ encryption }), await open({ encryption })] as const;
  for (const store of stores) store.on('warning', ({ code }) => expect(code).toBe('CORRUPT_ITEM'));
  await playModel('sqlite, encrypted', { stores, insertRaw }, RUNS);
});

test.each(Object.keys(SCENES))('encrypted, the runner: %s', async (name) => {
  await using store = await newFile().open({ encryption });
  await playScene(name, (sessionId) => store.session(sessionId), name);
});

test("encrypted inside a transaction of the application's, and synchronously", async () => {
  const db = drizzle({ client: new Database(':memory:') });
  const store = await SqliteSessionStore.fromDrizzle(db, { encryption });
  db.transaction((tx) => {
    store
      .with(tx)
      .session('a')
      .addItems([{ role: 'user', content: 'canary' }]);
  });
  const [row] = db.$client.prepare('SELECT message_data AS text FROM agent_messages').all() as {
    text: string;
  }[];
  expect(row?.text).toMatch(/^\{"__enc__":1,/);
  let popped: unknown;
  db.transaction((tx) => {
    popped = store.with(tx).session('a').popItem();
  });
  expect(await popped).toEqual({ role: 'user', content: 'canary' });
});
