import { MemorySession } from '@openai/agents-core';
import sessionOf from './sdk-session.ts';

/** One conversation of each round cannot be read, as a file that is half written. */
class TornSession extends MemorySession {
  override async getItems(): Promise<never> {
    throw new SyntaxError('the text of a conversation');
  }
}

export default (sessionId: string): MemorySession =>
  sessionId.endsWith('-0') ? new TornSession({ sessionId }) : sessionOf(sessionId);
