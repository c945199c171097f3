import { isSessionError, SessionError, type WarningReporter } from '@stackone/sessions-core';
import { indexStatement, type MysqlServer, repairStatements, sessionIdType, tableStatements } from './ddl.js';
import type { Send } from './driver.js';
import type { ServerSettings } from './settings.js';
import { type MysqlNames, qualifiedName } from './statements.js';

/**
 * Makes the tables that are missing, and checks the ones that are there. Reads no `information_schema`, which some
 * proxies refuse.
 *
 * @returns Whether the side table of operations is there.
 * @throws SessionError `TABLE_MISSING`, or `SCHEMA_MISMATCH` for tables that would mix up or lose conversations.
 */
export async function prepareTables(
  send: Send,
  names: MysqlNames,
  settings: ServerSettings,
  createTables: boolean,
  warn: WarningReporter,
): Promise<{ operations: boolean }> {
  if (settings.foldsNames && names.sessions.toLowerCase() === names.messages.toLowerCase()) {
    throw mismatch(
      `The tables "${names.sessions}" and "${names.messages}" are one on this server`,
      TABLES_ADVICE,
    );
  }
  const found = async (table: string) => describeTable(send, names, table);
  const sessions = await found(names.sessions);
  const messages = await found(names.messages);
  const existing = { sessions, messages };
  checkTables(existing, names, settings, warn);
  let operations = await found(names.operations);
  if (createTables) {
    const sql = tableStatements(names, idTypeOf(sessions) ?? sessionIdType(settings.server));
    if (!sessions) await send(sql.sessions);
    if (!messages) await send(sql.messages);
    if (!operations) await send(sql.operations);
    operations ??= await found(names.operations);
    if (!sessions || !messages) {
      // whoever made them: another process may have been first
      checkTables(
        { sessions: await found(names.sessions), messages: await found(names.messages) },
        names,
        settings,
        warn,
      );
    } else if (!messages.findsNewest) {
      await addIndex(send, names);
    }
  } else {
    if (!sessions) throw missing(names.sessions);
    if (!messages) throw missing(names.messages);
    if (!messages.findsNewest) {
      warn({
        code: 'INDEX_MISSING',
        message: `Reading the newest items of a conversation passes over the rows of others. Run: ${indexStatement(names)}`,
      });
    }
  }
  return { operations: operations !== undefined };
}

/** Ten processes may add it at once. Those that come late are told that the name is taken. */
async function addIndex(send: Send, names: MysqlNames): Promise<void> {
  try {
    await send(indexStatement(names));
  } catch (error) {
    if (!(await describeTable(send, names, names.messages))?.findsNewest) throw error;
  }
}

interface Column {
  /** In lower case, like `varchar(255)`. */
  readonly type: string;
  /** `undefined` for what is not text. */
  readonly collation: string | undefined;
  readonly autoIncrement: boolean;
}

interface Table {
  readonly columns: ReadonlyMap<string, Column>;
  readonly primaryKey: string | undefined;
  readonly foreignKeys: readonly string[];
  /** In lower case, like `innodb`; `undefined` where a proxy does not tell. */
  readonly storage: string | undefined;
  /** Whether an index leads from a session to its rows by id. */
  readonly findsNewest: boolean;
}

async function describeTable(send: Send, names: MysqlNames, table: string): Promise<Table | undefined> {
  const name = qualifiedName(names, table);
  let rows: readonly Readonly<Record<string, string | null>>[];
  let created: string;
  try {
    ({ rows } = await send(`SHOW FULL COLUMNS FROM ${name}`));
    created = (await send(`SHOW CREATE TABLE ${name}`)).rows[0]?.['Create Table'] ?? '';
  } catch (error) {
    if (isSessionError(error) && error.code === 'TABLE_MISSING') return undefined;
    throw error;
  }
  const columns = new Map(
    rows.map(({ Field, Type, Collation, Extra }) => [
      String(Field),
      {
        type: String(Type).toLowerCase(),
        collation: Collation ?? undefined,
        autoIncrement: /auto_increment/i.test(Extra ?? ''),
      },
    ]),
  );
  const keys = [...created.matchAll(KEY_LINE)].map(([, kind, list = '']) => ({
    primary: kind === 'PRIMARY',
    columns: list.split(',').map(unquoted),
  }));
  const primary = keys.find((key) => key.primary)?.columns;
  const primaryKey = primary?.length === 1 ? primary[0] : undefined;
  // every index of InnoDB ends with the primary key by itself
  const findsNewest = keys.some(
    ({ columns: [first, second] }) =>
      first === 'session_id' && (second === 'id' || (second === undefined && primaryKey === 'id')),
  );
  const foreignKeys = [...created.matchAll(FOREIGN_KEY_LINE)]
    .filter(([, , column = '']) => unquoted(column) === 'session_id')
    .map(([, name = '']) => unquoted(name));
  const storage = /ENGINE=(\w+)/i.exec(created.slice(created.lastIndexOf(')')))?.[1]?.toLowerCase();
  return { columns, primaryKey, findsNewest, foreignKeys, storage };
}

