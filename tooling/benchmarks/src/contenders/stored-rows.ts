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

/** How rows become a history: those at the end that stay keep their place and time, those before them take up what is new. */
export interface Rewriting {
  readonly remove: readonly Row['id'][];
  readonly update: readonly { readonly id: Row['id']; readonly text: string }[];
}

/** @throws Error if there is more that is new than rows to take it up. */
export function rewriting(rows: readonly Row[], items: readonly AgentInputItem[]): Rewriting {
  const texts = items.map((item) => JSON.stringify(item));
  let kept = 0;
  while (
    kept < Math.min(rows.length, texts.length) &&
    rows.at(-1 - kept)?.message_data === texts.at(-1 - kept)
  )
    kept++;
  const fresh = texts.slice(0, texts.length - kept);
  const free = rows.slice(0, rows.length - kept).map(({ id }) => id);
  if (fresh.length > free.length) throw new Error('a compaction is shorter than what it compacts');
  const first = free.length - fresh.length;
  return {
    remove: free.slice(0, first),
    update: fresh.map((text, index) => ({ id: free[first + index] as Row['id'], text })),
  };
}
