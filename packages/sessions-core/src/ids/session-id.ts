/** The longest id, in characters (Unicode code points): what `VARCHAR(255)` holds on every server. */
export const MAX_SESSION_ID_LENGTH = 255;

/** What the stored id of every tenant's conversation begins with, and no other. */
export const TENANT_MARK = '$tenant:';

/** Calls that are for no conversation take turns with each other under this id, which no conversation has. */
export const NO_CONVERSATION = '';

/**
 * Checks that every database can keep an id exactly and tell it from every other one, and that it is not the stored
 * id of a tenant's conversation: ids often come from outside.
 *
 * @throws TypeError if it is not a string, is empty, is longer than 255 characters, begins with `$tenant:`, or holds
 * a NUL or a lone surrogate: databases cut or replace those, and two conversations would become one.
 * @example
 * ```ts
 * checkSessionId(request.params.id); // a TypeError for an empty one
 * ```
 */
export function checkSessionId(sessionId: unknown): asserts sessionId is string {
  checkIdText('A session id', sessionId);
  if (sessionId.startsWith(TENANT_MARK)) {
    throw new TypeError(
      `A session id must not begin with "${TENANT_MARK}", as the stored ids of tenants do. To open a conversation ` +
        'of a tenant, use store.scoped(tenant).session(id).',
    );
  }
}

/**
 * Checks a text that is stored as an id or as a part of one.
 *
 * @param what - What it is, for the message.
 */
export function checkIdText(what: string, text: unknown): asserts text is string {
  if (typeof text !== 'string') throw new TypeError(`${what} must be a string, not ${typeName(text)}.`);
  if (text === '') throw new TypeError(`${what} must not be empty.`);
  if (text.includes('\0')) throw new TypeError(`${what} must not contain a NUL character.`);
  if (!text.isWellFormed()) throw new TypeError(`${what} must not contain a lone surrogate.`);
  if (text.length > MAX_SESSION_ID_LENGTH && countCharacters(text) > MAX_SESSION_ID_LENGTH) {
    throw new TypeError(`${what} must have at most ${MAX_SESSION_ID_LENGTH} characters.`);
  }
}

/** The length of a text in Unicode code points. */
export function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function typeName(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
