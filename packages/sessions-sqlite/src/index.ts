export type { Synchronous } from './connect.js';
export { schemaSql } from './ddl.js';
export type { SqliteDriver, SqliteDriverOption } from './driver.js';
export type {
  DrizzleSqliteDatabase,
  DrizzleSqliteTransaction,
  SqliteDatabase,
  SqliteStatement,
} from './driver-types.js';
export { IN_MEMORY, sqliteLocation } from './location.js';
export {
  SQLITE_OPTION_CHECKS,
  SqliteSessionStore,
  type SqliteStoreOptions,
  type SqliteTarget,
} from './store.js';
export { SQLITE_URL_PARAMETERS } from './url-parameters.js';
