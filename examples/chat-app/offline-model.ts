import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type AgentInputItem,
  type AssistantMessageItem,
  type FunctionCallItem,
  type Model,
  type ModelRequest,
  type ModelResponse,
  type StreamEvent,
  Usage,
} from '@openai/agents';
import { textOf } from '@stackone/sessions-core';

/** Between two words, in ms. */
const PACE = 40;

/** Stands for a language model where there is no key and no network. It knows what it is handed and how to ask for a refund. */
export class OfflineModel implements Model {
  getResponse({ input }: ModelRequest): Promise<ModelResponse> {
    return Promise.resolve({ usage: new Usage(), output: [reply(input)] });
  }

  async *getStreamedResponse({ input, signal }: ModelRequest): AsyncIterable<StreamEvent> {
    yield { type: 'response_started' };
    const item = reply(input);
    if ('content' in item) {
      for (const delta of textOf(item).match(/\s*\S+/g) ?? []) {
        await wait(PACE, undefined, signal && { signal });
        yield { type: 'output_text_delta', delta };
      }
    }
    const usage = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };
    yield { type: 'response_done', response: { id: `offline_${randomUUID()}`, usage, output: [item] } };
  }
}

function reply(input: ModelRequest['input']): AssistantMessageItem | FunctionCallItem {
  const items: AgentInputItem[] = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  const newest = items.at(-1);
  if (newest?.type === 'function_call_result') return says(textOf(newest));
  const said = items.filter((item) => 'role' in item && item.role === 'user').map(textOf);
  const text = said.at(-1) ?? '';
  const order = /refund\D*(\d+)/i.exec(text)?.[1];
  if (order !== undefined) {
    const args = JSON.stringify({ order });
    return { type: 'function_call', callId: `call_${randomUUID()}`, name: 'refund', arguments: args };
  }
  const before = said.length > 1 ? ` Before that: “${said.at(-2)}”` : '';
  return says(`You said: “${text}”${before} (A stand-in without a network. Try “Please refund order 4711.”)`);
}

function says(text: string): AssistantMessageItem {
  return {
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text }],
  };
}
