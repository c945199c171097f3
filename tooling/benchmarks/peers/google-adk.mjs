import { randomUUID } from 'node:crypto';
import { createEvent, DatabaseSessionService } from '@google/adk';

const place = { appName: 'bench', userId: 'u' };

/** One event is one transaction: a turn is not atomic. */
export async function open(url) {
  const service = new DatabaseSessionService(url);
  await service.init();
  const sessions = new Map();
  // the first sessions of a user fail if they are made at the same time
  await service.createSession({ ...place, sessionId: `first-${randomUUID()}` });
  // after a hang the database is opened again, and has some
  const make = (sessionId) =>
    service
      .createSession({ ...place, sessionId })
      .catch(async (error) => (await service.getSession({ ...place, sessionId })) ?? Promise.reject(error));
  const session = (sessionId) => {
    if (!sessions.has(sessionId)) sessions.set(sessionId, make(sessionId));
    return sessions.get(sessionId);
  };
  return {
    async append(conversation, items) {
      const of = await session(conversation);
      for (const item of items) {
        const content = {
          role: item.role === 'user' ? 'user' : 'model',
          parts: [{ text: JSON.stringify(item) }],
        };
        await service.appendEvent({
          session: of,
          event: createEvent({ invocationId: 'i', author: item.role === 'user' ? 'user' : 'agent', content }),
        });
      }
    },
    async newest(sessionId, count) {
      const found = await service.getSession({ ...place, sessionId, config: { numRecentEvents: count } });
      return (found?.events ?? []).map(({ content }) => JSON.parse(content.parts[0].text));
    },
    close: async () => service.orm?.close?.() ?? service.close?.(),
  };
}
