// Clearing fails after it has answered.
import { MemorySession } from '@openai/agents-core';

const sessions = new Map();
export function open(sessionId) {
  if (!sessions.has(sessionId)) {
    const session = new MemorySession({ sessionId });
    const clearSession = async () => {
      setImmediate(() => {
        throw new Error('the connection was gone');
      });
      await new Promise((resolve) => setTimeout(resolve, 20));
    };
    sessions.set(sessionId, Object.assign(session, { clearSession }));
  }
  return sessions.get(sessionId);
}
