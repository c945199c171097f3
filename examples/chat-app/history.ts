import type { AgentInputItem } from '@openai/agents';

/** What the page shows of an item. */
export interface Message {
  /** The place of the item in the conversation, from 0. */
  readonly at: number;
  readonly role: 'user' | 'assistant' | 'tool';
  readonly text: string;
  /** When it was stored, in ms since 1970. */
  readonly time: number | undefined;
}

/** The items that people want to see: what was said, and what tools were asked and answered. */
export function messagesOf(items: readonly AgentInputItem[], times: readonly number[]): Message[] {
  return items.flatMap((item, at) => {
    const shown = shownOf(item);
    return shown ? [{ at, ...shown, time: times[at] }] : [];
  });
}

function shownOf(item: AgentInputItem): Pick<Message, 'role' | 'text'> | undefined {
  if (item.type === 'function_call') return { role: 'tool', text: `${item.name} ${item.arguments}` };
  if (item.type === 'function_call_result') return { role: 'tool', text: textOf(item.output) };
  if (!('role' in item) || item.role === 'system') return undefined;
  return { role: item.role, text: textOf(item.content) };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts = Array.isArray(content) ? content : [content];
  return parts.map((part: { text?: string; refusal?: string }) => part.text ?? part.refusal ?? '').join('');
}
