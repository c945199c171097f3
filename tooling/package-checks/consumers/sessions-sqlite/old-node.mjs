// Run by Node 20, which better-sqlite3 13 crashes without a word: it has to be refused before the driver is loaded.
import assert from 'node:assert/strict';
import { SqliteSessionStore } from '@stackone/sessions-sqlite';

await assert.rejects(SqliteSessionStore.fromUrl('sqlite::memory:'), {
  code: 'UNSUPPORTED_RUNTIME',
  message: /Node/,
});
