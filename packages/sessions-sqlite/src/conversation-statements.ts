import {
  behindPrefix,
  type ConversationFilter,
  type ConversationQuery,
} from '@stackone/sessions-core/backend';
import { schemaObjects } from './ddl.js';
import { NOW, ofSession, quoteName, type SqliteNames } from './statements.js';

/** A statement with what stands in the places of its `?`. */
export interface BoundStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** In ms since 1970. Times are UTC texts; the tables of version 0.4.1 hold seconds. */
export function milliseconds(column: string): string {
  const ofText = `CAST(round((julianday(${column}) - 2440587.5) * 86400000) AS INTEGER)`;
  return `CASE typeof(${column}) WHEN 'text' THEN ${ofText} ELSE ${column} * 1000 END`;
}

const CHANGED = milliseconds('updated_at');
const TIMES = `${milliseconds('created_at')} AS createdAt, ${CHANGED} AS updatedAt`;

/**
 * The statements on conversations as a whole.
 *
 * @param has - Which tables are there: that of titles and metadata, and that of runs.
 */
export function conversationStatements(names: SqliteNames, has: { metadata: boolean; runs: boolean }) {
  const withMetadata = has.metadata;
  const sessions = quoteName(names.sessions);
  const metadata = quoteName(names.metadata);
  const messages = quoteName(names.messages);
  const operations = quoteName(names.operations);
  const runs = quoteName(names.runs);
  const erasures = quoteName(names.erasures);
  const description = withMetadata ? 'd.description AS text, d.version' : 'NULL AS text, NULL AS version';
  /** A page of conversations with what is kept with them: that is looked up for those of the page alone. */
  const described = (page: string, time: string) =>
    `SELECT page.session_id AS id, ${TIMES}, ${time} AS time, ${description} FROM (${page}) AS page` +
    (withMetadata ? ` LEFT JOIN ${metadata} AS d ON d.session_id = page.session_id` : '');
  const conditionsOf = (filter: ConversationFilter) => {
    const { conditions, parameters } = conditionsOn(filter);
    addTimes(filter, sessions, conditions, parameters);
    const texts = filter.described ?? [];
    if (texts.length > 0 && !withMetadata) conditions.push('0');
    else if (texts.length > 0) {
      const found = texts.map(() => 'AND instr(d.description, ?) > 0').join(' ');
      conditions.push(
        `EXISTS (SELECT 1 FROM ${metadata} AS d WHERE d.session_id = ${sessions}.session_id ${found})`,
      );
      parameters.push(...texts);
    }
    return { conditions, parameters };
  };
  return {
    list({ by, descending, after, limit, ...filter }: ConversationQuery): BoundStatement {
      const { conditions, parameters } = conditionsOf(filter);
      const time = by === 'changed' ? 'updated_at' : by === 'created' ? 'created_at' : undefined;
      const [than, direction] = descending ? ['<', 'DESC'] : ['>', 'ASC'];
      if (after) {
        conditions.push(time ? `(${time}, session_id) ${than} (?, ?)` : `session_id ${than} ?`);
        parameters.push(...(time ? [after.time, after.id] : [after.id]));
      }
      const columns = [...(time ? [time] : []), 'session_id'];
      const sorted = (table: string) => columns.map((column) => `${table}${column} ${direction}`).join(', ');
      const page =
        `SELECT session_id, created_at, updated_at FROM ${sessions}${where(conditions)} ` +
        `ORDER BY ${sorted('')} LIMIT ?`;
      const shown = described(page, time ? `CAST(${time} AS TEXT)` : "''");
      return { sql: `${shown} ORDER BY ${sorted('page.')}`, parameters: [...parameters, limit] };
    },
    count(filter: ConversationFilter): BoundStatement {
      const { conditions, parameters } = conditionsOf(filter);
      return { sql: `SELECT count(*) AS n FROM ${sessions}${where(conditions)}`, parameters };
    },
    get: described(`SELECT session_id, created_at, updated_at FROM ${sessions} WHERE session_id = ?`, "''"),
    makeSession: `INSERT INTO ${sessions} (session_id) VALUES (?) ON CONFLICT (session_id) DO NOTHING`,
    readDescription: `SELECT description AS text, version FROM ${metadata} WHERE session_id = ?`,
    writeDescription:
      `INSERT INTO ${metadata} (session_id, description, version) VALUES (?, ?, ?) ON CONFLICT (session_id) ` +
      'DO UPDATE SET description = excluded.description, version = excluded.version',
    /** What makes the table of titles and metadata. */
    createMetadata: schemaObjects(names).find(({ name }) => name === names.metadata)?.sql ?? '',
    removeOldest:
      `DELETE FROM ${messages} WHERE id IN ` +
      `(SELECT id FROM ${messages} WHERE ${ofSession} AND id < coalesce(CAST(? AS INTEGER), 9223372036854775807) ` +
      `ORDER BY ${messages}.id LIMIT ?)`,
    /** Nor has it a run that goes on. */
    isUnchanged:
      `SELECT 1 FROM ${sessions} WHERE session_id = ? AND ${CHANGED} < ?` +
      (has.runs
        ? ` AND NOT EXISTS (SELECT 1 FROM ${runs} AS r WHERE r.session_id = ${sessions}.session_id AND r.state IN ('running', 'waiting'))`
        : ''),
    forgetOperations(filter: ConversationFilter, seconds: number, atMost: number): BoundStatement {
      const { conditions, parameters } = conditionsOn(filter);
      conditions.push("created_at < datetime('now', '-' || ? || ' seconds')");
      const old = `SELECT session_id, operation_id FROM ${operations}${where(conditions)} LIMIT ?`;
      return {
        sql: `DELETE FROM ${operations} WHERE (session_id, operation_id) IN (${old})`,
        parameters: [...parameters, seconds, atMost],
      };
    },
    /** With their steps: those that ended before a time. */
    forgetRuns(filter: ConversationFilter, endedBefore: number, atMost: number): BoundStatement {
      const { conditions, parameters } = conditionsOn(filter);
      conditions.push("entry = ''", "state IN ('done', 'failed', 'cancelled')", 'changed_at < ?');
      return {
        sql: `DELETE FROM ${runs} WHERE run_id IN (SELECT run_id FROM ${runs}${where(conditions)} LIMIT ?)`,
        parameters: [...parameters, endedBefore, atMost],
      };
    },
    forgetErasures:
      `DELETE FROM ${erasures} WHERE digest IN (SELECT digest FROM ${erasures} ` +
      `WHERE digest < 'g' AND ends_at <= ${NOW} LIMIT ?)`,
    lease:
      `INSERT INTO ${erasures} (digest, ends_at) VALUES (?, ${NOW} + ?) ON CONFLICT (digest) ` +
      `DO UPDATE SET ends_at = excluded.ends_at WHERE ? = 1 OR ends_at <= ${NOW} RETURNING 1`,
    newestRow: `SELECT CAST(max(id) AS TEXT) AS id FROM ${messages}`,
    changedSessions:
      'SELECT session_id AS id, CAST(max(id) AS TEXT) AS newest, count(*) AS n ' +
      `FROM (SELECT id, session_id FROM ${messages} WHERE id > CAST(? AS INTEGER) ORDER BY id LIMIT ?) ` +
      'GROUP BY session_id',
    removeDescription: `DELETE FROM ${metadata} WHERE session_id = ?`,
    copySession:
      `INSERT INTO ${sessions} (session_id, created_at, updated_at) ` +
      `SELECT ?, created_at, updated_at FROM ${sessions} WHERE session_id = ?`,
    copyMessages:
      `INSERT INTO ${messages} (session_id, message_data, created_at) SELECT ?, message_data, created_at ` +
      `FROM ${messages} WHERE session_id = ? ORDER BY id LIMIT ?`,
    copyOperations:
      `INSERT INTO ${operations} (session_id, operation_id, digest, created_at) ` +
      `SELECT ?, operation_id, digest, created_at FROM ${operations} WHERE session_id = ?`,
    /** Of the statement before it. */
    changes: 'SELECT changes() AS n',
  };
}

