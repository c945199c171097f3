import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelRuns, modelTimeout, playModel } from '@stackone/model-test';
import Database from 'better-sqlite3';
import { test } from 'vitest';
import { SqliteSessionStore } from '../src/index.js';

const RUNS = modelRuns(1000);

test('two stores on one file behave as MemorySession does', { timeout: modelTimeout(RUNS) }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sessions-sqlite-'));
  const url = `sqlite:${join(folder, 'model.db')}`;
  const stores = [await SqliteSessionStore.fromUrl(url), await SqliteSessionStore.fromUrl(url)] as const;
  for (const store of stores) store.on('warning', () => {});
  const raw = new Database(join(folder, 'model.db'));
  const insert = raw.prepare('INSERT INTO agent_messages (session_id, message_data) VALUES (?, ?)');
  const insertRaw = (sessionId: string, text: string) => insert.run(sessionId, text);
  await playModel('sqlite', { stores, insertRaw }, RUNS);
  raw.close();
  for (const store of stores) await store.close();
  rmSync(folder, { recursive: true });
});
