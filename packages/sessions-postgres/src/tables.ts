import { isSessionError, SessionError } from '@stackone/sessions-core';
import { checkSchemaVersion, tablesOutdated, type WarningReporter } from '@stackone/sessions-core/backend';
import { SCHEMA_VERSION, type SchemaObject, schemaObjects } from './ddl.js';
import type { PostgresExecutor, Query } from './executor.js';
import { INSPECT, LOCK_SCHEMA, type PostgresNames, qualifiedTables, type TableKind } from './statements.js';

/** What a store needs of its tables. Python's layout and older ones have these columns too. */
const COLUMNS = {
  sessions: { session_id: ['varchar', 'text'], updated_at: ['timestamp', 'timestamptz'] },
  messages: {
    id: ['int8', 'int4'],
    session_id: ['varchar', 'text'],
    message_data: ['text', 'varchar'],
    created_at: ['timestamp', 'timestamptz'],
  },
} as const;

/** Those of our own, which tables of others lack. */
const SIDE_TABLES = ['operations', 'metadata', 'usage', 'runs', 'erasures', 'schemaVersion'] as const;

interface Column {
  readonly name: string;
  readonly type: string;
  /** Whether it compares byte for byte. */
  readonly exact: boolean;
  readonly default: string | null;
}

interface Table {
  /** Whether this user may read it. */
  readonly readable: boolean;
  readonly schema: string;
  readonly columns: readonly Column[];
  readonly indexes:
    | readonly { readonly unique: boolean; readonly primary: boolean; readonly columns: readonly string[] }[]
    | null;
}

/** What {@link INSPECT} answers. */
interface State {
  readonly encoding: string;
  readonly isolation: string;
  readonly schema: string | null;
  readonly schemaExists: boolean;
  readonly tables: { readonly [kind in TableKind]?: Table } | null;
}

/** What a store learns when it opens. */
export interface PreparedTables {
  /** The names with the schema that holds the tables, so that a later `search_path` changes nothing. */
  readonly names: PostgresNames;
  /** Whether the side table of operations is there. */
  readonly operations: boolean;
  /** Whether the side table of titles and metadata is there. */
  readonly metadata: boolean;
  /** Whether the side table of usage is there. */
  readonly usage: boolean;
  /** Whether the side table of runs is there. */
  readonly runs: boolean;
  /** Whether the side table of ids that were erased is there, and may be read: every append looks at it. */
  readonly erasures: boolean;
  /** Whether a statement on its own runs at READ COMMITTED. */
  readonly readCommitted: boolean;
  /** Whether the connection has transactions of several statements. */
  readonly transactions: boolean;
  /** Whether items are kept by their session: an engine may have split the tables over nodes. */
  readonly isKeyedBySession: boolean;
}

/**
 * Makes the tables that are missing, and checks the ones that are there. Sends no DDL where nothing is missing, so
 * a user without the privilege to make tables can open those of others.
 *
 * @param maker - Over what tables are made, which may take long; absent where none are made.
 * @param distributed - Whether tables that are made can be split over nodes. Those that are there stay as they are.
 * @throws SessionError `TABLE_MISSING`, or `SCHEMA_MISMATCH` for tables that would mix up or lose conversations, for those of a
 * later version, and for those of an earlier one to which nothing may be added.
 */
export async function prepareTables(
  connection: PostgresExecutor,
  wanted: PostgresNames,
  warn: WarningReporter,
  maker: PostgresExecutor | undefined,
  distributed = false,
): Promise<PreparedTables> {
  const transactions = await hasTransactions(connection);
  let state = await inspect(connection.read, wanted);
  checkEncoding(state);
  checkLayout(state, wanted);
  const schema =
    wanted.schema ??
    state.tables?.messages?.schema ??
    state.tables?.sessions?.schema ??
    state.schema ??
    undefined;
  const names = { ...wanted, schema };
  const missing = maker ? missingObjects(state, names, distributed) : [];
  if (maker && missing.length > 0) {
    const { tables } = state;
    // indexes of tables that are there in a transaction of their own: only the owner of a table may add one
    const isAdvice = ({ kind }: SchemaObject) =>
      (kind === 'idIndex' && tables?.messages) || (kind === 'changedIndex' && tables?.sessions);
    for (const objects of [missing.filter((one) => !isAdvice(one)), missing.filter(isAdvice)]) {
      try {
        if (objects.length > 0) await create(maker, objects, transactions);
      } catch (error) {
        // tables of others work as they are, without what this user may not add to them
        if (!isRefusal(error) || !tables?.sessions || !tables.messages) throw error;
      }
    }
    state = await inspect(connection.read, names);
    checkLayout(state, names);
  }
  for (const kind of ['sessions', 'messages'] as const) {
    if (!state.tables?.[kind]) throw tableMissing(names[kind]);
  }
  checkSideTables(state, names);
  for (const { kind, sql } of missingObjects(state, names)) {
    const advice = kind in ADVICE && ADVICE[kind as keyof typeof ADVICE];
    if (advice) warn({ code: 'INDEX_MISSING', message: `${advice}. Run: ${sql}` });
  }
  return {
    names,
    operations: state.tables?.operations !== undefined,
    metadata: state.tables?.metadata !== undefined,
    usage: state.tables?.usage !== undefined,
    runs: state.tables?.runs !== undefined,
    erasures: state.tables?.erasures?.readable === true,
    readCommitted: state.isolation === 'read committed',
    transactions,
    isKeyedBySession: isKeyedBySession(state.tables?.messages),
  };
}

/** What it means that an index is missing. */
const ADVICE = {
  idIndex: 'Reading the newest items of a conversation passes over the rows of others',
  changedIndex: 'Listing conversations by their last change reads all of them',
};

