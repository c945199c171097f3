// What a terminal would obey instead of showing it: control characters but tab and newline, also those behind U+0080,
// and the marks that turn the direction of writing.
const COMMANDS = /(?![\n\t])\p{Cc}|[\u2028-\u202e\u2066-\u2069]/gu;

/** A text of others that is safe to print: what a terminal would obey is shown as `\u{...}`. */
export function printable(text: string): string {
  return text.toWellFormed().replace(COMMANDS, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}

/** The same on one line. */
export function printableLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ').trim());
}

/** A value as JSON on one line, with nothing in it that a terminal obeys. */
export function printableJson(value: unknown): string {
  return safeJson(JSON.stringify(value));
}

/** A JSON text with nothing in it that a terminal obeys; it means the same. */
export function safeJson(json: string): string {
  return json.replace(COMMANDS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A time, to the second. */
export function printableTime(time: Date): string {
  return time.toISOString().replace(/\.\d+/, '');
}
