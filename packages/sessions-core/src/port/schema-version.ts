import { SessionError } from './errors.js';

/**
 * Refuses tables that a later version of the packages made, and that this one would spoil.
 *
 * The version is the default of the column `version` of a side table without rows: so it is part of the definition of
 * the tables, which migrations, dumps and Drizzle carry, and reading it needs no privilege on rows.
 *
 * @param table - The name of that side table.
 * @param told - The default of its column, as the database tells it; `null` or `undefined` where it has none.
 * @param known - The version that the backend makes.
 * @throws SessionError `SCHEMA_MISMATCH`, also for a table that is no such side table.
 * @example
 * ```ts
 * checkSchemaVersion('agent_sessions_schema', '1', 1);
 * ```
 */
export function checkSchemaVersion(table: string, told: string | null | undefined, known: number): void {
  const [version = ''] = /^\d+$/.exec(told ?? '') ?? [];
  if (version === '') {
    throw new SessionError(
      'SCHEMA_MISMATCH',
      `The table "${table}" is not one that a store made: its column "version" has no number as its default. Give the ` +
        'store other table names (option "tables").',
    );
  }
  if (Number(version) <= known) return;
  throw new SessionError(
    'SCHEMA_MISMATCH',
    `The tables have version ${version}, and this version of the package knows them up to version ${known}. Update the ` +
      'package: what it would write could not be read by the stores that made them so.',
  );
}

/**
 * What opening throws where tables of an earlier version lack something that this store may not make.
 *
 * @param statements - What makes it, in order.
 * @example
 * ```ts
 * throw tablesOutdated(['CREATE TABLE agent_sessions_metadata (...)']);
 * ```
 */
export function tablesOutdated(statements: readonly string[]): SessionError {
  return new SessionError(
    'SCHEMA_MISMATCH',
    'The tables are those of an earlier version of this package, or this user may not see all of them. Open the store ' +
      `once with createTables: true and a user that may make tables, or run: ${statements.join(';\n')}`,
  );
}
