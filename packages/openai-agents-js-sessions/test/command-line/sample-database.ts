import { join } from 'node:path';
import { Agent, type AgentInputItem, tool } from '@openai/agents';
import { functionCall, ScriptedModel } from '@openai/agents/testing';
import { temporaryFolder } from '@stackone/test-environment';
import { openSessionStore, type SessionStore, type StoreSession } from '../../src/index.js';

const user = (content: string): AgentInputItem => ({ role: 'user', content });

const assistant = (text: string): AgentInputItem => ({
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text }],
});

/** A turn with all that is shown in a way of its own. */
export const FIRST_TURN: AgentInputItem[] = [
  user('Where is my order?'),
  { type: 'reasoning', id: 'rs_1', content: [{ type: 'input_text', text: 'I have to look.' }] },
  {
    type: 'function_call',
    callId: 'call_1',
    name: 'find_order',
    arguments: '{"order":7}',
    status: 'completed',
  },
  {
    type: 'function_call_result',
    callId: 'call_1',
    name: 'find_order',
    status: 'completed',
    output: { type: 'text', text: Array.from({ length: 30 }, (_, line) => `line ${line}`).join('\n') },
  },
  assistant('It was sent.'),
];

export const SECOND_TURN: AgentInputItem[] = [
  {
    role: 'user',
    content: [
      { type: 'input_text', text: 'Is it\u001b[2J this one?' },
      { type: 'input_image', image: `data:image/png;base64,${'A'.repeat(40_000)}` },
    ],
  },
  assistant('Yes.'),
];

/** What a database has for the tests of the program. */
export async function fillSample(url: string): Promise<void> {
  await using store = await openSessionStore(url);
  await fillStore(store);
}

/** The same, of a store that is open. */
export async function fillStore(store: SessionStore): Promise<void> {
  await store.session('chat_123').addItems(FIRST_TURN);
  await store.session('chat_123').addItems(SECOND_TURN);
  await store.sessions.update('chat_123', { title: 'Orders', metadata: { topic: 'orders', level: 2 } });
  await store.session('chat_456').addItems([user('What do I owe?'), assistant('Nothing.')]);
  await store.sessions.update('chat_456', { metadata: { topic: 'billing' } });
  await store.session('other').addItems([user('Hello'), assistant('Hello!')]);
  await store
    .scoped('acme')
    .session('chat_1')
    .addItems([user('I am of acme'), assistant('Welcome.')]);
}

/** A run `run_1` that waits for two approvals, in a conversation `bills` that has no item yet. */
export async function startWaitingRun(url: string, tenant?: string): Promise<void> {
  await using store = await openSessionStore(url);
  await startWaitingRunIn(tenant === undefined ? store : store.scoped(tenant), 'run_1', 'bills');
}

/** The same, of a store that is open. */
export async function startWaitingRunIn(
  store: Pick<SessionStore, 'runs'> & { session(id: string): StoreSession },
  runId: string,
  sessionId: string,
): Promise<void> {
  const pay = tool({
    name: 'pay',
    description: 'Pays an invoice',
    parameters: { type: 'object', properties: {}, required: [], additionalProperties: true },
    strict: false,
    needsApproval: true,
    execute: async () => 'paid',
  });
  const calls = [1, 2].map((invoice) => functionCall('pay', { invoice }, { callId: `call_${invoice}` }));
  const agent = new Agent({ name: 'Clerk', tools: [pay], model: new ScriptedModel([calls]) });
  await store.runs.start(agent, 'Pay the invoices.', { session: store.session(sessionId), runId });
}

/** A folder with a `sessions.db`. */
export async function sampleFolder(): Promise<{ folder: string; file: string; url: string }> {
  const folder = temporaryFolder();
  const file = join(folder, 'sessions.db');
  await fillSample(`sqlite:${file}`);
  return { folder, file, url: `sqlite:${file}` };
}