// in SHOW CREATE TABLE names stand in backticks, under ANSI_QUOTES in double quotes, or (sql_quote_show_create) bare
const NAME = '(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|[^\\s`"()]+)';
const KEY_LINE = new RegExp(
  `^ *(?:(PRIMARY|UNIQUE) )?KEY (?:${NAME} )?\\((.*?)\\)(?: (?:USING|COMMENT) .*|,)?$`,
  'gm',
);
const FOREIGN_KEY_LINE = new RegExp(`^ *CONSTRAINT (${NAME}) FOREIGN KEY \\((${NAME})\\)`, 'gm');

function unquoted(name: string): string {
  const quote = name[0] === '`' || name[0] === '"' ? name[0] : '';
  return quote === '' ? name : name.slice(1, -1).replaceAll(quote + quote, quote);
}

interface Tables {
  readonly sessions: Table | undefined;
  readonly messages: Table | undefined;
}

/** Storage engines on which a failed call would leave a part behind. */
const NOT_TRANSACTIONAL = ['myisam', 'aria', 'memory', 'archive', 'csv'];

/** Checks the tables that are there. Whoever made them: Python's layouts and those of 0.4.1 have these columns too. */
function checkTables(
  tables: Tables,
  names: MysqlNames,
  settings: ServerSettings,
  warn: WarningReporter,
): void {
  const { sessions, messages } = tables;
  for (const [name, table] of [
    [names.sessions, sessions],
    [names.messages, messages],
  ] as const) {
    if (NOT_TRANSACTIONAL.includes(table?.storage ?? '')) {
      throw mismatch(
        `The table "${name}" (${table?.storage}) knows no transactions`,
        `Run: ALTER TABLE ${qualifiedName(names, name)} ENGINE=InnoDB`,
      );
    }
  }
  const advice = repairAdvice(names, settings.server, messages?.foreignKeys ?? []);
  if (sessions) {
    requireColumns(sessions, names.sessions, ['session_id', 'updated_at']);
    checkSessionId(sessions, names.sessions, settings, advice, warn);
    if (sessions.primaryKey !== 'session_id') {
      throw mismatch(`The primary key of the table "${names.sessions}" is not "session_id"`, TABLES_ADVICE);
    }
  }
  if (messages) {
    requireColumns(messages, names.messages, ['id', 'session_id', 'message_data', 'created_at']);
    checkSessionId(messages, names.messages, settings, advice, warn);
    if (!messages.columns.get('id')?.autoIncrement) {
      throw mismatch(`The column "id" of the table "${names.messages}" is not AUTO_INCREMENT`, TABLES_ADVICE);
    }
    checkText(messages, names.messages, settings, advice, warn);
  }
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
function checkSessionId(
  { columns }: Table,
  table: string,
  { strict }: ServerSettings,
  advice: string,
  warn: WarningReporter,
): void {
  const { type = '', collation } = columns.get('session_id') ?? {};
  const isBinary = /^varbinary/.test(type);
  if (!isBinary && !(collation !== undefined && /^utf8mb4_(?:0900|nopad)_bin$/.test(collation))) {
    throw mismatch(
      `The column "session_id" of the table "${table}" (${type}${collation ? `, ${collation}` : ''}) does not tell ` +
        'ids apart byte for byte: conversations whose ids differ in case, accents or a space at the end would be mixed up',
      advice,
    );
  }
  const length = Number(/\((\d+)\)/.exec(type)?.[1] ?? 0);
  if (length >= ID_LENGTH * (isBinary ? 4 : 1)) return;
  tellCut(
    `The column "session_id" of the table "${table}" (${type}) is too short for some ids`,
    strict,
    advice,
    warn,
  );
}

/** Items must be kept whole, and as they are. */
function checkText(
  { columns }: Table,
  table: string,
  { strict }: ServerSettings,
  advice: string,
  warn: WarningReporter,
): void {
  const { type = '', collation = '' } = columns.get('message_data') ?? {};
  if (!/^(?:tiny|medium|long)?text$|^varchar/.test(type)) {
    throw mismatch(`The column "message_data" of the table "${table}" (${type}) is not text`, advice);
  }
  if (type === 'longtext' && collation.startsWith('utf8mb4_')) return;
  tellCut(
    `The column "message_data" of the table "${table}" (${type}, ${collation}) does not hold every item`,
    strict,
    advice,
    warn,
  );
}

/** A server in strict mode refuses what does not fit; without it, it stores a part and says nothing. */
function tellCut(what: string, strict: boolean, advice: string, warn: WarningReporter): void {
  if (!strict)
    throw mismatch(`${what}, and without a strict sql_mode the server cuts values silently`, advice);
  warn({ code: 'SCHEMA', message: `${what}; the server will refuse those. ${advice}` });
}

/** As the sessions table has it, where that is not the type of our own tables. */
function idTypeOf(sessions: Table | undefined): string | undefined {
  const type = sessions?.columns.get('session_id')?.type;
  return type?.startsWith('varbinary') ? type : undefined;
}

const TABLES_ADVICE =
  'Give the store other table names (option "tables"), or make the tables as schemaSql() says.';

function repairAdvice(names: MysqlNames, server: MysqlServer, foreignKeys: readonly string[]): string {
  return `Run: ${repairStatements(names, server, foreignKeys).join('; ')}`;
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
