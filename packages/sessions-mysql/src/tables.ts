import { isSessionError, SessionError } from '@stackone/sessions-core';
import type { WarningReporter } from '@stackone/sessions-core/backend';
import {
  indexStatements,
  type MysqlServer,
  repairStatements,
  sessionIdType,
  tableStatements,
} from './ddl.js';
import type { Send } from './driver-types.js';
import type { ServerSettings } from './settings.js';
import { completeSideTables, findSideTables, type SideTables, sideTableQuestions } from './side-tables.js';
import { type MysqlNames, qualifiedName } from './statements.js';

/**
 * Makes the tables that are missing, and checks the ones that are there. Reads no `information_schema`, which some
 * proxies refuse.
 *
 * @param change - Runs what makes tables and indexes, however long it takes.
 * @param distributed - Whether the tables are split over nodes, where the application says it.
 * @throws SessionError `TABLE_MISSING`, or `SCHEMA_MISMATCH` for tables that would mix up or lose conversations, for those of a
 * later version, and for those of an earlier one to which nothing may be added.
 */
export async function prepareTables(
  send: Send,
  change: Send,
  names: MysqlNames,
  settings: ServerSettings,
  createTables: boolean,
  warn: WarningReporter,
  distributed?: boolean,
): Promise<PreparedTables> {
  if (settings.foldsNames && names.sessions.toLowerCase() === names.messages.toLowerCase()) {
    throw mismatch(
      `The tables "${names.sessions}" and "${names.messages}" are one on this server`,
      TABLES_ADVICE,
    );
  }
  const describe = (table: string) => describeTable(send, names, table);
  const create = async (table: string, statement: string) => {
    if (!createTables) throw missing(table);
    await change(statement);
    const made = await describe(table);
    if (!made) throw missing(table);
    return made;
  };
  const found = await findSideTables(send, names);
  const present = await describe(names.messages);
  const isDistributed = distributed ?? present?.isKeyedBySession ?? false;
  const advice = repairAdvice(names, settings.server, present);
  const checks = { names, settings, warn, advice, isDistributed };
  const layout = { foreignKeys: !settings.refusesCascades, distributed: isDistributed };
  const ownType = sessionIdType(settings.server);
  const sessions =
    (await describe(names.sessions)) ??
    (await create(names.sessions, tableStatements(names, ownType, layout).sessions));
  checkSessions(sessions, checks);
  const sql = tableStatements(names, idTypeOf(sessions) ?? ownType, layout);
  const messages = present ?? (await create(names.messages, sql.messages));
  checkMessages(messages, checks);
  const add = indexStatements(names);
  const make = createTables ? change : undefined;
  const newestIndex =
    messages.newestIndex ??
    (await addIndex(make, add.newest, async () => (await describe(names.messages))?.newestIndex));
  const changedIndex =
    sessions.changedIndex ??
    (await addIndex(make, add.changed, async () => (await describe(names.sessions))?.changedIndex));
  const advised = [
    ...(newestIndex === undefined ? [[NEWEST_ADVICE, add.newest] as const] : []),
    ...(changedIndex === undefined ? [[CHANGED_ADVICE, add.changed] as const] : []),
  ];
  const statements = advised.map(([, statement]) => statement);
  const sideTables = await completeSideTables(found, make, sql, statements);
  for (const [advice, statement] of advised)
    warn({ code: 'INDEX_MISSING', message: `${advice}. Run: ${statement}` });
  // MySQL stores the column's own default as it is, and CURRENT_TIMESTAMP by way of the local time, of which an hour may come twice
  const now = sessions.columns.get('updated_at')?.isNow ? 'DEFAULT' : 'CURRENT_TIMESTAMP(6)';
  const { metadata: createMetadata, usage: createUsage, runs: createRuns } = sql;
  return {
    isDistributed,
    sideTables,
    createMetadata,
    createUsage,
    createRuns,
    newestIndex,
    changedIndex,
    now,
  };
}

const NEWEST_ADVICE = 'Reading the newest items of a conversation passes over the rows of others';
const CHANGED_ADVICE = 'Listing conversations by their last change reads all of them';

/** What a store learns when it opens. */
export interface PreparedTables {
  /** Whether the tables are split over nodes by `session_id`: as the application says, else where the key of messages begins with it. */
  readonly isDistributed: boolean;
  readonly sideTables: SideTables;
  /** What makes that of titles and metadata. */
  readonly createMetadata: string;
  /** What makes that of usage. */
  readonly createUsage: string;
  /** What makes that of runs. */
  readonly createRuns: string;
  /** The index that leads to the newest items. */
  readonly newestIndex: string | undefined;
  /** The index in the order of the conversations' last changes. */
  readonly changedIndex: string | undefined;
  /** What sets the time of a conversation's last change. */
  readonly now: string;
}

/**
 * Ten processes may add it at once; those that come late are told that the name is taken. Where it may not be added,
 * or was made invisible, the store works without it, more slowly.
 *
 * @param change - Absent where none is added.
 * @returns The name of the index that is there afterwards.
 */
