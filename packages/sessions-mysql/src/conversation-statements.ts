import {
  behindPrefix,
  type ConversationFilter,
  type ConversationQuery,
} from '@stackone/sessions-core/backend';
import { textLiteral } from './literals.js';
import { type MysqlNames, qualifiedName } from './statements.js';

/** Seconds since 1970, exact to the µs, whatever the time zone of the connection and its summer time. */
const exact = (column: string) => `UNIX_TIMESTAMP(${column})`;

const TIMES =
  `FLOOR(${exact('created_at')} * 1000) AS createdAt, ` + `FLOOR(${exact('updated_at')} * 1000) AS updatedAt`;

/** The statements on conversations as a whole: one text for MySQL and MariaDB. */
export function conversationStatements(names: MysqlNames) {
  const sessions = qualifiedName(names, names.sessions);
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
      const sorted = [...(time ? [time] : []), 'session_id'].map((column) => `${column} ${direction}`);
      return (
        `SELECT session_id AS id, ${TIMES}, ${time ?? "''"} AS time FROM ${sessions}${where(conditions)} ` +
        `ORDER BY ${sorted.join(', ')} LIMIT ${limit}`
      );
    },
    count: (filter: ConversationFilter) =>
      `SELECT COUNT(*) AS n FROM ${sessions}${where(conditionsOf(filter))}`,
    get: (sessionId: string) =>
      `SELECT session_id AS id, ${TIMES}, '' AS time FROM ${sessions} WHERE session_id = ${textLiteral(sessionId)}`,
  };
}

export type ConversationStatements = ReturnType<typeof conversationStatements>;

function conditionsOf({ prefix, withoutPrefix, changedAfter, changedBefore }: ConversationFilter): string[] {
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
