export type { ConnectOptions } from './connect.js';
export { schemaSql } from './ddl.js';
export type { DistributedEngine } from './distributed-ddl.js';
export type { PostgresDriver, PostgresDriverOption } from './driver.js';
export type {
  DrizzlePostgresDatabase,
  DrizzlePostgresTransaction,
  PostgresClient,
  PostgresPool,
  PostgresPoolClient,
  PostgresResult,
} from './driver-types.js';
export {
  POSTGRES_OPTION_CHECKS,
  PostgresSessionStore,
  type PostgresStoreOptions,
  type PostgresTarget,
} from './store.js';
export type { PostgresTlsOptions } from './tls.js';
export { POSTGRES_URL_PARAMETERS } from './url-parameters.js';
