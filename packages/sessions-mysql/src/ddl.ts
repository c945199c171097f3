import type { TableNames } from '@stackone/sessions-core';
import { checkOptions, isBoolean, isOneOf, isTableNames } from '@stackone/sessions-core/backend';
import { quoteName } from './literals.js';
import { isSchemaName } from './schema-name.js';
import { type MysqlNames, mysqlNames, qualifiedName } from './statements.js';

/** Raised only by a change of the tables that stores of earlier versions must not meet: they then refuse to open. */
export const SCHEMA_VERSION = 1;

/** The two servers. They differ, here, in the name of one collation. */
export type MysqlServer = 'mysql' | 'mariadb';

/** Binary, so that ids compare byte for byte, and NO PAD, so that a space at the end counts. */
const EXACT_COLLATIONS: Readonly<Record<MysqlServer, string>> = {
  mysql: 'utf8mb4_0900_bin',
  mariadb: 'utf8mb4_nopad_bin',
};

/** The type of session ids on tables that we make. */
export function sessionIdType(server: MysqlServer): string {
  return `VARCHAR(255) CHARACTER SET utf8mb4 COLLATE ${EXACT_COLLATIONS[server]}`;
}

/** The type of the items' texts: unlimited, and in utf8mb4 whatever the database's default is. */
export const TEXT_TYPE = 'LONGTEXT CHARACTER SET utf8mb4';

const TIME_TYPE = 'TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)';

/**
 * The tables as the Python SDK's `SQLAlchemySession` expects them (it cannot make them on these servers itself), the
 * indexes that find the newest items and the conversations that changed last, and side tables of our own: those of metadata, usage and runs outlive their
 * session, which Python deletes when it clears it, that of erasures has digests of ids whose conversations were erased, and that
 * of the version has no rows. Indexes stand inside CREATE TABLE, because MySQL
 * has no CREATE INDEX IF NOT EXISTS.
 *
 * @param idType - The type of session ids; that of the sessions table, where it is there already.
 * @param foreignKeys - Whether rows refer to their session; a store does not need it.
 */
export function tableStatements(names: MysqlNames, idType: string, foreignKeys: boolean) {
  const sessions = qualifiedName(names, names.sessions);
  const foreignKey = (name: string) =>
    foreignKeys
      ? `,
  CONSTRAINT ${quoteName(name)} FOREIGN KEY (session_id) REFERENCES ${sessions} (session_id) ON DELETE CASCADE`
      : '';
  return {
    sessions: `CREATE TABLE IF NOT EXISTS ${sessions} (
  session_id ${idType} NOT NULL,
  created_at ${TIME_TYPE},
  updated_at ${TIME_TYPE},
  PRIMARY KEY (session_id),
  KEY ${quoteName(names.changedIndex)} (updated_at, session_id)
)`,
    messages: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.messages)} (
  id BIGINT NOT NULL AUTO_INCREMENT,
  session_id ${idType} NOT NULL,
  message_data ${TEXT_TYPE} NOT NULL,
  created_at ${TIME_TYPE},
  PRIMARY KEY (id),
  KEY ${quoteName(names.timeIndex)} (session_id, created_at),
  KEY ${quoteName(names.idIndex)} (session_id, id)${foreignKey(names.messagesKey)}
)`,
    operations: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.operations)} (
  session_id ${idType} NOT NULL,
  operation_id ${idType} NOT NULL,
  digest VARCHAR(255) CHARACTER SET utf8mb4 NOT NULL,
  created_at ${TIME_TYPE},
  PRIMARY KEY (session_id, operation_id)${foreignKey(names.operationsKey)}
)`,
    erasures: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.erasures)} (
  digest VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  ends_at BIGINT NOT NULL,
  PRIMARY KEY (digest)
)`,
    metadata: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.metadata)} (
  session_id ${idType} NOT NULL,
  description ${TEXT_TYPE} NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (session_id)
)`,
    usage: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.usage)} (
  session_id ${idType} NOT NULL,
  response ${idType} NOT NULL,
  tenant ${idType} NOT NULL,
  turn BIGINT,
  model ${idType} NOT NULL,
  recorded_at BIGINT NOT NULL,
  requests BIGINT NOT NULL,
  input_tokens BIGINT NOT NULL,
  output_tokens BIGINT NOT NULL,
  total_tokens BIGINT NOT NULL,
  cached_tokens BIGINT NOT NULL,
  reasoning_tokens BIGINT NOT NULL,
  PRIMARY KEY (session_id, response),
  KEY ${quoteName(names.usageTimeIndex)} (recorded_at)
)`,
    runs: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.runs)} (
  run_id ${idType} NOT NULL,
  entry ${idType} NOT NULL,
  session_id ${idType} NOT NULL,
  tenant ${idType} NOT NULL,
  state ${idType} NOT NULL,
  fence BIGINT NOT NULL,
  lease_until BIGINT NOT NULL,
  place ${idType},
  created_at BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  content ${TEXT_TYPE} NOT NULL,
  PRIMARY KEY (run_id, entry),
  UNIQUE KEY ${quoteName(names.runsPlaceIndex)} (place),
  KEY ${quoteName(names.runsSessionIndex)} (session_id, state),
  KEY ${quoteName(names.runsStateIndex)} (state, run_id)
)`,
    schemaVersion: `CREATE TABLE IF NOT EXISTS ${qualifiedName(names, names.schemaVersion)} (
  version INT NOT NULL DEFAULT ${SCHEMA_VERSION},
  PRIMARY KEY (version)
)`,
  };
}

