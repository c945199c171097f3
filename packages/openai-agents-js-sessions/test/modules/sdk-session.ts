import { MemorySession } from '@openai/agents-core';

const sessions = new Map<string, MemorySession>();

export default function sessionOf(sessionId: string): MemorySession {
  const session: MemorySession = sessions.get(sessionId) ?? new MemorySession({ sessionId });
  sessions.set(sessionId, session);
  return session;
}

export const supports = { anyValue: true };
