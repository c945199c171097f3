import type { RemovedRows } from '../port/conversations.js';

export const NO_ROWS: RemovedRows = {
  sessions: 0,
  messages: 0,
  operations: 0,
  metadata: 0,
  usage: 0,
  runs: 0,
};

/** Whether there was anything to remove. */
export function hasRows(removed: RemovedRows): boolean {
  return Object.values(removed).some((rows) => rows > 0);
}

export function sumOfRows(one: RemovedRows, other: RemovedRows): RemovedRows {
  return {
    sessions: one.sessions + other.sessions,
    messages: one.messages + other.messages,
    operations: one.operations + other.operations,
    metadata: one.metadata + other.metadata,
    usage: (one.usage ?? 0) + (other.usage ?? 0),
    runs: (one.runs ?? 0) + (other.runs ?? 0),
  };
}
