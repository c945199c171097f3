import { SessionError } from '@stackone/sessions-core';

/** The longest text that PostgreSQL takes is 1 GB, its message included. */
const MAX_BYTES = 1_073_000_000;

/** Items are JSON, which has no control characters: this one is only looked for. */
const MARK = '\u0001';

/**
 * Texts in one parameter, each after a mark that is in none of them, and the mark. As JSON they would be escaped here
 * once more, and parsed three times there: for a text, a type and its elements.
 */
export function marked(texts: readonly string[]): [text: string, mark: string] {
  let mark = MARK;
  while (texts.some((text) => text.includes(mark))) mark = MARK + crypto.randomUUID();
  return [asParameter(() => (texts.length > 0 ? mark + texts.join(mark) : '')), mark];
}

/** A value as one parameter. @throws SessionError `ITEM_TOO_LARGE` */
export function asJson(value: unknown): string {
  return asParameter(() => JSON.stringify(value));
}

/** Refuses what neither this side nor the server could hold. @throws SessionError `ITEM_TOO_LARGE` */
export function asParameter(made: string | (() => string)): string {
  let text: string | undefined;
  try {
    text = typeof made === 'string' ? made : made();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the longest string of V8: 2^29 - 24 characters
  }
  if (text !== undefined && (text.length * 3 <= MAX_BYTES || Buffer.byteLength(text) <= MAX_BYTES))
    return text;
  throw new SessionError(
    'ITEM_TOO_LARGE',
    `The items of one call are larger than PostgreSQL can take: about 512 million characters, or ${MAX_BYTES} bytes. ` +
      'Nothing was written.',
  );
}
