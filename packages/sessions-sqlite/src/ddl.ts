import type { TableNames } from '@stackone/sessions-core';
import { checkOptions, isTableNames } from '@stackone/sessions-core/backend';
import { quoteName, type SqliteNames, sqliteNames } from './statements.js';

/** Raised only by a change of the tables that stores of earlier versions must not meet: they then refuse to open. */
export const SCHEMA_VERSION = 1;

/** One object of the schema: its name in `sqlite_master` and the statement that makes it. */
export interface SchemaObject {
  readonly name: string;
  readonly sql: string;
}

/**
 * The tables as the Python SDK's `SQLAlchemySession` makes them (0.24, `sqlalchemy_session.py`), the indexes
 * that find the newest items and the conversations that changed last, and side tables of our own.
 */
export function schemaObjects(names: SqliteNames): readonly SchemaObject[] {
  const sessions = quoteName(names.sessions);
  const messages = quoteName(names.messages);
  const operations = quoteName(names.operations);
  return [
    {
      name: names.sessions,
      sql: `CREATE TABLE IF NOT EXISTS ${sessions} (
  session_id VARCHAR NOT NULL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL,
  updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL,
  PRIMARY KEY (session_id)
)`,
    },
    {
      name: names.changedIndex,
      sql: `CREATE INDEX IF NOT EXISTS ${quoteName(names.changedIndex)} ON ${sessions} (updated_at, session_id)`,
    },
    {
      name: names.messages,
      sql: `CREATE TABLE IF NOT EXISTS ${messages} (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  session_id VARCHAR NOT NULL,
  message_data TEXT NOT NULL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL,
  FOREIGN KEY(session_id) REFERENCES ${sessions} (session_id) ON DELETE CASCADE
)`,
    },
    {
      name: names.timeIndex,
      sql: `CREATE INDEX IF NOT EXISTS ${quoteName(names.timeIndex)} ON ${messages} (session_id, created_at)`,
    },
    {
      name: names.idIndex,
      sql: `CREATE INDEX IF NOT EXISTS ${quoteName(names.idIndex)} ON ${messages} (session_id, id)`,
    },
    {
      name: names.operations,
      sql: `CREATE TABLE IF NOT EXISTS ${operations} (
  session_id VARCHAR NOT NULL,
  operation_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL,
  PRIMARY KEY (session_id, operation_id)
) WITHOUT ROWID`,
    },
    {
      // Python enforces no foreign keys on SQLite, and must not leave operations behind when it clears a session
      name: names.operationsTrigger,
      sql: `CREATE TRIGGER IF NOT EXISTS ${quoteName(names.operationsTrigger)} AFTER DELETE ON ${sessions}
BEGIN
  DELETE FROM ${operations} WHERE session_id = OLD.session_id;
END`,
    },
    {
      // outlives its conversation, which was erased; no id, and a time in ms since 1970
      name: names.erasures,
      sql: `CREATE TABLE IF NOT EXISTS ${quoteName(names.erasures)} (
  digest TEXT NOT NULL,
  ends_at INTEGER NOT NULL,
  PRIMARY KEY (digest)
) WITHOUT ROWID`,
    },
    {
      // outlives its conversation, which Python deletes when it clears it
      name: names.metadata,
      sql: `CREATE TABLE IF NOT EXISTS ${quoteName(names.metadata)} (
  session_id VARCHAR NOT NULL,
  description TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (session_id)
)`,
    },
    {
      // in ms since 1970; of rows in agent_messages; outlives its conversation, too
      name: names.usage,
      sql: `CREATE TABLE IF NOT EXISTS ${quoteName(names.usage)} (
  session_id VARCHAR NOT NULL,
  response VARCHAR NOT NULL,
  tenant VARCHAR NOT NULL,
  turn INTEGER,
  model VARCHAR NOT NULL,
  recorded_at INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  total_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  PRIMARY KEY (session_id, response)
)`,
    },
    {
      name: names.usageTimeIndex,
      sql: `CREATE INDEX IF NOT EXISTS ${quoteName(names.usageTimeIndex)} ON ${quoteName(names.usage)} (recorded_at)`,
    },
    {
      // a run has the empty entry, its steps have others; in ms since 1970; outlives its conversation, too
      name: names.runs,
      sql: `CREATE TABLE IF NOT EXISTS ${quoteName(names.runs)} (
  run_id VARCHAR NOT NULL,
  entry VARCHAR NOT NULL,
  session_id VARCHAR NOT NULL,
  tenant VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  fence INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  place VARCHAR,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (run_id, entry)
)`,
    },
    {
      name: names.runsPlaceIndex,
      sql: `CREATE UNIQUE INDEX IF NOT EXISTS ${quoteName(names.runsPlaceIndex)} ON ${quoteName(names.runs)} (place)`,
    },
    {
      name: names.runsSessionIndex,
      sql: `CREATE INDEX IF NOT EXISTS ${quoteName(names.runsSessionIndex)} ON ${quoteName(names.runs)} (session_id, state)`,
    },
    {
      name: names.runsStateIndex,
      sql: `CREATE INDEX IF NOT EXISTS ${quoteName(names.runsStateIndex)} ON ${quoteName(names.runs)} (state, run_id)`,
    },
    {
      // has no rows: the default is what it says
      name: names.schemaVersion,
      sql: `CREATE TABLE IF NOT EXISTS ${quoteName(names.schemaVersion)} (
  version INTEGER DEFAULT ${SCHEMA_VERSION} NOT NULL,
  PRIMARY KEY (version)
)`,
    },
  ];
}

/**
 * The statements that make the tables, for people who run migrations and open stores with `createTables: false`.
 * Each can run alone, and again.
 *
 * @param options - Custom table names, as in the store's `tables` option.
 * @returns SQL statements, in the order in which they must run, without a `;` at their end.
 * @example
 * ```ts
 * for (const statement of schemaSql()) database.exec(statement);
 * ```
 */
export function schemaSql(options: { tables?: TableNames | undefined } = {}): string[] {
  checkOptions('schemaSql', options, { tables: isTableNames });
  return schemaObjects(sqliteNames(options.tables)).map(({ sql }) => sql);
}
