import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ModelSubject,
  modelRuns,
  modelTimeout,
  playConversations,
  playModel,
  reasoningAsKept,
} from '@stackone/model-test';
import Database from 'better-sqlite3';
import { test } from 'vitest';
import { SqliteSessionStore, type SqliteStoreOptions } from '../src/index.js';

const RUNS = modelRuns(1000);

const FORMATS: [NonNullable<SqliteStoreOptions['itemFormat']>, Pick<ModelSubject, 'asKept'>][] = [
  ['agents-js', {}],
  ['responses', { asKept: reasoningAsKept }],
];

test.each(FORMATS)(
  'two stores on one file behave as MemorySession does: %s',
  { timeout: modelTimeout(RUNS) },
  async (itemFormat, kept) => {
    const folder = mkdtempSync(join(tmpdir(), 'sessions-sqlite-'));
    const open = () => SqliteSessionStore.fromUrl(`sqlite:${join(folder, 'model.db')}`, { itemFormat });
    const stores = [await open(), await open()] as const;
    for (const store of stores) store.on('warning', () => {});
    const raw = new Database(join(folder, 'model.db'));
    const insert = raw.prepare('INSERT INTO agent_messages (session_id, message_data) VALUES (?, ?)');
    const insertRaw = (sessionId: string, text: string) => insert.run(sessionId, text);
    await playModel(`sqlite, ${itemFormat}`, { stores, insertRaw, ...kept }, RUNS);
    raw.close();
    for (const store of stores) await store.close();
    rmSync(folder, { recursive: true });
  },
);

test.each<[string, SqliteStoreOptions]>([
  ['plain', {}],
  [
    'encrypted rows of the Responses API',
    { itemFormat: 'responses', encryption: { key: 'a key of these tests' } },
  ],
])(
  'conversations as objects behave as a model in memory does: %s',
  { timeout: modelTimeout(RUNS) },
  async (name, options) => {
    const folder = mkdtempSync(join(tmpdir(), 'sessions-sqlite-'));
    const open = () => SqliteSessionStore.fromUrl(`sqlite:${join(folder, 'model.db')}`, options);
    const stores = [await open(), await open()] as const;
    await playConversations(`sqlite, ${name}`, stores, RUNS);
    for (const store of stores) await store.close();
    rmSync(folder, { recursive: true });
  },
);
