import type { AgentInputItem } from '@openai/agents-core';
import type { StoredRow } from '@stackone/sessions-core';

/** A user message. */
export function message(content: string): AgentInputItem {
  return { type: 'message', role: 'user', content };
}

/** The messages `{prefix}0`, `{prefix}1`, ... */
export function messages(count: number, prefix = 'm'): AgentInputItem[] {
  return Array.from({ length: count }, (_, index) => message(`${prefix}${index}`));
}

/** What messages say. */
export function contents(items: readonly (AgentInputItem | undefined)[]): unknown[] {
  return items.map((item) => (item as { content?: unknown } | undefined)?.content);
}

/** Texts as a session writes them, for the port. */
export function texts(count: number, prefix = 't'): string[] {
  return Array.from({ length: count }, (_, index) => JSON.stringify(`${prefix}${index}`));
}

/** The texts of rows, decoded. */
export function textsOf(rows: readonly StoredRow[]): unknown[] {
  return rows.map(({ text }) => JSON.parse(text));
}
