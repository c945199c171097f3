import { randomUUID } from 'node:crypto';
import {
  type AgentInputItem,
  type AgentOutputItem,
  type Model,
  type ModelRequest,
  type ModelResponse,
  type StreamEvent,
  Usage,
} from '@openai/agents';

/** A stand-in for a language model that needs no network. Like `python/stand_in.py` it knows only what it is handed. */
export class StandIn implements Model {
  getResponse({ input }: ModelRequest): Promise<ModelResponse> {
    const items = typeof input === 'string' ? [{ role: 'user' as const, content: input }] : input;
    return Promise.resolve({ usage: new Usage(), output: [reply(items)] });
  }

  getStreamedResponse(): AsyncIterable<StreamEvent> {
    throw new Error('not needed here');
  }
}

function reply(items: readonly AgentInputItem[]): AgentOutputItem {
  const newest = items.at(-1);
  if (newest?.type === 'function_call_result') return says(textOf(newest.output));
  const found = items.flatMap((item) => (item.type === 'function_call_result' ? [textOf(item.output)] : []));
  const asked = items.flatMap((item) =>
    'role' in item && item.role === 'user' ? [textOf(item.content)] : [],
  );
  const latest = asked.at(-1) ?? '';
  const city = /weather in (\p{L}+)/u.exec(latest)?.[1];
  if (city !== undefined) return calls('get_weather', { city });
  if (latest === 'What did you find out?') return says(found.at(-1) ?? 'Nothing.');
  const subject = /what is my ([\w ]+)\?/i.exec(latest)?.[1];
  if (subject === undefined) return says('Noted.');
  const facts = asked.flatMap((text) => Array.from(text.matchAll(/my ([\w ]+) is ([^.]+)/gi)));
  const value = facts.findLast(([, about]) => about === subject)?.[2];
  return says(value === undefined ? 'You did not tell me.' : `Your ${subject} is ${value}.`);
}

function says(text: string): AgentOutputItem {
  return {
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text }],
  };
}

function calls(name: string, args: Readonly<Record<string, string>>): AgentOutputItem {
  return { type: 'function_call', callId: `call_${randomUUID()}`, name, arguments: JSON.stringify(args) };
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts = Array.isArray(content) ? content : [content];
  return parts.map((part) => (part as { text?: string }).text ?? '').join('');
}
