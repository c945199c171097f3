import type { SessionSupport } from '@stackone/sessions-core';
import {
  type HistoryQuery,
  RUN_COLUMNS,
  type RunEntry,
  type RunName,
  rowNumber,
  USAGE_COLUMNS,
} from '@stackone/sessions-core/backend';
import { type ConversationStatements, conversationStatements } from './conversation-statements.js';
import type { HistoryStatement } from './history-statements.js';
import type { InsertSql } from './inserts.js';
import { idLiteral, itemLiteral, quoteName, textLiteral } from './literals.js';
import { NOW, runStatements } from './runs.js';
import {
  idsOf,
  type MysqlNames,
  type MysqlStatements,
  type NewRow,
  qualifiedName,
  type SessionKey,
  statements,
  textRow,
} from './statements.js';
import { exact, GIVEN_IN_UTC, IN_UTC, milliseconds, secondsLiteral } from './times.js';

/** A row with its time in seconds since 1970, to the µs. */
export interface CopiedRow extends NewRow {
  readonly time: string;
}

/** An operation with its time. */
export interface CopiedOperation extends CopiedRow {
  readonly id: string;
}

/** Values of a table's columns, in their order. */
interface CopiedValues extends NewRow {
  readonly values: readonly (string | null)[];
}

/** Columns of runs that are numbers. */
const RUN_NUMBERS: readonly string[] = ['fence', 'lease_until', 'created_at', 'changed_at'];

const USAGE_TEXTS = ['response', 'tenant', 'model'];
const USAGE_NUMBERS = ['turn', 'recorded_at', ...USAGE_COLUMNS];
const COPIED_USAGE = [...USAGE_TEXTS, ...USAGE_NUMBERS];
const COPIED_RUN = RUN_COLUMNS.filter((column) => column !== 'session_id' && column !== 'place');

const is = (sessionId: string) => `session_id = ${textLiteral(sessionId)}`;

/** To MariaDB, TiDB and proxies it is a comment. MySQL may else read by the index that AUTO_INCREMENT needs, through the rows of others. */
const indexHint = (names: MysqlNames, newestIndex: string | undefined) =>
  newestIndex === undefined ? '' : `/*+ INDEX(${quoteName(names.messages)} ${quoteName(newestIndex)}) */ `;

/**
 * What differs in tables that are split over nodes by `session_id`: each statement on a conversation has an equality on it, by which a
 * proxy finds the node, and none reads one conversation while it writes another. What asks for many asks every node, in plain statements
 * whose answers are put together here.
 */
export function distributedStatements(
  names: MysqlNames,
  newestIndex?: string,
  now?: string,
): MysqlStatements {
  const sessions = qualifiedName(names, names.sessions);
  const messages = qualifiedName(names, names.messages);
  const operations = qualifiedName(names, names.operations);
  const hint = indexHint(names, newestIndex);
  // by the id alone: with the conversation before it MariaDB 10.11 reads and sorts all of it (450,022 rows for 20)
  const newest = (columns: string, sessionId: string, limit: number | undefined, before?: string) =>
    `SELECT ${hint}${columns} FROM ${messages} WHERE ${is(sessionId)}` +
    (before === undefined ? '' : ` AND id < ${idLiteral(before)}`) +
    ` ORDER BY ${messages}.id DESC${limit === undefined ? '' : ` LIMIT ${limit}`}`;
  return {
    ...statements(names, newestIndex, now),
    read: (sessionId, limit, before) => newest(textRow, sessionId, limit, before),
    newestId: (sessionId) => newest(`CAST(id AS CHAR) AS id, ${exact('created_at')} AS time`, sessionId, 1),
    copyTime: (sessionId, id, time) =>
      `${GIVEN_IN_UTC}UPDATE ${IN_UTC} ${messages} SET created_at = FROM_UNIXTIME(${secondsLiteral(String(time))}) ` +
      `WHERE ${is(sessionId)} AND id > ${idLiteral(id)}`,
    // here by both: by the id alone MariaDB reads, and so locks, all of the conversation (9,001 rows for 10)
    removeOldest: (sessionId, count, before) =>
      `DELETE FROM ${messages} WHERE ${is(sessionId)}` +
      `${before === undefined ? '' : ` AND id < ${idLiteral(before)}`} ORDER BY session_id, id LIMIT ${count}`,
    forgetOperationsOf: (keys) =>
      bySession(keys).map(
        ([sessionId, ids]) =>
          `DELETE FROM ${operations} WHERE ${is(sessionId)} AND operation_id IN (${ids.map(textLiteral).join(', ')})`,
      ),
    describedSessionIds: (...page) =>
      [
        sessions,
        ...[names.metadata, names.usage, names.runs].map((table) => qualifiedName(names, table)),
      ].map((table) => idsOf(table, ...page)),
  };
}