async function addIndex(
  change: Send | undefined,
  statement: string,
  find: () => Promise<string | undefined>,
): Promise<string | undefined> {
  if (!change) return undefined;
  try {
    await change(statement);
  } catch (error) {
    if (isSessionError(error) && error.retryable) throw error;
  }
  return find();
}

interface Column {
  /** In lower case, like `varchar(255)`. */
  readonly type: string;
  /** `undefined` for what is not text. */
  readonly collation: string | undefined;
  /** Whether the server counts its values up. */
  readonly counted: boolean;
  /** Whether it is the present time by itself. */
  readonly isNow: boolean;
}

interface Table {
  readonly columns: ReadonlyMap<string, Column>;
  /** Whether its primary key begins with the session, and has more. */
  readonly isKeyedBySession: boolean;
  /** Whether each session can be there once only. */
  readonly uniqueSessions: boolean;
  readonly foreignKeys: readonly string[];
  /** In lower case, like `innodb`; `undefined` where a proxy does not tell. */
  readonly storage: string | undefined;
  /** The index that leads from a session to its rows by id. */
  readonly newestIndex: string | undefined;
  /** The index in the order of `updated_at` and then of the sessions. */
  readonly changedIndex: string | undefined;
}

const columnsQuestion = (names: MysqlNames, table: string) =>
  `SHOW FULL COLUMNS FROM ${qualifiedName(names, table)}`;

const keysQuestion = (names: MysqlNames, table: string) => `SHOW CREATE TABLE ${qualifiedName(names, table)}`;

/** What {@link prepareTables} asks, where all tables are there. */
export function tableQuestions(names: MysqlNames): string[] {
  return [
    ...sideTableQuestions(names),
    ...[names.messages, names.sessions].flatMap((table) => [
      columnsQuestion(names, table),
      keysQuestion(names, table),
    ]),
  ];
}

async function describeTable(send: Send, names: MysqlNames, table: string): Promise<Table | undefined> {
  let rows: readonly Readonly<Record<string, string | null>>[];
  let created: string;
  try {
    ({ rows } = await send(columnsQuestion(names, table)));
    created = (await send(keysQuestion(names, table))).rows[0]?.['Create Table'] ?? '';
  } catch (error) {
    if (isSessionError(error) && error.code === 'TABLE_MISSING') return undefined;
    throw error;
  }
  const columns = new Map(
    rows.map(({ Field, Type, Collation, Default, Extra }) => [
      String(Field),
      {
        type: String(Type).toLowerCase(),
        collation: Collation ?? undefined,
        counted: /auto_increment/i.test(Extra ?? ''),
        isNow: /^current_timestamp/i.test(Default ?? ''),
      },
    ]),
  );
  const keys = [...created.matchAll(KEY_LINE)].map(([, kind, name = 'PRIMARY', list = '']) => ({
    kind,
    name: unquoted(name),
    columns: list.split(',').map(unquoted).join(),
  }));
  const uniqueSessions = keys.some(({ kind, columns }) => kind !== undefined && columns === 'session_id');
  // every index of InnoDB ends with the primary key by itself
  const primary = keys.find(({ kind }) => kind === 'PRIMARY')?.columns;
  const leadsBy = (first: string, second: string) =>
    keys.find(
      ({ columns }) =>
        `${columns},`.startsWith(`${first},${second},`) || (primary === second && columns === first),
    )?.name;
  const newestIndex = leadsBy('session_id', 'id');
  const changedIndex = leadsBy('updated_at', 'session_id');
  const foreignKeys = [...created.matchAll(FOREIGN_KEY_LINE)]
    .filter(([, , column = '']) => unquoted(column) === 'session_id')
    .map(([, name = '']) => unquoted(name));
  const storage = /ENGINE=(\w+)/i.exec(created.slice(created.lastIndexOf(')')))?.[1]?.toLowerCase();
  const isKeyedBySession = primary?.startsWith('session_id,') ?? false;
  return { columns, isKeyedBySession, uniqueSessions, newestIndex, changedIndex, foreignKeys, storage };
}

// in SHOW CREATE TABLE names stand in backticks, under ANSI_QUOTES in double quotes, or (sql_quote_show_create) bare
const NAME = '(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|[^\\s`"()]+)';
// an index that the optimizer must not use does not count
const KEY_LINE = new RegExp(
  `^ *(?:(PRIMARY|UNIQUE) )?KEY (?:(${NAME}) )?\\((.*?)\\)(?!.*(?:INVISIBLE|IGNORED))`,
  'gm',
);
const FOREIGN_KEY_LINE = new RegExp(`^ *CONSTRAINT (${NAME}) FOREIGN KEY \\((${NAME})\\)`, 'gm');

function unquoted(name: string): string {
  const quote = name[0] === '`' || name[0] === '"' ? name[0] : '';
  return quote === '' ? name : name.slice(1, -1).replaceAll(quote + quote, quote);
}

