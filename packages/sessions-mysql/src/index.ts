export { type DistributedMysql, type MysqlServer, type SchemaSqlOptions, schemaSql } from './ddl.js';
export type { MysqlDriver, MysqlDriverOption } from './driver.js';
export type {
  DrizzleMysqlDatabase,
  DrizzleMysqlTransaction,
  MysqlConnection,
  MysqlPool,
  MysqlTransactionClient,
} from './driver-types.js';
export { MYSQL_OPTION_CHECKS, MysqlSessionStore, type MysqlStoreOptions, type MysqlTarget } from './store.js';
export type { MysqlTlsOptions } from './tls.js';
export { MYSQL_URL_PARAMETERS } from './url-parameters.js';