/** What {@link historyStatement} is, by equality. */
export function distributedHistory(names: MysqlNames, newestIndex?: string): HistoryStatement {
  const messages = qualifiedName(names, names.messages);
  const hint = indexHint(names, newestIndex);
  return (sessionId: string, { limit, oldest, before, after }: HistoryQuery): string => {
    const place = (comparison: '<' | '>', id: string | undefined) =>
      id === undefined ? '' : ` AND id ${comparison} ${idLiteral(rowNumber(id))}`;
    const direction = oldest ? 'ASC' : 'DESC';
    return (
      `SELECT ${hint}${textRow}, ${milliseconds('created_at')} AS createdAt FROM ${messages} ` +
      `WHERE ${is(sessionId)}${place('>', after)}${place('<', before)} ` +
      `ORDER BY ${messages}.id ${direction} LIMIT ${limit}`
    );
  };
}

/** What differs of the statements on conversations as a whole. */
export function distributedConversationStatements(
  names: MysqlNames,
  has: { metadata: boolean; runs: boolean },
  changedIndex?: string,
): ConversationStatements {
  const sessions = qualifiedName(names, names.sessions);
  const messages = qualifiedName(names, names.messages);
  return {
    ...conversationStatements(names, has, changedIndex),
    forgetRuns: (keys) =>
      bySession(keys).map(
        ([sessionId, ids]) =>
          `DELETE FROM ${qualifiedName(names, names.runs)} WHERE ${is(sessionId)} ` +
          `AND run_id IN (${ids.map(textLiteral).join(', ')})`,
      ),
    newestRow: `SELECT CAST(id AS CHAR) AS id FROM ${messages} ORDER BY ${messages}.id DESC LIMIT 1`,
    changedSessions: (after, limit) =>
      `SELECT session_id AS id, CAST(id AS CHAR) AS newest, 1 AS n FROM ${messages} ` +
      `WHERE id > ${idLiteral(after)} ORDER BY ${messages}.id LIMIT ${limit}`,
    get: (sessionId) =>
      `SELECT s.session_id AS id, ${milliseconds('s.created_at')} AS createdAt, ${milliseconds('s.updated_at')} AS updatedAt, ` +
      `'' AS time${has.metadata ? ', d.description AS text, d.version ' : ', NULL AS text '}FROM ${sessions} AS s ` +
      (has.metadata ? `LEFT JOIN ${qualifiedName(names, names.metadata)} AS d ON d.${is(sessionId)} ` : '') +
      `WHERE s.${is(sessionId)}`,
  };
}

/**
 * The statements that read what a conversation has, and write it as that of another one: between two nodes no INSERT ... SELECT and no
 * UPDATE of a `session_id` goes.
 */
