export * from '@stackone/sessions-core';
export * from '@stackone/sessions-memory';
export {
  type DrizzleMysqlDatabase,
  type DrizzleMysqlTransaction,
  type MysqlConnection,
  type MysqlDriver,
  type MysqlDriverOption,
  type MysqlPool,
  type MysqlServer,
  MysqlSessionStore,
  type MysqlStoreOptions,
  type MysqlTarget,
  type MysqlTlsOptions,
  schemaSql as mysqlSchemaSql,
} from '@stackone/sessions-mysql';
export {
  type ConnectOptions as PostgresConnectOptions,
  type DrizzlePostgresDatabase,
  type DrizzlePostgresTransaction,
  type PostgresClient,
  type PostgresDriver,
  type PostgresDriverOption,
  type PostgresPool,
  PostgresSessionStore,
  type PostgresStoreOptions,
  type PostgresTarget,
  type PostgresTlsOptions,
  schemaSql as postgresSchemaSql,
} from '@stackone/sessions-postgres';
export {
  type DrizzleSqliteDatabase,
  type DrizzleSqliteTransaction,
  type SqliteDatabase,
  type SqliteDriver,
  type SqliteDriverOption,
  SqliteSessionStore,
  type SqliteStatement,
  type SqliteStoreOptions,
  type SqliteTarget,
  type Synchronous,
  schemaSql as sqliteSchemaSql,
} from '@stackone/sessions-sqlite';
export type { DriverModules } from './driver-modules.js';
export { DrizzleSession, type DrizzleSessionConfig } from './drizzle-session.js';
export { InMemorySession } from './in-memory-session.js';
export { type OpenStoreOptions, openSessionStore } from './open-store.js';
