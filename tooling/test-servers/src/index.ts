export type { Certificate, TlsMaterial, TlsOptions } from './certificates.ts';
export { makeTlsMaterial } from './certificates.ts';
export { EngineUnavailable } from './choice.ts';
export { ENGINE_NAMES, type Engine, type Target, targetsOf } from './engines.ts';
export { type MariadbOptions, startMariadb, startMysql } from './mysql-family.ts';
export { type PgBouncerOptions, startPgBouncer } from './pgbouncer.ts';
export { type PostgresOptions, startPostgres } from './postgres.ts';
export { type DatabaseOptions, type ServerAddress, TestServer } from './server.ts';
export { freePort, type StartOptions, ThrowawayServer } from './throwaway.ts';
