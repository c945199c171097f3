import { Agent, type AgentInputItem, RunContext, Runner, RunState, tool } from '@openai/agents-core';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents-core/testing';
import { expect, test } from 'vitest';
import { MemorySessionStore } from '../src/index.js';

interface AppContext {
  user?: { tenant: string };
}

const tenant = ({ context }: RunContext<AppContext>) => context.user?.tenant;
const of = (name: string): AppContext => ({ user: { tenant: name } });
const runner = new Runner({ tracingDisabled: true });

const textOf = (items: readonly AgentInputItem[]) => JSON.stringify(items);

test('a run without a tenant ends before the model is asked', async () => {
  const store = new MemorySessionStore();
  const model = new ScriptedModel([[assistantMessage('Never said.')]]);
  const agent = new Agent<AppContext>({ name: 'Guide', model });
  const session = store.session('chat_123', { tenant });
  for (const options of [{ session }, { session, context: {} }, { session, context: of('') }]) {
    await expect(runner.run(agent, 'Hello', options)).rejects.toMatchObject({ code: 'TENANT_MISSING' });
    const stream = await runner.run(agent, 'Hello', { ...options, stream: true }).catch((error) => error);
    if (!(stream instanceof Error)) {
      await expect(stream.completed).rejects.toMatchObject({ code: 'TENANT_MISSING' });
    } else expect(stream).toMatchObject({ code: 'TENANT_MISSING' });
  }
  expect(model.calls).toEqual([]);
});

test('an agent that is a tool of another keeps the tenant in a conversation of its own', async () => {
  const store = new MemorySessionStore();
  const expert = new Agent<AppContext>({
    name: 'Expert',
    model: new ScriptedModel([[assistantMessage('Asked by acme.')]]),
  });
  const guide = new Agent<AppContext>({
    name: 'Guide',
    model: new ScriptedModel([
      [functionCall('ask_expert', { input: 'Who asks?' }, { callId: 'c1' })],
      [assistantMessage('Done.')],
    ]),
    tools: [
      expert.asTool({
        toolName: 'ask_expert',
        toolDescription: 'Asks',
        runOptions: { session: store.session('expert', { tenant }) },
      }),
    ],
  });
  await runner.run(guide, 'Hello', {
    session: store.session('chat_123', { tenant }),
    context: of('acme'),
  });
  const acme = store.scoped('acme');
  expect(textOf(await acme.session('chat_123').getItems())).toContain('Done.');
  expect(textOf(await acme.session('expert').getItems())).toContain('Asked by acme.');
  expect(await store.session('expert').getItems()).toEqual([]);
});

/** A run of acme that waits for an approval, as text, and what is needed to go on with it. */
async function waitingRun() {
  const store = new MemorySessionStore();
  const model = new ScriptedModel([
    [functionCall('refund', {}, { callId: 'c1' })],
    [assistantMessage('Refunded.')],
  ]);
  const refund = tool({
    name: 'refund',
    description: 'Refunds',
    parameters: { type: 'object', properties: {}, required: [], additionalProperties: false },
    needsApproval: true,
    execute: async () => 'refunded',
  });
  const agent = new Agent<AppContext>({ name: 'Clerk', model, tools: [refund] });
  const open = () => store.session('chat_123', { tenant });
  const first = await runner.run(agent, 'Refund, please.', { session: open(), context: of('acme') });
  return { store, agent, open, text: first.state.toString() };
}

const typesOf = (items: readonly AgentInputItem[]) => items.map(({ type }) => type);

test('a run that waits for an approval goes on with the tenant in its serialized state', async () => {
  const { store, agent, open, text } = await waitingRun();
  const state = await RunState.fromString<AppContext, typeof agent>(agent, text);
  for (const interruption of state.getInterruptions()) state.approve(interruption);
  await runner.run(agent, state, { session: open(), context: of('other') }); // the state has its own context
  expect(typesOf(await store.scoped('acme').session('chat_123').getItems())).toEqual([
    'message',
    'function_call',
    'function_call_result',
    'message',
  ]);
  expect(await store.scoped('other').session('chat_123').getItems()).toEqual([]);
});

test('whoever gives a state another context writes the rest of the run to that tenant', async () => {
  const { store, agent, open, text } = await waitingRun();
  const context = new RunContext<AppContext>(of('other'));
  const state = await RunState.fromStringWithContext(agent, text, context);
  for (const interruption of state.getInterruptions()) state.approve(interruption);
  await runner.run(agent, state, { session: open() });
  expect(typesOf(await store.scoped('acme').session('chat_123').getItems())).toEqual([
    'message',
    'function_call',
  ]);
  expect(typesOf(await store.scoped('other').session('chat_123').getItems())).toEqual([
    'function_call_result',
    'message',
  ]);
});
