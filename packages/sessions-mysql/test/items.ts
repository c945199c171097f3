import type { StoredRow } from '@stackone/sessions-core/backend';

export { contents, message, messages } from '@stackone/test-environment/messages';

/** Texts as a session writes them, for the port. */
export function texts(count: number, prefix = 't'): string[] {
  return Array.from({ length: count }, (_, index) => JSON.stringify(`${prefix}${index}`));
}

/** The texts of rows, decoded. */
export function textsOf(rows: readonly StoredRow[]): unknown[] {
  return rows.map(({ text }) => JSON.parse(text));
}
