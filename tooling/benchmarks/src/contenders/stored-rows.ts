import type { AgentInputItem } from '@openai/agents-core';

/** A row of a conversation, as the drivers of servers give it. */
export interface Row {
  readonly id: string | number;
  readonly message_data: string;
}

/** The id of the row with a function call. @throws Error if there is none. */
export function rowOfCall(rows: readonly Row[], callId: string): Row['id'] {
  const row = rows.find(({ message_data }) => {
    const item: AgentInputItem = JSON.parse(message_data);
    return item.type === 'function_call' && item.callId === callId;
  });
  if (!row) throw new Error('there is no such function call');
  return row.id;
}

/** The id of the row with what the user said last. @throws Error if there is none. */
export function rowOfNewestTurn(rows: readonly Row[]): string {
  const row = rows.findLast(({ message_data }) => {
    const item: AgentInputItem = JSON.parse(message_data);
    return 'role' in item && item.role === 'user';
  });
  if (!row) throw new Error('there is no turn');
  return String(row.id);
}