export function copyStatements(names: MysqlNames, newestIndex?: string) {
  const sessions = qualifiedName(names, names.sessions);
  const messages = qualifiedName(names, names.messages);
  const operations = qualifiedName(names, names.operations);
  const usage = qualifiedName(names, names.usage);
  const runs = qualifiedName(names, names.runs);
  const erasures = qualifiedName(names, names.erasures);
  const hint = indexHint(names, newestIndex);
  const inOrder = `ORDER BY ${messages}.id`;
  const asText = (column: string) => `CAST(${column} AS CHAR) AS ${quoteName(column)}`;
  const number = (value: string | null) => (value === null ? 'NULL' : String(BigInt(value)));
  const text = (value: string | null) => (value === null ? 'NULL' : textLiteral(value));
  return {
    /** The items behind one, oldest first. */
    items: (sessionId: string, after: string | undefined, limit: number) =>
      `SELECT ${hint}${textRow}, ${exact('created_at')} AS time FROM ${messages} WHERE ${is(sessionId)}` +
      `${after === undefined ? '' : ` AND id > ${idLiteral(after)}`} ${inOrder} LIMIT ${limit}`,
    insertItems: {
      insertRows: `${GIVEN_IN_UTC}INSERT ${IN_UTC} INTO ${messages} (session_id, message_data, created_at) VALUES `,
      insertedRow: ({ sessionId, text, time }) =>
        `(${textLiteral(sessionId)}, ${itemLiteral(text)}, ${timeOf(time)})`,
    } satisfies InsertSql<CopiedRow>,
    /** The ids of all items, oldest first. */
    places: (sessionId: string) =>
      `SELECT ${hint}CAST(id AS CHAR) AS id FROM ${messages} WHERE ${is(sessionId)} ${inOrder}`,
    times: (sessionId: string) =>
      `SELECT ${exact('created_at')} AS createdAt, ${exact('updated_at')} AS updatedAt FROM ${sessions} WHERE ${is(sessionId)}`,
    setTimes: (sessionId: string, createdAt: string, updatedAt: string) =>
      `${GIVEN_IN_UTC}UPDATE ${IN_UTC} ${sessions} SET created_at = ${timeOf(createdAt)}, updated_at = ${timeOf(updatedAt)} ` +
      `WHERE ${is(sessionId)}`,
    operations: (sessionId: string) =>
      `SELECT operation_id AS id, digest AS text, ${exact('created_at')} AS time FROM ${operations} WHERE ${is(sessionId)}`,
    insertOperations: {
      insertRows: `${GIVEN_IN_UTC}INSERT ${IN_UTC} INTO ${operations} (session_id, operation_id, digest, created_at) VALUES `,
      insertedRow: ({ sessionId, id, text, time }) =>
        `(${[sessionId, id, text].map(textLiteral).join(', ')}, ${timeOf(time)})`,
    } satisfies InsertSql<CopiedOperation>,
    usage: (sessionId: string) =>
      `SELECT ${[...USAGE_TEXTS, ...USAGE_NUMBERS.map(asText)].join(', ')} FROM ${usage} WHERE ${is(sessionId)}`,
    insertUsage: {
      insertRows: `INSERT IGNORE INTO ${usage} (session_id, ${COPIED_USAGE.join(', ')}) VALUES `,
      insertedRow: ({ sessionId, values }) =>
        `(${[textLiteral(sessionId), ...values.map((value, at) => (at < USAGE_TEXTS.length ? text : number)(value))].join(', ')})`,
    } satisfies InsertSql<CopiedValues>,
    runs: (sessionId: string) =>
      `SELECT ${COPIED_RUN.map((column) => (RUN_NUMBERS.includes(column) ? asText(column) : column)).join(', ')}, ` +
      `place IS NOT NULL AS alone FROM ${runs} WHERE ${is(sessionId)}`,
    insertRuns: {
      insertRows: `INSERT INTO ${runs} (session_id, place, ${COPIED_RUN.join(', ')}) VALUES `,
      insertedRow: ({ sessionId, values: [alone = null, ...values] }) =>
        `(${[
          textLiteral(sessionId),
          alone === '1' ? textLiteral(sessionId) : 'NULL',
          ...values.map((value, at) =>
            RUN_NUMBERS.includes(COPIED_RUN[at] ?? '') ? number(value) : itemLiteral(value ?? ''),
          ),
        ].join(', ')})`,
    } satisfies InsertSql<CopiedValues>,
    /** All that is kept of a conversation, in the rows that `WholeStatements.kept` has, one statement for each kind. */
    kept(
      sessionId: string,
      has: Pick<SessionSupport, 'operations' | 'usage' | 'metadata'>,
      limit: number | undefined,
    ): string[] {
      const rows = (kind: string, key: string, text: string, at: string, more: string) =>
        `'${kind}' AS kind, ${textLiteral(sessionId)} AS session, ${key} AS ${quoteName('key')}, ${text} AS text, ` +
        `${at} AS ${quoteName('at')}, ${more} AS more`;
      const created = milliseconds('created_at');
      const used = `CONCAT_WS(' ', ${[...USAGE_COLUMNS, 'model'].join(', ')})`;
      const [text, version] = has.metadata ? ['d.description', 'd.version'] : ['NULL', 'NULL'];
      const times = [milliseconds('s.created_at'), milliseconds('s.updated_at')] as const;
      return [
        `SELECT ${rows('session', version, text, ...times)} FROM ${sessions} AS s ` +
          (has.metadata
            ? `LEFT JOIN ${qualifiedName(names, names.metadata)} AS d ON d.${is(sessionId)} `
            : '') +
          `WHERE s.${is(sessionId)}`,
        `SELECT ${hint}${rows('item', 'CAST(id AS CHAR)', 'message_data', created, 'NULL')} FROM ${messages} ` +
          `WHERE ${is(sessionId)} ${inOrder}${limit === undefined ? '' : ` LIMIT ${limit}`}`,
        ...(has.operations
          ? [
              `SELECT ${rows('operation', 'operation_id', 'digest', created, 'NULL')} FROM ${operations} WHERE ${is(sessionId)}`,
            ]
          : []),
        ...(has.usage
          ? [
              `SELECT ${rows('usage', 'response', used, 'recorded_at', 'CAST(turn AS CHAR)')} FROM ${usage} WHERE ${is(sessionId)}`,
            ]
          : []),
      ];
    },
    /** Erasures that are over: leases have other names. */
    oldErasures: (atMost: number) =>
      `SELECT digest FROM ${erasures} WHERE ends_at <= ${NOW} AND digest < 'g' ORDER BY digest LIMIT ${atMost}`,
    forgetErasure: (digest: string) =>
      `DELETE FROM ${erasures} WHERE digest = ${textLiteral(digest)} AND ends_at <= ${NOW}`,
  };
}

