import {
  behindPrefix,
  type ConversationFilter,
  type ConversationQuery,
} from '@stackone/sessions-core/backend';
import { quoteName, type SqliteNames } from './statements.js';

/** A statement with what stands in the places of its `?`. */
export interface BoundStatement {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** In ms since 1970. Times are UTC texts; the tables of version 0.4.1 hold seconds. */
function milliseconds(column: string): string {
  const ofText = `CAST(round((julianday(${column}) - 2440587.5) * 86400000) AS INTEGER)`;
  return `CASE typeof(${column}) WHEN 'text' THEN ${ofText} ELSE ${column} * 1000 END`;
}

const CHANGED = milliseconds('updated_at');
const TIMES = `${milliseconds('created_at')} AS createdAt, ${CHANGED} AS updatedAt`;

/** The statements on conversations as a whole. */
export function conversationStatements(names: SqliteNames) {
  const sessions = quoteName(names.sessions);
  return {
    list({ by, descending, after, limit, ...filter }: ConversationQuery): BoundStatement {
      const { conditions, parameters } = conditionsOf(filter);
      const time = by === 'changed' ? 'updated_at' : by === 'created' ? 'created_at' : undefined;
      const [than, direction] = descending ? ['<', 'DESC'] : ['>', 'ASC'];
      if (after) {
        conditions.push(time ? `(${time}, session_id) ${than} (?, ?)` : `session_id ${than} ?`);
        parameters.push(...(time ? [after.time, after.id] : [after.id]));
      }
      const sorted = [...(time ? [time] : []), 'session_id'].map((column) => `${column} ${direction}`);
      return {
        sql:
          `SELECT session_id AS id, ${TIMES}, ${time ? `CAST(${time} AS TEXT)` : "''"} AS time ` +
          `FROM ${sessions}${where(conditions)} ORDER BY ${sorted.join(', ')} LIMIT ?`,
        parameters: [...parameters, limit],
      };
    },
    count(filter: ConversationFilter): BoundStatement {
      const { conditions, parameters } = conditionsOf(filter);
      return { sql: `SELECT count(*) AS n FROM ${sessions}${where(conditions)}`, parameters };
    },
    get: `SELECT session_id AS id, ${TIMES}, '' AS time FROM ${sessions} WHERE session_id = ?`,
    /** Of the statement before it. */
    changes: 'SELECT changes() AS n',
  };
}

export type ConversationStatements = ReturnType<typeof conversationStatements>;

function conditionsOf({ prefix, withoutPrefix, changedAfter, changedBefore }: ConversationFilter) {
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
  if (changedAfter !== undefined) add(`${CHANGED} > ?`, changedAfter);
  if (changedBefore !== undefined) add(`${CHANGED} < ?`, changedBefore);
  return { conditions, parameters };
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}
