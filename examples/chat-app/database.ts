import type { SessionStore } from '@stackone/sessions-core';
import { SCHEMA } from './schema.ts';

/** The one database of the application. */
export interface AppDatabase {
  /** The conversations. */
  readonly store: SessionStore;
  /** One statement over the application's own tables, with `$1`, `$2`, ... for the values. */
  query<Row extends object>(sql: string, values?: readonly (string | number)[]): Promise<Row[]>;
  /** SQL for the time by the database's clock, in ms since 1970: the clocks of two processes may differ. */
  readonly now: string;
  /** Ends the store and the connections under it. */
  close(): Promise<void>;
}

/**
 * Opens the database and makes what is missing: SQLite for development, PostgreSQL for production. The store works on the same
 * connections as the application.
 *
 * @param url - `sqlite:<file>`, or what `pg` takes.
 */
export async function openDatabase(url: string): Promise<AppDatabase> {
  // only the driver that is needed
  const { open } = url.startsWith('sqlite:') ? await import('./sqlite.ts') : await import('./postgres.ts');
  return open(url, SCHEMA);
}
