import { type HistoryQuery, rowNumber } from '@stackone/sessions-core/backend';
import { type BoundStatement, milliseconds } from './conversation-statements.js';
import { type PostgresNames, qualifiedTables, textRow } from './statements.js';

const TIMED_ROW = `${textRow}, ${milliseconds('m.created_at')} AS created`;

/** The statement behind `history`: those that agents are handed their items by have no column more for it. */
export function historyStatement(names: PostgresNames) {
  const { messages } = qualifiedTables(names);
  return (sessionId: string, { limit, oldest, before, after }: HistoryQuery): BoundStatement => {
    const parameters: unknown[] = [sessionId];
    // one comparison of both columns, so that the index begins at the row
    const place = (comparison: string, id: string) =>
      `(m.session_id, m.id) ${comparison} ($1, $${parameters.push(rowNumber(id))}::text::bigint)`;
    const begin = after === undefined ? 'm.session_id >= $1' : place('>', after);
    const end = before === undefined ? 'm.session_id <= $1' : place('<', before);
    const direction = oldest ? 'ASC' : 'DESC';
    const sql =
      `SELECT ${TIMED_ROW} FROM ${messages} AS m WHERE ${begin} AND ${end} ` +
      `ORDER BY m.session_id ${direction}, m.id ${direction} LIMIT $${parameters.push(limit)}::bigint`;
    return [sql, parameters];
  };
}

export type HistoryStatement = ReturnType<typeof historyStatement>;
