import type { ConversationFilter, ConversationQuery } from '@stackone/sessions-core/backend';
import { type PostgresNames, qualifiedTables } from './statements.js';

/** A statement with its parameters. */
export type BoundStatement = readonly [sql: string, parameters: readonly unknown[]];

/**
 * In ms since 1970. A time without a zone is one of the connection's `TimeZone`, in which this store and Python write
 * it; the server knows which that is.
 */
function milliseconds(column: string): string {
  return `floor(extract(epoch FROM ${column}::timestamptz) * 1000)::bigint::text`;
}

const TIMES = `${milliseconds('created_at')} AS "createdAt", ${milliseconds('updated_at')} AS "updatedAt"`;

/** The same text under every `DateStyle`. */
const EXACT = "'YYYY-MM-DD HH24:MI:SS.US'";

/** The statements on conversations as a whole. */
export function conversationStatements(names: PostgresNames) {
  const { sessions, messages, operations } = qualifiedTables(names);
  const removed = (table: string) =>
    `WITH removed AS (DELETE FROM ${table} WHERE session_id = $1 RETURNING 1) ` +
    'SELECT count(*)::text AS n FROM removed';
  return {
    list({ by, descending, after, limit, ...filter }: ConversationQuery): BoundStatement {
      const parameters: unknown[] = [];
      const place = placesIn(parameters);
      const conditions = conditionsOf(filter, place);
      const time = by === 'changed' ? 'updated_at' : by === 'created' ? 'created_at' : undefined;
      const [than, direction] = descending ? ['<', 'DESC'] : ['>', 'ASC'];
      if (after && time) {
        const position = `${place(after.time)}::text::timestamp, ${place(after.id)}::text`;
        conditions.push(`(${time}, session_id) ${than} (${position})`);
      } else if (after) {
        conditions.push(`session_id ${than} ${place(after.id)}::text`);
      }
      const sorted = [...(time ? [time] : []), 'session_id'].map((column) => `${column} ${direction}`);
      const sql =
        `SELECT session_id AS id, ${TIMES}, ${time ? `to_char(${time}, ${EXACT})` : "''"} AS time ` +
        `FROM ${sessions}${where(conditions)} ORDER BY ${sorted.join(', ')} LIMIT ${place(limit)}::bigint`;
      return [sql, parameters];
    },
    count(filter: ConversationFilter): BoundStatement {
      const parameters: unknown[] = [];
      const conditions = conditionsOf(filter, placesIn(parameters));
      return [`SELECT count(*)::text AS n FROM ${sessions}${where(conditions)}`, parameters];
    },
    get: `SELECT session_id AS id, ${TIMES}, '' AS time FROM ${sessions} WHERE session_id = $1`,
    removeOperations: removed(operations),
    removeMessages: removed(messages),
    removeSession: removed(sessions),
  };
}

export type ConversationStatements = ReturnType<typeof conversationStatements>;

/** Adds a parameter, and says where it stands. */
type Place = (value: unknown) => string;

function placesIn(parameters: unknown[]): Place {
  return (value) => `$${parameters.push(value)}`;
}

/** Not as ranges: the order of texts is that of the database's language, in which a prefix is no range. */
function conditionsOf(
  { prefix, withoutPrefix, changedAfter, changedBefore }: ConversationFilter,
  place: Place,
): string[] {
  const time = (milliseconds: number) => `to_timestamp(${place(milliseconds)}::float8 / 1000)`;
  const conditions: string[] = [];
  if (prefix !== '') conditions.push(`starts_with(session_id, ${place(prefix)}::text)`);
  if (withoutPrefix !== undefined)
    conditions.push(`NOT starts_with(session_id, ${place(withoutPrefix)}::text)`);
  if (changedAfter !== undefined) conditions.push(`updated_at::timestamptz > ${time(changedAfter)}`);
  if (changedBefore !== undefined) conditions.push(`updated_at::timestamptz < ${time(changedBefore)}`);
  return conditions;
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}
