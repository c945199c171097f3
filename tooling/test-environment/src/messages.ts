import type { AgentInputItem } from '@openai/agents-core';

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