/** What adds the indexes to tables that others, or stores of an earlier version, made. */
export function indexStatements(names: MysqlNames) {
  const add = (table: string, index: string, columns: string) =>
    `ALTER TABLE ${qualifiedName(names, table)} ADD INDEX ${quoteName(index)} (${columns})`;
  return {
    /** Finds the newest items. */
    newest: add(names.messages, names.idIndex, 'session_id, id'),
    /** Finds the conversations that changed last. */
    changed: add(names.sessions, names.changedIndex, 'updated_at, session_id'),
  };
}

/**
 * What makes tables of others fit: exact ids and unlimited texts. A foreign key stands in the way of the first
 * statement, so it goes and comes back; where there is none, as in a group with several primaries, none is made.
 *
 * @param foreignKeys - The foreign keys of the messages table.
 */
export function repairStatements(
  names: MysqlNames,
  server: MysqlServer,
  foreignKeys: readonly string[],
): string[] {
  const messages = qualifiedName(names, names.messages);
  const sessions = qualifiedName(names, names.sessions);
  const idType = sessionIdType(server);
  return [
    ...foreignKeys.map((key) => `ALTER TABLE ${messages} DROP FOREIGN KEY ${quoteName(key)}`),
    `ALTER TABLE ${sessions} MODIFY session_id ${idType} NOT NULL`,
    `ALTER TABLE ${messages} MODIFY session_id ${idType} NOT NULL, MODIFY message_data ${TEXT_TYPE} NOT NULL`,
    ...(foreignKeys.length > 0
      ? [
          `ALTER TABLE ${messages} ADD CONSTRAINT ${quoteName(names.messagesKey)} FOREIGN KEY (session_id) ` +
            `REFERENCES ${sessions} (session_id) ON DELETE CASCADE`,
        ]
      : []),
  ];
}

/** What {@link schemaSql} takes. */
export interface SchemaSqlOptions {
  /** Custom table names, as in the store's `tables` option. */
  tables?: TableNames | undefined;
  /** The database, as in the store's `schema` option; that of the connection if absent. */
  schema?: string | undefined;
  /** Which server the statements are for. Default `mysql`. */
  server?: MysqlServer | undefined;
  /**
   * Whether messages and operations refer to their session, so that they go with it when a program of yours deletes it. Default
   * true. False for Group Replication with several primaries, which writes to no table with such keys: a store that makes its
   * tables there leaves them out by itself.
   */
  foreignKeys?: boolean | undefined;
}

/**
 * The statements that make the tables, for people who run migrations and open stores with `createTables: false`.
 * Each can run alone, and again.
 *
 * @returns SQL statements, in the order in which they must run, without a `;` at their end.
 * @example
 * ```ts
 * for (const statement of schemaSql({ server: 'mariadb' })) await connection.query(statement);
 * ```
 */
export function schemaSql(options: SchemaSqlOptions = {}): string[] {
  checkOptions('schemaSql', options, {
    tables: isTableNames,
    schema: isSchemaName,
    server: isOneOf('mysql', 'mariadb'),
    foreignKeys: isBoolean,
  });
  const { tables, schema, server = 'mysql', foreignKeys = true } = options;
  return Object.values(tableStatements(mysqlNames(tables, schema), sessionIdType(server), foreignKeys));
}
