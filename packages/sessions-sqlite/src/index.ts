export type { Synchronous } from './connect.js';
export type {
  DrizzleSqliteDatabase,
  DrizzleSqliteTransaction,
  SqliteDatabase,
  SqliteStatement,
} from './database.js';
export { schemaSql } from './ddl.js';
export { SqliteSessionStore, type SqliteStoreOptions, type SqliteTarget } from './store.js';
