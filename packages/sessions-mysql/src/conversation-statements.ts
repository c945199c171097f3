import {
  behindPrefix,
  type ConversationFilter,
  type ConversationQuery,
  type StoredDescription,
  type WholeConversation,
} from '@stackone/sessions-core/backend';
import { bytesLiteral, itemLiteral, textLiteral } from './literals.js';
import { type MysqlNames, type NewRow, qualifiedName } from './statements.js';

/** Seconds since 1970, exact to the µs, whatever the time zone of the connection and its summer time. */
const exact = (column: string) => `UNIX_TIMESTAMP(${column})`;

/** Whole ms since 1970. */
export const milliseconds = (column: string) => `FLOOR(${exact(column)} * 1000)`;

const TIMES = `${milliseconds('created_at')} AS createdAt, ${milliseconds('updated_at')} AS updatedAt`;

/**
 * The statements on conversations as a whole: one text for MySQL and MariaDB.
 *
 * @param withMetadata - Whether the table of titles and metadata is there.
 */
export function conversationStatements(names: MysqlNames, withMetadata: boolean) {
  const sessions = qualifiedName(names, names.sessions);
  const metadata = qualifiedName(names, names.metadata);
  const messages = qualifiedName(names, names.messages);
  const operations = qualifiedName(names, names.operations);
  const is = (sessionId: string) => `session_id = ${textLiteral(sessionId)}`;
  const description = withMetadata ? 'd.description AS text, d.version' : 'NULL AS text, NULL AS version';
  /** A page of conversations with what is kept with them: that is looked up for those of the page alone. */
  const described = (page: string, time: string) =>
    `SELECT page.session_id AS id, ${TIMES}, ${time} AS time, ${description} FROM (${page}) AS page` +
    (withMetadata ? ` LEFT JOIN ${metadata} AS d ON d.session_id = page.session_id` : '');
  const conditionsOf = (filter: ConversationFilter): string[] => {
    const conditions = conditionsOn(filter);
    const texts = filter.described ?? [];
    if (texts.length === 0) return conditions;
    if (!withMetadata) return [...conditions, 'FALSE'];
    const found = texts
      .map((text) => `AND LOCATE(${bytesLiteral(text)}, CAST(d.description AS BINARY)) > 0`)
      .join(' ');
    const has = `EXISTS (SELECT 1 FROM ${metadata} AS d WHERE d.session_id = ${sessions}.session_id ${found})`;
    return [...conditions, has];
  };
  return {
    list({ by, descending, after, limit, ...filter }: ConversationQuery): string {
      const conditions = conditionsOf(filter);
      const time =
        by === 'changed' ? exact('updated_at') : by === 'created' ? exact('created_at') : undefined;
      const [than, direction] = descending ? ['<', 'DESC'] : ['>', 'ASC'];
      if (after) {
        const behind = `session_id ${than} ${textLiteral(after.id)}`;
        const at = time && secondsLiteral(after.time);
        conditions.push(time ? `(${time} ${than} ${at} OR (${time} = ${at} AND ${behind}))` : behind);
      }
      const sorted = [...(time ? [time] : []), 'page.session_id'].map((column) => `${column} ${direction}`);
      const page =
        `SELECT session_id, created_at, updated_at FROM ${sessions}${where(conditions)} ` +
        `ORDER BY ${sorted.join(', ').replace('page.', '')} LIMIT ${limit}`;
      return `${described(page, time ?? "''")} ORDER BY ${sorted.join(', ')}`;
    },
    count: (filter: ConversationFilter) =>
      `SELECT COUNT(*) AS n FROM ${sessions}${where(conditionsOf(filter))}`,
    get: (sessionId: string) =>
      described(`SELECT session_id, created_at, updated_at FROM ${sessions} WHERE ${is(sessionId)}`, "''"),
    lockUnchanged: (sessionId: string, changedBefore: number) =>
      `SELECT 1 AS locked FROM ${sessions} WHERE ${is(sessionId)} ` +
      `AND ${exact('updated_at')} < ${secondsLiteral(String(changedBefore / 1000))} FOR UPDATE`,
    /** Looked up without a lock, as a DELETE of a range locks the gaps in which others record theirs. */
    oldOperations: (filter: ConversationFilter, seconds: number, atMost: number) =>
      `SELECT session_id AS sessionId, operation_id AS id FROM ${operations}` +
      `${where([...conditionsOn(filter), `${exact('created_at')} < UNIX_TIMESTAMP() - ${seconds}`])} LIMIT ${atMost}`,
    /** Makes the session if it is missing, and locks it; its time stays. */
    makeSession: (sessionId: string) =>
      `INSERT INTO ${sessions} (session_id) VALUES (${textLiteral(sessionId)}) ` +
      'ON DUPLICATE KEY UPDATE updated_at = updated_at',
    /** Makes the session, if it is missing, and locks it. */
    makeNewSession: (sessionId: string) =>
      `INSERT IGNORE INTO ${sessions} (session_id) VALUES (${textLiteral(sessionId)})`,
    /** Makes the session, if it is missing, with times of its own, and locks it. */
    restoreSession: ({ id, createdAt, updatedAt }: WholeConversation) =>
      `INSERT IGNORE INTO ${sessions} (session_id, created_at, updated_at) VALUES ` +
      `(${textLiteral(id)}, ${timeLiteral(createdAt)}, ${timeLiteral(updatedAt)})`,
    insertRows: `INSERT INTO ${messages} (session_id, message_data, created_at) VALUES `,
    insertedRow: ({ sessionId, text, createdAt }: TimedNewRow) =>
      `(${textLiteral(sessionId)}, ${itemLiteral(text)}, ${timeLiteral(createdAt)})`,
    copyTimes: (from: string, to: string) =>
      `UPDATE ${sessions} AS copy JOIN ${sessions} AS source ON source.session_id = ${textLiteral(from)} ` +
      'SET copy.created_at = source.created_at, copy.updated_at = source.updated_at ' +
      `WHERE copy.session_id = ${textLiteral(to)}`,
    copyMessages: (from: string, to: string, upTo: number | undefined) =>
      `INSERT INTO ${messages} (session_id, message_data, created_at) ` +
      `SELECT ${textLiteral(to)}, message_data, created_at FROM ${messages} WHERE ${is(from)} ORDER BY id` +
      (upTo === undefined ? '' : ` LIMIT ${upTo}`),
    copyOperations: (from: string, to: string) =>
      `INSERT INTO ${operations} (session_id, operation_id, digest, created_at) ` +
      `SELECT ${textLiteral(to)}, operation_id, digest, created_at FROM ${operations} WHERE ${is(from)}`,
    readDescription: (sessionId: string) =>
      `SELECT description AS text, version FROM ${metadata} WHERE ${is(sessionId)}`,
    /** Which of these have a description. */
    described: (sessionIds: readonly string[]) =>
      `SELECT session_id AS id FROM ${metadata} WHERE session_id IN (${sessionIds.map(textLiteral).join(', ')})`,
    writeDescription: (sessionId: string, { text, version }: StoredDescription) =>
      `INSERT INTO ${metadata} (session_id, description, version) VALUES ` +
      `(${textLiteral(sessionId)}, ${itemLiteral(text)}, ${version}) ` +
      'ON DUPLICATE KEY UPDATE description = VALUES(description), version = VALUES(version)',
    removeDescription: (sessionId: string) => `DELETE FROM ${metadata} WHERE ${is(sessionId)}`,
  };
}