/** What all checks need. Tables of Python's layouts and of 0.4.1 pass them, too. */
interface Checks {
  readonly names: MysqlNames;
  readonly settings: ServerSettings;
  /** What to run where ids or texts do not fit. */
  readonly advice: string;
  readonly warn: WarningReporter;
  /** Whether the tables are split over nodes. */
  readonly isDistributed: boolean;
}

function checkSessions(table: Table, checks: Checks): void {
  const name = checks.names.sessions;
  requireColumns(table, name, ['session_id', 'updated_at']);
  checkStorage(table, name, checks);
  checkSessionId(table, name, checks);
  if (!table.uniqueSessions) {
    throw mismatch(`The column "session_id" of the table "${name}" is not its primary key`, TABLES_ADVICE);
  }
}

function checkMessages(table: Table, checks: Checks): void {
  const name = checks.names.messages;
  requireColumns(table, name, ['id', 'session_id', 'message_data', 'created_at']);
  checkStorage(table, name, checks);
  checkSessionId(table, name, checks);
  checkText(table, name, checks);
  // of split tables a sequence of the engine gives them
  if (!table.columns.get('id')?.counted && !checks.isDistributed) {
    checks.warn({
      code: 'SCHEMA',
      message:
        `The column "id" of the table "${name}" is not AUTO_INCREMENT: something else must hand out ids that only ` +
        'go up, or items are lost or out of order.',
    });
  }
}

/** Storage engines on which a failed call would leave a part behind. */
const NOT_TRANSACTIONAL = ['myisam', 'aria', 'memory', 'archive', 'csv'];

function checkStorage({ storage = '' }: Table, table: string, { names }: Checks): void {
  if (!NOT_TRANSACTIONAL.includes(storage)) return;
  throw mismatch(
    `The table "${table}" (${storage}) knows no transactions`,
    `Run: ALTER TABLE ${qualifiedName(names, table)} ENGINE=InnoDB`,
  );
}

function requireColumns({ columns }: Table, table: string, wanted: readonly string[]): void {
  const lacking = wanted.filter((name) => !columns.has(name));
  if (lacking.length === 0) return;
  throw mismatch(
    `The table "${table}" has no column ${lacking.map((name) => `"${name}"`).join(', ')}`,
    TABLES_ADVICE,
  );
}

/** The longest session id, in characters. */
const ID_LENGTH = 255;

/** Session ids must be told apart byte for byte, and be kept whole. */
function checkSessionId({ columns }: Table, table: string, checks: Checks): void {
  const { type = '', collation } = columns.get('session_id') ?? {};
  const isBinary = /^varbinary/.test(type);
  if (!isBinary && !(collation !== undefined && /^utf8mb4_(?:0900|nopad)_bin$/.test(collation))) {
    throw mismatch(
      `The column "session_id" of the table "${table}" (${type}${collation ? `, ${collation}` : ''}) does not tell ` +
        'ids apart byte for byte: conversations whose ids differ in case, accents or a space at the end would be mixed up',
      checks.advice,
    );
  }
  const length = Number(/\((\d+)\)/.exec(type)?.[1] ?? 0);
  if (length >= ID_LENGTH * (isBinary ? 4 : 1)) return;
  tellCut(`The column "session_id" of the table "${table}" (${type}) is too short for some ids`, checks);
}

/** Items must be kept whole, and as they are. */
function checkText({ columns }: Table, table: string, checks: Checks): void {
  const { type = '', collation = '' } = columns.get('message_data') ?? {};
  if (!/^(?:tiny|medium|long)?text$|^varchar/.test(type)) {
    throw mismatch(`The column "message_data" of the table "${table}" (${type}) is not text`, checks.advice);
  }
  if (type === 'longtext' && collation.startsWith('utf8mb4_')) return;
  tellCut(
    `The column "message_data" of the table "${table}" (${type}, ${collation}) does not hold every item`,
    checks,
  );
}

/** A server in strict mode refuses what does not fit; without it, it stores a part and says nothing. */
function tellCut(what: string, { settings, advice, warn }: Checks): void {
  if (!settings.strict)
    throw mismatch(`${what}, and without a strict sql_mode the server cuts values silently`, advice);
  warn({ code: 'SCHEMA', message: `${what}; the server will refuse those. ${advice}` });
}

/** As the sessions table has it, where that is not the type of our own tables. */
function idTypeOf(sessions: Table): string | undefined {
  const type = sessions.columns.get('session_id')?.type;
  return type?.startsWith('varbinary') ? type : undefined;
}

const TABLES_ADVICE =
  'Give the store other table names (option "tables"), or make the tables as schemaSql() says.';

function repairAdvice(names: MysqlNames, server: MysqlServer, messages: Table | undefined): string {
  return `Run: ${repairStatements(names, server, messages?.foreignKeys ?? []).join('; ')}`;
}

function mismatch(what: string, advice: string): SessionError {
  return new SessionError('SCHEMA_MISMATCH', `${what}. ${advice}`);
}

function missing(table: string): SessionError {
  return new SessionError(
    'TABLE_MISSING',
    `The table "${table}" does not exist. Open the store with createTables: true, or run the statements of schemaSql().`,
  );
}
