import { SessionError } from '@stackone/sessions-core';
import { checkSchemaVersion, tablesOutdated, type WarningReporter } from '@stackone/sessions-core/backend';
import { SCHEMA_VERSION, schemaObjects } from './ddl.js';
import type { SqliteExecutor } from './executor.js';
import type { SqliteNames } from './statements.js';

/** What a store needs of its tables. Python's layouts and older ones have these columns too. */
const COLUMNS = {
  sessions: ['session_id', 'updated_at'],
  messages: ['id', 'session_id', 'message_data', 'created_at'],
} as const;

/** The tables of our own, which those of others lack. */
const SIDE_TABLES = ['operations', 'metadata', 'usage', 'runs', 'erasures', 'schemaVersion'] as const;

/**
 * Makes the tables that are missing, and checks the ones that are there.
 *
 * @returns Which of the side tables are there.
 * @throws SessionError `TABLE_MISSING`, or `SCHEMA_MISMATCH` for tables that would mix up or lose conversations, for those of a
 * later version, and for those of an earlier one where none are made.
 */
export function prepareTables(
  connection: SqliteExecutor,
  names: SqliteNames,
  createTables: boolean,
  warn: WarningReporter,
): { operations: boolean; metadata: boolean; usage: boolean; runs: boolean; erasure: boolean } {
  checkVersion(connection, names);
  if (createTables && missing(connection, names).length > 0) {
    connection.atomically(() => {
      for (const { name, sql } of missing(connection, names)) {
        if (!hasLikeIndex(connection, names, name)) connection.run(sql, []);
      }
    });
  }
  checkColumns(connection, names.sessions, COLUMNS.sessions);
  checkColumns(connection, names.messages, COLUMNS.messages);
  checkIds(connection, names);
  checkSideTables(connection, names);
  for (const [index, advice] of [
    [names.idIndex, 'Reading the newest items of a conversation passes over the rows of others'],
    [names.changedIndex, 'Listing conversations by their last change reads all of them'],
  ] as const) {
    if (hasLikeIndex(connection, names, index)) continue;
    warn({ code: 'INDEX_MISSING', message: `${advice}. Run: ${statementOf(names, index)}` });
  }
  const operations = exists(connection, names.operations);
  if (operations && !exists(connection, names.operationsTrigger)) {
    warn({
      code: 'SCHEMA',
      message: `Operation ids stay behind where the Python SDK clears a conversation. Run: ${statementOf(names, names.operationsTrigger)}`,
    });
  }
  return {
    operations,
    metadata: exists(connection, names.metadata),
    usage: exists(connection, names.usage),
    runs: exists(connection, names.runs),
    erasure: exists(connection, names.erasures),
  };
}

function statementOf(names: SqliteNames, object: string): string | undefined {
  return schemaObjects(names).find(({ name }) => name === object)?.sql;
}

function checkVersion(connection: SqliteExecutor, names: SqliteNames): void {
  if (!exists(connection, names.schemaVersion)) return;
  const version = columns(connection, names.schemaVersion).find(({ name }) => name === 'version');
  checkSchemaVersion(names.schemaVersion, version?.default, SCHEMA_VERSION);
}

/** Tables of others have no side tables, and work without. Those of an earlier version lack some of them. */
function checkSideTables(connection: SqliteExecutor, names: SqliteNames): void {
  const lacking = SIDE_TABLES.map((kind) => names[kind]).filter((name) => !exists(connection, name));
  if (lacking.length === 0 || lacking.length === SIDE_TABLES.length) return;
  throw tablesOutdated(missing(connection, names).map(({ sql }) => sql));
}

function missing(connection: SqliteExecutor, names: SqliteNames) {
  return schemaObjects(names).filter(({ name }) => !exists(connection, name));
}

function exists(connection: SqliteExecutor, name: string): boolean {
  return connection.all('SELECT 1 FROM sqlite_master WHERE name = ?', [name]).length > 0;
}

interface Column {
  readonly name: string;
  readonly type: string;
  readonly pk: number;
  /** As SQL. */
  readonly default: string | null;
}

