/** The longest id, in characters (Unicode code points): what `VARCHAR(255)` holds on every server. */
export const MAX_SESSION_ID_LENGTH = 255;

/**
 * Checks that every database can keep an id exactly and tell it from every other one.
 *
 * @throws TypeError if it is not a string, is empty, is longer than 255 characters, or holds a NUL or a lone
 * surrogate: databases cut or replace those, and two conversations would become one.
 */
export function checkSessionId(sessionId: unknown): asserts sessionId is string {
  if (typeof sessionId !== 'string')
    throw new TypeError(`A session id must be a string, not ${typeName(sessionId)}.`);
  if (sessionId === '') throw new TypeError('A session id must not be empty.');
  if (sessionId.includes('\0')) throw new TypeError('A session id must not contain a NUL character.');
  if (!sessionId.isWellFormed()) throw new TypeError('A session id must not contain a lone surrogate.');
  if (sessionId.length > MAX_SESSION_ID_LENGTH && countCodePoints(sessionId) > MAX_SESSION_ID_LENGTH) {
    throw new TypeError(`A session id must have at most ${MAX_SESSION_ID_LENGTH} characters.`);
  }
}

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function typeName(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
}
