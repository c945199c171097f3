import {
  behindPrefix,
  type ConversationFilter,
  type ConversationQuery,
  type StoredDescription,
} from '@stackone/sessions-core/backend';
import { bytesLiteral, idLiteral, itemLiteral, quoteName, textLiteral } from './literals.js';
import { isAmong, type MysqlNames, qualifiedName, type SessionKey } from './statements.js';
import { behindTime, comparedToTime, exact, IN_UTC, milliseconds, secondsLiteral } from './times.js';

const TIMES = `${milliseconds('created_at')} AS createdAt, ${milliseconds('updated_at')} AS updatedAt`;

/**
 * The statements on conversations as a whole: one text for MySQL and MariaDB.
 *
 * @param has - Which tables are there: that of titles and metadata, and that of runs.
 * @param changedIndex - The index in the order of the last changes, if there is one.
 */
export function conversationStatements(
  names: MysqlNames,
  has: { metadata: boolean; runs: boolean },
  changedIndex?: string,
) {
  const withMetadata = has.metadata;
  const runs = qualifiedName(names, names.runs);
  const sessions = qualifiedName(names, names.sessions);
  const metadata = qualifiedName(names, names.metadata);
  const messages = qualifiedName(names, names.messages);
  const operations = qualifiedName(names, names.operations);
  const is = (sessionId: string) => `session_id = ${textLiteral(sessionId)}`;
  // else MySQL may read and sort all; of the few conversations of a tenant it does better. To MariaDB it is a comment
  const inOrderOfChanges =
    changedIndex === undefined
      ? ''
      : `/*+ INDEX(${quoteName(names.sessions)} ${quoteName(changedIndex)}) */ `;
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
    /**
     * Without descriptions: a statement of one table, whose index it names, MySQL does not estimate, which takes longer than to run it
     * where there are a million rows. Times are told from the table's own columns: of a derived table MySQL makes local times.
     */
    list({ by, descending, after, limit, ...filter }: ConversationQuery): string {
      const conditions = conditionsOf(filter);
      const time = by === 'changed' ? 'updated_at' : by === 'created' ? 'created_at' : undefined;
      const [than, direction] = descending ? (['<', 'DESC'] as const) : (['>', 'ASC'] as const);
      if (after) {
        const behind = `session_id ${than} ${textLiteral(after.id)}`;
        conditions.push(...(time ? behindTime(time, than, after.time, behind) : [behind]));
      }
      const hint = by === 'changed' && filter.prefix === '' ? inOrderOfChanges : '';
      const order = [...(time ? [time] : []), 'session_id'].map((column) => `${column} ${direction}`);
      return (
        `SELECT ${hint}session_id AS id, ${TIMES}, ${time ? exact(time) : "''"} AS time FROM ${sessions}` +
        `${where(conditions)} ORDER BY ${order.join(', ')} LIMIT ${limit}`
      );
    },
    descriptions: (sessionIds: readonly string[]) =>
      `SELECT session_id AS id, description AS text, version FROM ${metadata} ` +
      `WHERE session_id IN (${sessionIds.map(textLiteral).join(', ')})`,
    count: (filter: ConversationFilter) =>
      `SELECT COUNT(*) AS n FROM ${sessions}${where(conditionsOf(filter))}`,
    get: (sessionId: string) =>
      `SELECT s.session_id AS id, ${TIMES}, '' AS time` +
      (withMetadata ? ', d.description AS text, d.version ' : ', NULL AS text ') +
      `FROM ${sessions} AS s ` +
      (withMetadata ? `LEFT JOIN ${metadata} AS d ON d.session_id = s.session_id ` : '') +
      `WHERE s.${is(sessionId)}`,
    /** Nor has it a run that goes on. */
    lockUnchanged: (sessionId: string, changedBefore: number) =>
      `SELECT 1 AS locked FROM ${sessions} WHERE ${is(sessionId)} ` +
      `AND ${exact('updated_at')} < ${secondsLiteral(String(changedBefore / 1000))} ` +
      (has.runs
        ? `AND NOT EXISTS (SELECT 1 FROM ${runs} AS r WHERE r.${is(sessionId)} AND r.state IN ('running', 'waiting')) `
        : '') +
      'FOR UPDATE',
    /** Looked up without a lock, as a DELETE of a range locks the gaps in which others record theirs. */
    oldOperations: (filter: ConversationFilter, seconds: number, atMost: number) =>
      `SELECT session_id AS sessionId, operation_id AS id FROM ${operations}` +
      `${where([...conditionsOn(filter), `${exact('created_at')} < UNIX_TIMESTAMP() - ${seconds}`])} LIMIT ${atMost}`,
    /** As of operations: runs that ended before a time. */
    oldRuns: (filter: ConversationFilter, endedBefore: number, atMost: number) =>
      `SELECT session_id AS sessionId, run_id AS id FROM ${runs}` +
      `${where([...conditionsOn(filter), "entry = ''", "state IN ('done', 'failed', 'cancelled')", `changed_at < ${BigInt(endedBefore)}`])} LIMIT ${atMost}`,
    /** With their steps. */
    forgetRuns: (keys: readonly SessionKey[]): readonly string[] => [
      `DELETE FROM ${runs} WHERE run_id IN (${keys.map(([, id]) => textLiteral(id)).join(', ')})`,
    ],
    /** Makes the session if it is missing, and locks it; its time stays. */
    makeSession: (sessionId: string) =>
      `INSERT INTO ${sessions} (session_id) VALUES (${textLiteral(sessionId)}) ` +
      'ON DUPLICATE KEY UPDATE updated_at = updated_at',
    /** Makes the session, if it is missing, and locks it. */
    makeNewSession: (sessionId: string) =>
      `INSERT IGNORE INTO ${sessions} (session_id) VALUES (${textLiteral(sessionId)})`,
    copyTimes: (from: string, to: string) =>
      `UPDATE ${IN_UTC} ${sessions} AS copy JOIN ${sessions} AS source ON source.session_id = ${textLiteral(from)} ` +
      'SET copy.created_at = source.created_at, copy.updated_at = source.updated_at ' +
      `WHERE copy.session_id = ${textLiteral(to)}`,
    copyMessages: (from: string, to: string, upTo: number | undefined) =>
      `INSERT ${IN_UTC} INTO ${messages} (session_id, message_data, created_at) ` +
      `SELECT ${textLiteral(to)}, message_data, created_at FROM ${messages} WHERE ${is(from)} ORDER BY id` +
      (upTo === undefined ? '' : ` LIMIT ${upTo}`),
    copyOperations: (from: string, to: string) =>
      `INSERT ${IN_UTC} INTO ${operations} (session_id, operation_id, digest, created_at) ` +
      `SELECT ${textLiteral(to)}, operation_id, digest, created_at FROM ${operations} WHERE ${is(from)}`,
    readDescription: (sessionId: string) =>
      `SELECT description AS text, version FROM ${metadata} WHERE ${is(sessionId)}`,
    /** Which of these have a description. */
    described: (sessionIds: readonly string[]) =>
      `SELECT session_id AS id FROM ${metadata} WHERE ${isAmong(sessionIds)}`,
    writeDescription: (sessionId: string, { text, version }: StoredDescription) =>
      `INSERT INTO ${metadata} (session_id, description, version) VALUES ` +
      `(${textLiteral(sessionId)}, ${itemLiteral(text)}, ${version}) ` +
      'ON DUPLICATE KEY UPDATE description = VALUES(description), version = VALUES(version)',
    newestRow: `SELECT CAST(MAX(id) AS CHAR) AS id FROM ${messages}`,
    changedSessions: (after: string, limit: number) =>
      'SELECT session_id AS id, CAST(MAX(place) AS CHAR) AS newest, COUNT(*) AS n ' +
      `FROM (SELECT id AS place, session_id FROM ${messages} WHERE id > ${idLiteral(after)} ORDER BY id LIMIT ${limit}) AS looked ` +
      'GROUP BY session_id',
    removeDescription: (sessionId: string) => `DELETE FROM ${metadata} WHERE ${is(sessionId)}`,
  };
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
  if (changedAfter !== undefined) conditions.push(...comparedToTime('updated_at', '>', changedAfter));
  if (changedBefore !== undefined) conditions.push(...comparedToTime('updated_at', '<', changedBefore));
  return conditions;
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}
