import { type HistoryQuery, rowNumber } from '@stackone/sessions-core/backend';
import { type BoundStatement, milliseconds } from './conversation-statements.js';
import { ofSession, quoteName, type SqliteNames, textRow } from './statements.js';

const TIMED_ROW = `${textRow}, ${milliseconds('created_at')} AS createdAt`;

/** The statement behind `history`: those that agents are handed their items by have no column more for it. */
export function historyStatement(names: SqliteNames) {
  const messages = quoteName(names.messages);
  return (sessionId: string, { limit, oldest, before, after }: HistoryQuery): BoundStatement => {
    const conditions = [ofSession];
    const parameters: unknown[] = [sessionId];
    const place = (comparison: string, id: string) => {
      conditions.push(`id ${comparison} CAST(? AS INTEGER)`);
      parameters.push(rowNumber(id));
    };
    if (after !== undefined) place('>', after);
    if (before !== undefined) place('<', before);
    return {
      sql:
        `SELECT ${TIMED_ROW} FROM ${messages} WHERE ${conditions.join(' AND ')} ` +
        `ORDER BY ${messages}.id ${oldest ? 'ASC' : 'DESC'} LIMIT ?`,
      parameters: [...parameters, limit],
    };
  };
}

export type HistoryStatement = ReturnType<typeof historyStatement>;
