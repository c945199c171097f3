import { setTimeout } from 'node:timers/promises';
import type { AgentInputItem } from '@openai/agents-core';
import type { SessionStore } from '@stackone/sessions-core';
import { MemorySessionStore } from '@stackone/sessions-memory';
import { XSS } from './xss-corpus.ts';

export const user = (content: string): AgentInputItem => ({ role: 'user', content });

export const assistant = (text: string): AgentInputItem => ({
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text }],
});

const call = (callId: string, name: string, args: string): AgentInputItem => ({
  type: 'function_call',
  callId,
  name,
  arguments: args,
  status: 'completed',
});
const result = (callId: string, name: string, text: string): AgentInputItem => ({
  type: 'function_call_result',
  callId,
  name,
  status: 'completed',
  output: { type: 'text', text },
});

const ANSWER = `It **was** sent. See [the page](https://example.com/orders/7).

| order | state |
| ----- | ----- |
| 7     | sent  |

- one \`code\`
- two

\`\`\`js
const order = { id: 7 };
\`\`\``;

/** A conversation with all that is shown in a way of its own. */
const ORDERS: AgentInputItem[] = [
  user('Where is my order?'),
  { type: 'reasoning', id: 'rs_1', content: [{ type: 'input_text', text: 'I have to look.' }] },
  call('call_1', 'find_order', '{"order":7}'),
  result('call_1', 'find_order', 'sent '.repeat(6000)),
  assistant(ANSWER),
  {
    role: 'user',
    content: [
      { type: 'input_text', text: 'Is it this one?' },
      { type: 'input_image', image: `data:image/png;base64,${'A'.repeat(40_000)}` },
    ],
  },
  assistant('Yes.'),
];

/** A conversation that has each string of the corpus in every field that is a text. */
export const HOSTILE: AgentInputItem[] = XSS.flatMap((text, at) => [
  user(text),
  { type: 'reasoning', id: `rs_${at}`, content: [{ type: 'input_text', text }] },
  call(`call_${at}${text}`, text, text),
  result(`call_${at}${text}`, text, text),
  {
    role: 'user',
    content: [
      { type: 'input_image', image: text },
      { type: 'input_file', file: text, filename: text },
    ],
  },
  { ...assistant(text), id: text, providerData: { [text]: text } },
  { type: text, [text]: text } as unknown as AgentInputItem,
]) as AgentInputItem[];

/** A store with conversations of all kinds, and one of a tenant. */
export async function sampleStore(store: SessionStore = new MemorySessionStore()): Promise<SessionStore> {
  for (let at = 0; at < 60; at++)
    await store.session(`other_${at}`).addItems([user('Hello'), assistant('Hello!')]);
  await setTimeout(5); // so that it is the one that was changed last
  await store.session('chat_123').addItems(ORDERS.slice(0, 5));
  await store.session('chat_123').addItems(ORDERS.slice(5));
  await store.sessions.update('chat_123', { title: 'Orders', metadata: { topic: 'orders' } });
  await store
    .scoped('acme')
    .session('of_acme')
    .addItems([user('I am of acme')]);
  await store
    .scoped('other')
    .session('of_other')
    .addItems([user('I am of another')]);
  return store;
}
