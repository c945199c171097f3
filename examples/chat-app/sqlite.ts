import { SqliteSessionStore } from '@stackone/sessions-sqlite';
import Database from 'better-sqlite3';
import type { AppDatabase } from './database.ts';

/** Opens a file of SQLite, and makes it if it is not there. */
export async function open(url: string, schema: string): Promise<AppDatabase> {
  const database = new Database(url.replace(/^sqlite:/, ''));
  database.pragma('journal_mode = WAL'); // readers do not wait for writers
  database.exec(schema);
  const store = await SqliteSessionStore.fromDatabase(database, { exactlyOnce: true });
  return {
    store,
    now: "(unixepoch('subsec') * 1000)",
    async query<Row extends object>(sql: string, values: readonly (string | number)[] = []) {
      const statement = database.prepare(sql);
      const named = Object.fromEntries(values.map((value, index) => [index + 1, value])); // $1 is a name here
      if (statement.reader) return statement.all(named) as Row[];
      statement.run(named);
      return [];
    },
    async close() {
      await store.close();
      database.close();
    },
  };
}
