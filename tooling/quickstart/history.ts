import type { AgentInputItem } from '@openai/agents';
import color from 'picocolors';
import type { Conversation } from './conversation.ts';

/** Prints what was said, oldest first. */
export async function showHistory(conversation: Conversation): Promise<void> {
  const items = await conversation.items();
  if (items.length === 0) console.log('Nothing was said yet.');
  for (const item of items) {
    const { speaker, text } = line(item);
    console.log(`${speaker.padEnd(6)} ${text}`);
  }
}

function line(item: AgentInputItem): { speaker: string; text: string } {
  if (!('role' in item)) return { speaker: color.dim(item.type ?? 'item'), text: JSON.stringify(item) };
  const speaker = item.role === 'user' ? 'you' : item.role === 'assistant' ? 'agent' : item.role;
  if (typeof item.content === 'string') return { speaker, text: item.content };
  const parts = item.content.map((part) => ('text' in part ? part.text : `[${part.type}]`));
  return { speaker, text: parts.join(' ') };
}