export type ConversationStatements = ReturnType<typeof conversationStatements>;

function conditionsOn({ prefix, withoutPrefix }: ConversationFilter) {
  const conditions: string[] = [];
  const parameters: unknown[] = [];
  const add = (condition: string, ...values: unknown[]) => {
    conditions.push(condition);
    parameters.push(...values);
  };
  const end = behindPrefix(prefix);
  // ranges of bytes, which the primary key is in the order of
  if (prefix !== '') add('session_id >= ?', prefix);
  if (end !== undefined) add('session_id < ?', end);
  if (withoutPrefix !== undefined) {
    const without = behindPrefix(withoutPrefix);
    if (without === undefined) add('session_id < ?', withoutPrefix);
    else add('(session_id < ? OR session_id >= ?)', withoutPrefix, without);
  }
  return { conditions, parameters };
}

/** What SQLite has dates for, in ms since 1970: the years 0 to 9999. */
const DATES = [-62_167_219_200_000, 253_402_300_799_000] as const;

/**
 * Exact comparisons of times, and with each a range of whole seconds, by which the index of changes can be entered. Numbers of
 * version 0.4.1 come before texts in it, so the first or last entry says whether there are any that count.
 */
function addTimes(
  { changedAfter, changedBefore }: ConversationFilter,
  sessions: string,
  conditions: string[],
  parameters: unknown[],
): void {
  const add = (than: '<' | '>', time: number) => {
    conditions.push(`${CHANGED} ${than} ?`);
    parameters.push(time);
    if (time < DATES[0] || time > DATES[1]) return;
    const seconds = Math.floor(time / 1000) + (than === '<' ? 1 : 0);
    const end = `SELECT typeof(updated_at) FROM ${sessions} ORDER BY updated_at ${than === '<' ? 'DESC' : 'ASC'} LIMIT 1`;
    conditions.push(`updated_at ${than}= CASE (${end}) WHEN 'text' THEN datetime(?, 'unixepoch') ELSE ? END`);
    parameters.push(seconds, seconds);
  };
  if (changedAfter !== undefined) add('>', changedAfter);
  if (changedBefore !== undefined) add('<', changedBefore);
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}