function columns(connection: SqliteExecutor, table: string): Column[] {
  return connection.all('SELECT name, type, pk, dflt_value AS "default" FROM pragma_table_info(?)', [
    table,
  ]) as Column[];
}

function checkColumns(connection: SqliteExecutor, table: string, wanted: readonly string[]): void {
  const found = columns(connection, table).map(({ name }) => name);
  if (found.length === 0) {
    throw new SessionError(
      'TABLE_MISSING',
      `The table "${table}" does not exist. Open the store with createTables: true, or run the statements of ` +
        'schemaSql().',
    );
  }
  const lacking = wanted.filter((name) => !found.includes(name));
  if (lacking.length === 0) return;
  throw mismatch(`The table "${table}" has no column ${lacking.map((name) => `"${name}"`).join(', ')}`);
}

/** Session ids must be told apart byte for byte, and the ids of items must be what SQLite counts up itself. */
function checkIds(connection: SqliteExecutor, names: SqliteNames): void {
  const [id] = columns(connection, names.messages).filter(({ name }) => name === 'id');
  if (id?.pk !== 1 || id.type.toUpperCase() !== 'INTEGER') {
    throw mismatch(`The column "id" of the table "${names.messages}" is not INTEGER PRIMARY KEY`);
  }
  for (const table of [names.sessions, names.messages]) {
    const [sessionId] = columns(connection, table).filter(({ name }) => name === 'session_id');
    // a numeric affinity makes '1' and '01' the same
    if (!/char|clob|text|blob/i.test(sessionId?.type ?? '')) {
      throw mismatch(`The column "session_id" of the table "${table}" is not text`);
    }
    if (!comparesBytes(connection, table)) {
      throw mismatch(`The column "session_id" of the table "${table}" does not compare byte for byte`);
    }
  }
  const unique = indexColumns(connection, names.sessions).some(
    (index) => index.unique && index.columns.length === 1 && index.columns[0]?.name === 'session_id',
  );
  if (!unique)
    throw mismatch(`The column "session_id" of the table "${names.sessions}" is not its primary key`);
}

function comparesBytes(connection: SqliteExecutor, table: string): boolean {
  // the first SELECT gives the column its collation; 'a' = 'A' only under NOCASE, 'a' = 'a ' only under RTRIM
  const probe = "SELECT session_id AS x FROM __ WHERE 0 UNION ALL SELECT 'a'";
  const [row] = connection.all(
    `SELECT count(*) AS n FROM (${probe.replace('__', `"${table.replaceAll('"', '""')}"`)}) WHERE x = 'A' OR x = 'a '`,
    [],
  );
  return Number((row as { n: unknown }).n) === 0;
}

interface Index {
  readonly unique: boolean;
  readonly columns: readonly { readonly name: string | null }[];
}

function indexColumns(connection: SqliteExecutor, table: string): Index[] {
  const list = connection.all('SELECT name, "unique", partial FROM pragma_index_list(?)', [table]);
  return (list as { name: string; unique: number; partial: number }[])
    .filter(({ partial }) => Number(partial) === 0)
    .map(({ name, unique }) => ({
      unique: Number(unique) === 1,
      columns: connection.all('SELECT name FROM pragma_index_info(?) ORDER BY seqno', [name]) as {
        name: string;
      }[],
    }));
}

/** Whether some index does what one of ours is for, which may have another name. */
function hasLikeIndex(connection: SqliteExecutor, names: SqliteNames, index: string): boolean {
  const leadsBy = (table: string, first: string, isSecond: (name: string | null | undefined) => boolean) =>
    indexColumns(connection, table).some(
      ({ columns }) => columns[0]?.name === first && isSecond(columns[1]?.name),
    );
  // every index ends with the row's id by itself
  if (index === names.idIndex)
    return leadsBy(names.messages, 'session_id', (name) => name === undefined || name === 'id');
  return (
    index === names.changedIndex && leadsBy(names.sessions, 'updated_at', (name) => name === 'session_id')
  );
}

function mismatch(what: string): SessionError {
  return new SessionError(
    'SCHEMA_MISMATCH',
    `${what}. Give the store other table names (option "tables"), or make the table as schemaSql() says.`,
  );
}
