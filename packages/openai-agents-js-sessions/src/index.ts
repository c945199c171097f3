export * from '@stackone/sessions-core';
export * from '@stackone/sessions-memory';
export {
  type DrizzleSqliteDatabase,
  type DrizzleSqliteTransaction,
  SQLITE_OPTION_CHECKS,
  type SqliteDatabase,
  SqliteSessionStore,
  type SqliteStatement,
  type SqliteStoreOptions,
  type SqliteTarget,
  type Synchronous,
  schemaSql as sqliteSchemaSql,
} from '@stackone/sessions-sqlite';
export { DrizzleSession, type DrizzleSessionConfig } from './drizzle-session.js';
export { InMemorySession } from './in-memory-session.js';
export { type OpenStoreOptions, openSessionStore, type ServerOptions } from './open-store.js';
