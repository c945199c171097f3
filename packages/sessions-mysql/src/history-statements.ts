import { type HistoryQuery, rowNumber } from '@stackone/sessions-core/backend';
import { idLiteral, quoteName, textLiteral } from './literals.js';
import { type MysqlNames, qualifiedName, textRow } from './statements.js';
import { milliseconds } from './times.js';

const TIMED_ROW = `${textRow}, ${milliseconds('created_at')} AS createdAt`;

/**
 * The statement behind `history`: those that agents are handed their items by have no column more for it. A range of the
 * index, for the reasons that `statements` tells.
 *
 * @param newestIndex - The index that leads to the newest items of a conversation, if there is one.
 */
export function historyStatement(names: MysqlNames, newestIndex?: string) {
  const messages = qualifiedName(names, names.messages);
  const hint =
    newestIndex === undefined ? '' : `/*+ INDEX(${quoteName(names.messages)} ${quoteName(newestIndex)}) */ `;
  return (sessionId: string, { limit, oldest, before, after }: HistoryQuery): string => {
    const session = textLiteral(sessionId);
    const place = (comparison: '<' | '>', id: string) =>
      `(session_id ${comparison} ${session} OR ` +
      `(session_id = ${session} AND id ${comparison} ${idLiteral(rowNumber(id))}))`;
    const begin = after === undefined ? '' : ` AND ${place('>', after)}`;
    const end = before === undefined ? '' : ` AND ${place('<', before)}`;
    const direction = oldest ? 'ASC' : 'DESC';
    return (
      `SELECT ${hint}${TIMED_ROW} FROM ${messages} ` +
      `WHERE session_id >= ${session} AND session_id <= ${session}${begin}${end} ` +
      `ORDER BY ${messages}.session_id ${direction}, ${messages}.id ${direction} LIMIT ${limit}`
    );
  };
}

export type HistoryStatement = ReturnType<typeof historyStatement>;
