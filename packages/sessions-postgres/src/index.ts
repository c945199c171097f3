export type { ConnectOptions, PostgresTls } from './connect.js';
export type {
  DrizzlePostgresDatabase,
  DrizzlePostgresTransaction,
  PostgresClient,
  PostgresPool,
  PostgresPoolClient,
  PostgresResult,
} from './database.js';
export { schemaSql } from './ddl.js';
export { PostgresSessionStore, type PostgresStoreOptions, type PostgresTarget } from './store.js';
