import type { ConversationPosition, ConversationQuery, StoredConversation } from '../port/conversations.js';

/** Where a page ends, as a text that fits into a URL. It holds the last conversation's id, and is no secret. */
export function cursorOf({ by, descending }: ConversationQuery, { time, id }: StoredConversation): string {
  const content = JSON.stringify([by, descending ? 'desc' : 'asc', time, id]);
  return Buffer.from(content).toString('base64url');
}

/** @throws TypeError for a text that is no cursor, and for that of a list in another order. */
export function readCursor(cursor: string, by: string, order: string): ConversationPosition {
  const [cursorBy, cursorOrder, time, id] = contentOf(cursor);
  if (typeof time !== 'string' || typeof id !== 'string' || !id.isWellFormed() || id.includes('\0')) {
    throw new TypeError('sessions.list: option "after" must be the "nextCursor" of a page.');
  }
  if (cursorBy !== by || cursorOrder !== order) {
    throw new TypeError(
      'sessions.list: option "after" is of a list in another order. Give the same "by" and "order" with it.',
    );
  }
  if (!/^[\d .:-]*$/.test(time)) {
    throw new TypeError('sessions.list: option "after" must be the "nextCursor" of a page.');
  }
  return { time, id };
}

function contentOf(cursor: string): readonly unknown[] {
  try {
    const content: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(content) ? content : [];
  } catch {
    return []; // no JSON: no cursor
  }
}
