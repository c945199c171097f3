// Promise: Conversations of the OpenAI Conversations API can be moved.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { OpenAIConversationsSession } from '@openai/agents';
import { expect, onTestFinished, test } from 'vitest';
import { exportSessions, importSessions, openSessionStore } from '../src/index.js';

type OpenAI = NonNullable<NonNullable<ConstructorParameters<typeof OpenAIConversationsSession>[0]>['client']>;

/** The package that the SDK brings. */
const { resolve } = createRequire(createRequire(import.meta.url).resolve('@openai/agents'));
const { default: Client } = (await import(resolve('openai'))) as {
  default: new (options: { baseURL: string; apiKey: string; maxRetries: number }) => OpenAI;
};

const ITEMS = [
  ...Array.from({ length: 104 }, (_, n) => ({
    id: `msg_${n}`,
    type: 'message',
    role: 'user',
    status: 'completed',
    content: [{ type: 'input_text', text: `question ${n}` }],
  })),
  {
    id: 'fc_1',
    type: 'function_call',
    call_id: 'call_1',
    name: 'find_order',
    arguments: '{"order":7}',
    status: 'completed',
  },
  { id: 'fco_1', type: 'function_call_output', call_id: 'call_1', output: 'sent', status: 'completed' },
  { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'I have to look.' }] },
  {
    id: 'msg_last',
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: 'It was sent.', annotations: [], logprobs: [] }],
  },
];

/** Speaks as the API does, page by page. */
async function startApi(): Promise<{ client: OpenAI; pages: string[] }> {
  const pages: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (pathname === '/conversations/conv_123') {
      const about = { created_at: 1_764_333_006, metadata: { topic: 'orders' } };
      answer(200, { id: 'conv_123', object: 'conversation', ...about });
      return;
    }
    if (pathname !== '/conversations/conv_123/items') {
      answer(404, { error: { message: 'there is none', type: 'invalid_request_error' } });
      return;
    }
    pages.push(searchParams.get('after') ?? '');
    const start = ITEMS.findIndex(({ id }) => id === searchParams.get('after')) + 1;
    const end = start + Number(searchParams.get('limit') ?? 20);
    const data = ITEMS.slice(start, end);
    answer(200, {
      object: 'list',
      data,
      first_id: data[0]?.id,
      last_id: data.at(-1)?.id,
      has_more: end < ITEMS.length,
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: new Client({ baseURL, apiKey: 'none', maxRetries: 0 }), pages };
}

test('all items, in order, as the session of the SDK reads them; told apart when they are read again', async () => {
  const { client, pages } = await startApi();
  await using store = await openSessionStore('memory:');
  const done = await importSessions(store, exportSessions(client, { ids: ['conv_123'] }));
  expect(done).toMatchObject({ stored: 1, items: ITEMS.length });
  expect(pages).toEqual(['', 'msg_99']);
  const items = await store.session('conv_123').getItems();
  expect(items[0]).toMatchObject({ role: 'user', content: [{ type: 'input_text', text: 'question 0' }] });
  expect(items.slice(104)).toMatchObject([
    { type: 'function_call', callId: 'call_1', name: 'find_order', arguments: '{"order":7}' },
    { type: 'function_call_result', callId: 'call_1', name: 'find_order', status: 'completed' },
    { type: 'reasoning', content: [{ type: 'input_text', text: 'I have to look.' }] },
    { role: 'assistant', content: [{ type: 'output_text', text: 'It was sent.' }] },
  ]);
  const theirs = await new OpenAIConversationsSession({ client, conversationId: 'conv_123' }).getItems();
  const kinds = (list: readonly object[]) =>
    list.map((item) => ['type', 'role', 'callId'].map((name) => Reflect.get(item, name)));
  expect(kinds(items)).toEqual(kinds(theirs));
  expect(await store.sessions.retrieve('conv_123')).toMatchObject({
    createdAt: new Date(1_764_333_006_000),
    metadata: { topic: 'orders' },
  });
  expect(await importSessions(store, exportSessions(client, { ids: ['conv_123'] }))).toMatchObject({
    same: 1,
  });
});

test('one that is not there: what the client throws', async () => {
  const { client } = await startApi();
  await using store = await openSessionStore('memory:');
  const records = exportSessions(client, { ids: ['conv_123', 'conv_0'] });
  await expect(importSessions(store, records)).rejects.toMatchObject({ status: 404 });
});

test('for a tenant; and only with ids', async () => {
  const { client } = await startApi();
  await using store = await openSessionStore('memory:');
  await importSessions(store, exportSessions(client, { ids: ['conv_123'], tenant: 'acme' }));
  expect(await store.scoped('acme').sessions.retrieve('conv_123')).toBeDefined();
  expect(() => exportSessions(client)).toThrow(TypeError);
});