/** A row with the time that it had elsewhere, in ms since 1970. */
export interface TimedNewRow extends NewRow {
  readonly createdAt: number;
}

/** A time in ms since 1970, as the connection's time zone writes it. */
function timeLiteral(milliseconds: number): string {
  return `FROM_UNIXTIME(${secondsLiteral((milliseconds / 1000).toFixed(3))})`;
}

export type ConversationStatements = ReturnType<typeof conversationStatements>;

function conditionsOn({ prefix, withoutPrefix, changedAfter, changedBefore }: ConversationFilter): string[] {
  const conditions: string[] = [];
  const end = behindPrefix(prefix);
  // ranges: ids compare by their bytes, and the primary key is in that order
  if (prefix !== '') conditions.push(`session_id >= ${textLiteral(prefix)}`);
  if (end !== undefined) conditions.push(`session_id < ${textLiteral(end)}`);
  if (withoutPrefix !== undefined) {
    const without = behindPrefix(withoutPrefix);
    const before = `session_id < ${textLiteral(withoutPrefix)}`;
    conditions.push(without === undefined ? before : `(${before} OR session_id >= ${textLiteral(without)})`);
  }
  if (changedAfter !== undefined)
    conditions.push(`${exact('updated_at')} > ${secondsLiteral(String(changedAfter / 1000))}`);
  if (changedBefore !== undefined)
    conditions.push(`${exact('updated_at')} < ${secondsLiteral(String(changedBefore / 1000))}`);
  return conditions;
}

/**
 * Seconds since 1970 as SQL, a decimal number.
 *
 * @throws TypeError for anything that is none.
 */
function secondsLiteral(seconds: string): string {
  if (!/^-?\d{1,13}(?:\.\d{1,6})?$/.test(seconds)) throw new TypeError('A time must be a number of seconds.');
  return seconds;
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}