export type CopyStatements = ReturnType<typeof copyStatements>;

/** The values of {@link CopiedValues} of a row of usage. */
export const usageValues = (row: Readonly<Record<string, string | null>>) =>
  COPIED_USAGE.map((column) => row[column] ?? null);

/** The values of {@link CopiedValues} of a row of runs. */
export const runValues = (row: Readonly<Record<string, string | null>>) =>
  ['alone', ...COPIED_RUN].map((column) => row[column] ?? null);

/** What differs of the statements on runs. */
export function distributedRunStatements(names: MysqlNames) {
  const sql = runStatements(names);
  const runs = qualifiedName(names, names.runs);
  const within = (statement: string, sessionId: string) => `${statement} AND ${is(sessionId)}`;
  return {
    ...sql,
    readOf: (run: RunName) => within(sql.read(run.runId), run.sessionId),
    inPlace: (sessionId: string) => within(sql.inPlace(sessionId), sessionId),
    entries: (run: RunName) => within(sql.entries(run), run.sessionId),
    entry: (run: RunName, key: string) => within(sql.entry(run, key), run.sessionId),
    /** The tenant of a run, under its lock. */
    tenantOf: ({ runId, sessionId }: RunName) =>
      `SELECT tenant FROM ${runs} WHERE ${is(sessionId)} AND run_id = ${textLiteral(runId)} AND entry = '' FOR UPDATE`,
    addOf: ({ runId, sessionId }: RunName, tenant: string, { key, content }: RunEntry) =>
      `INSERT IGNORE INTO ${runs} (${RUN_COLUMNS.join(', ')}) VALUES (${textLiteral(runId)}, ${textLiteral(key)}, ` +
      `${textLiteral(sessionId)}, ${textLiteral(tenant)}, '', 0, 0, NULL, ${NOW}, ${NOW}, ${itemLiteral(content)})`,
  };
}

export type DistributedRunStatements = ReturnType<typeof distributedRunStatements>;

/** A time that {@link exact} told. */
function timeOf(seconds: string): string {
  return `FROM_UNIXTIME(${secondsLiteral(seconds)})`;
}

function bySession(keys: readonly SessionKey[]): [sessionId: string, ids: string[]][] {
  const found = Map.groupBy(keys, ([sessionId]) => sessionId);
  return [...found].map(([sessionId, ofSession]) => [sessionId, ofSession.map(([, id]) => id)]);
}
