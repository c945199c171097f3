// Pops never end.
import { MemorySession } from '@openai/agents-core';

const sessions = new Map();
export function open(sessionId) {
  if (!sessions.has(sessionId)) {
    const session = new MemorySession({ sessionId });
    sessions.set(sessionId, Object.assign(session, { popItem: () => new Promise(() => {}) }));
  }
  return sessions.get(sessionId);
}
// what an open connection does to a program
setInterval(() => {}, 1000);
