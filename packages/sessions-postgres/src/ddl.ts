import type { TableNames } from '@stackone/sessions-core';
import { type PostgresNames, postgresNames, qualifiedTables, quoteName } from './statements.js';

/** What a statement of the schema makes. */
export type SchemaObjectKind = 'schema' | 'sessions' | 'messages' | 'timeIndex' | 'idIndex' | 'operations';

/** One object of the schema, and the statement that makes it. */
export interface SchemaObject {
  readonly kind: SchemaObjectKind;
  readonly sql: string;
}

/**
 * The tables as the Python SDK's `SQLAlchemySession` makes them (0.24), with ids of 64 bits instead of 32 and with
 * the names that PostgreSQL gives its constraints; the index that finds the newest items; and a side table of our
 * own, which goes with its session when Python deletes that.
 */
export function schemaObjects(names: PostgresNames): readonly SchemaObject[] {
  const { sessions, messages, operations } = qualifiedTables(names);
  const objects: SchemaObject[] = [
    {
      kind: 'sessions',
      sql: `CREATE TABLE IF NOT EXISTS ${sessions} (
  session_id VARCHAR NOT NULL,
  created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
  updated_at TIMESTAMP WITHOUT TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
  PRIMARY KEY (session_id)
)`,
    },
    {
      kind: 'messages',
      sql: `CREATE TABLE IF NOT EXISTS ${messages} (
  id BIGSERIAL NOT NULL,
  session_id VARCHAR NOT NULL,
  message_data TEXT NOT NULL,
  created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(session_id) REFERENCES ${sessions} (session_id) ON DELETE CASCADE
)`,
    },
    {
      kind: 'timeIndex',
      sql: `CREATE INDEX IF NOT EXISTS ${quoteName(names.timeIndex)} ON ${messages} (session_id, created_at)`,
    },
    {
      kind: 'idIndex',
      sql: `CREATE INDEX IF NOT EXISTS ${quoteName(names.idIndex)} ON ${messages} (session_id, id)`,
    },
    {
      kind: 'operations',
      sql: `CREATE TABLE IF NOT EXISTS ${operations} (
  session_id VARCHAR NOT NULL,
  operation_id VARCHAR NOT NULL,
  digest TEXT NOT NULL,
  calls INTEGER DEFAULT 1 NOT NULL,
  created_at TIMESTAMP WITHOUT TIME ZONE DEFAULT CURRENT_TIMESTAMP NOT NULL,
  PRIMARY KEY (session_id, operation_id),
  FOREIGN KEY(session_id) REFERENCES ${sessions} (session_id) ON DELETE CASCADE
)`,
    },
  ];
  if (names.schema === undefined) return objects;
  return [{ kind: 'schema', sql: `CREATE SCHEMA IF NOT EXISTS ${quoteName(names.schema)}` }, ...objects];
}

/**
 * The statements that make the tables, for people who run migrations and open stores with `createTables: false`.
 * Each can run alone, and again.
 *
 * @param options - Custom table names, and the schema they are in (default: the first of the `search_path`).
 * @returns SQL statements, in the order in which they must run, without a `;` at their end.
 * @example
 * ```ts
 * for (const statement of schemaSql({ schema: 'chats' })) await pool.query(statement);
 * ```
 */
export function schemaSql(options: { tables?: TableNames; schema?: string } = {}): string[] {
  return schemaObjects(postgresNames(options.tables, options.schema)).map(({ sql }) => sql);
}