/** Some drivers send each statement as a request of its own (HTTP). They say so without asking the server. */
async function hasTransactions(connection: PostgresExecutor): Promise<boolean> {
  if (connection.hasTransactions) return true;
  try {
    await connection.atomically(async () => undefined);
    return true;
  } catch (error) {
    if (isSessionError(error) && error.code === 'UNSUPPORTED') return false;
    throw error;
  }
}

async function inspect(query: Query, names: PostgresNames): Promise<State> {
  const [row] = await query(INSPECT, [JSON.stringify(qualifiedTables(names)), names.schema ?? null]);
  const { state } = (row ?? {}) as { state?: unknown };
  if (typeof state !== 'string' || !state.startsWith('{')) {
    throw new SessionError(
      'UNSUPPORTED',
      'The driver changes the names or values of what the server answers. Take that off (postgres.js: the option ' +
        '"transform"), or give the store a client of its own.',
    );
  }
  return JSON.parse(state) as State;
}

async function create(
  connection: PostgresExecutor,
  objects: readonly SchemaObject[],
  transactions: boolean,
): Promise<void> {
  if (!transactions) {
    for (const { sql } of objects) await connection.write(sql);
    return;
  }
  await connection.atomically(async (query) => {
    await query(LOCK_SCHEMA);
    for (const { sql } of objects) await query(sql);
  });
}

function missingObjects(state: State, names: PostgresNames, distributed = false): SchemaObject[] {
  const { messages } = state.tables ?? {};
  const isSplit = messages ? isKeyedBySession(messages) : distributed;
  return schemaObjects(names, isSplit ? 'distributed' : 'python').filter(({ kind }) => {
    if (kind === 'schema') return !state.schemaExists;
    if (kind === 'timeIndex') return !state.tables?.messages;
    if (kind === 'idIndex') return !leadsBy(state.tables?.messages, 'session_id', 'id');
    if (kind === 'changedIndex') return !leadsBy(state.tables?.sessions, 'updated_at', 'session_id');
    if (kind === 'usageTimeIndex') return !leadsBy(state.tables?.usage, 'recorded_at');
    if (kind === 'runsPlaceIndex')
      return !leadsBy(state.tables?.runs, ...(isSplit ? ['session_id', 'place'] : ['place']));
    if (kind === 'runsIdIndex') return !leadsBy(state.tables?.runs, 'run_id');
    if (kind === 'runsSessionIndex') return !leadsBy(state.tables?.runs, 'session_id', 'state');
    if (kind === 'runsStateIndex') return !leadsBy(state.tables?.runs, 'state', 'run_id');
    return !state.tables?.[kind];
  });
}

/** Tables of others have no side tables, and work without. Those of an earlier version lack some of them. */
function checkSideTables(state: State, names: PostgresNames): void {
  const { tables } = state;
  const lacking = SIDE_TABLES.filter((kind) => !tables?.[kind]);
  if (lacking.length === 0 || lacking.length === SIDE_TABLES.length) return;
  throw tablesOutdated(missingObjects(state, names).map(({ sql }) => sql));
}

function isKeyedBySession(messages: Table | undefined): boolean {
  return (messages?.indexes ?? []).some(({ primary, columns }) => primary && columns[0] === 'session_id');
}

/** Whether some index begins with these columns. */
function leadsBy(table: Table | undefined, ...wanted: readonly string[]): boolean {
  return (table?.indexes ?? []).some(({ columns }) => wanted.every((name, at) => columns[at] === name));
}

function isRefusal(error: unknown): boolean {
  return isSessionError(error) && (error.code === 'PERMISSION_DENIED' || error.code === 'READ_ONLY');
}

function checkEncoding({ encoding }: State): void {
  if (encoding === 'UTF8') return;
  throw new SessionError(
    'UNSUPPORTED',
    `The encoding of the database is ${encoding}, which cannot hold every text. Make one with ENCODING 'UTF8'.`,
  );
}

/** Checks the tables that are there. */
function checkLayout({ tables }: State, names: PostgresNames): void {
  for (const kind of ['sessions', 'messages'] as const) {
    const table = tables?.[kind];
    if (table) checkColumns(names[kind], table, COLUMNS[kind]);
  }
  const key = tables?.sessions?.indexes?.some(
    ({ unique, columns }) => unique && columns.length === 1 && columns[0] === 'session_id',
  );
  if (tables?.sessions && !key)
    throw mismatch(`The column "session_id" of the table "${names.sessions}" is not its primary key`);
  if (tables?.schemaVersion) {
    const version = tables.schemaVersion.columns.find(({ name }) => name === 'version');
    checkSchemaVersion(names.schemaVersion, version?.default, SCHEMA_VERSION);
  }
}

function checkColumns(name: string, table: Table, wanted: Readonly<Record<string, readonly string[]>>): void {
  for (const [column, types] of Object.entries(wanted)) {
    const found = table.columns.find((candidate) => candidate.name === column);
    if (!found) throw mismatch(`The table "${name}" has no column "${column}"`);
    if (!types.includes(found.type))
      throw mismatch(`The column "${column}" of the table "${name}" has the type ${found.type}`);
    if (column === 'session_id' && !found.exact)
      throw mismatch(`The column "session_id" of the table "${name}" does not compare byte for byte`);
  }
}

function tableMissing(name: string): SessionError {
  return new SessionError(
    'TABLE_MISSING',
    `The table "${name}" does not exist. Open the store with createTables: true, or run the statements of ` +
      'schemaSql().',
  );
}

function mismatch(what: string): SessionError {
  return new SessionError(
    'SCHEMA_MISMATCH',
    `${what}. Give the store other table names (option "tables"), or make the table as schemaSql() says.`,
  );
}
