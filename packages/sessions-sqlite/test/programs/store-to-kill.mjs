import { SqliteSessionStore } from '@stackone/sessions-sqlite';
import Database from 'better-sqlite3';

export const open = (url, onStatement) =>
  SqliteSessionStore.fromDatabase(new Database(url.replace('sqlite:', ''), { verbose: onStatement }));
