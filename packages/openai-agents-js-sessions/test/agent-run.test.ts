import { join } from 'node:path';
import { Agent, type AgentInputItem, MemorySession, run, type Session, tool } from '@openai/agents';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { DrizzleSession, InMemorySession, openSessionStore } from '../src/index.js';
import { runModule } from './child-process.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

const weather = tool({
  name: 'weather',
  description: 'Weather of a city',
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, sky: 'sunny' }),
});

/** Four runs: tools at the same time, streaming, a handoff, an input of several items. */
async function converse(session: Session): Promise<AgentInputItem[][]> {
  const model = new ScriptedModel([
    [
      functionCall('weather', { city: 'Oslo' }, { callId: 'c1' }),
      functionCall('weather', { city: 'Rome' }, { callId: 'c2' }),
    ],
    [assistantMessage('Sunny in both.', { id: 'm1' })],
    [assistantMessage('Oslo and Rome.', { id: 'm2' })],
    [functionCall('transfer_to_Poet', {}, { callId: 'c3' })],
    [assistantMessage('O sun!', { id: 'm3' })],
    [assistantMessage('Done.', { id: 'm4' })],
  ]);
  const poet = new Agent({ name: 'Poet', model });
  const agent = new Agent({ name: 'Guide', model, tools: [weather], handoffs: [poet] });
  await run(agent, 'Weather in Oslo and Rome?', { session });
  const stream = await run(agent, 'Which cities?', { session, stream: true });
  for await (const _ of stream) {
    // read to its end
  }
  await stream.completed;
  await run(agent, 'A poem, please.', { session });
  await run(
    agent,
    [
      { role: 'user', content: 'One' },
      { role: 'user', content: 'Two' },
    ],
    { session },
  );
  model.assertComplete();
  return model.calls.map(({ request }) => request.input as AgentInputItem[]);
}

const reference = new MemorySession({ sessionId: 'chat_123' });
const expected = converse(reference);

test.each([
  ['InMemorySession', async () => new InMemorySession('chat_123')],
  [
    'a DrizzleSession on SQLite',
    () => DrizzleSession.fromUrl('chat_123', `sqlite:${join(folder, 'run.db')}`),
  ],
  ['a store in memory', async () => (await openSessionStore('sqlite::memory:')).session('chat_123')],
])(
  'runs with %s: the model is handed, and the store keeps, what MemorySession gives',
  async (_what, open) => {
    const session = await open();
    expect(await converse(session)).toEqual(await expected);
    expect(await session.getItems()).toEqual(await reference.getItems());
  },
);

test('an agent in another process goes on with the conversation', async () => {
  const url = `sqlite:${join(folder, 'processes.db')}`;
  const speak = (text: string, answer: string) =>
    runModule(
      `import { Agent, run } from '@openai/agents';
      import { assistantMessage, ScriptedModel } from '@openai/agents/testing';
      import { openSessionStore } from '@stackone/openai-agents-js-sessions';
      const [url, text, answer] = process.argv.slice(1);
      const model = new ScriptedModel([[assistantMessage(answer)]]);
      await using store = await openSessionStore(url);
      await run(new Agent({ name: 'A', model }), text, { session: store.session('chat_123') });
      console.log(JSON.stringify(model.lastCall.request.input.map(({ content }) => content[0]?.text ?? content)));`,
      url,
      text,
      answer,
    );
  expect(JSON.parse(await speak('My name is Ada.', 'Hello, Ada.'))).toEqual(['My name is Ada.']);
  expect(JSON.parse(await speak('What is my name?', 'Ada.'))).toEqual([
    'My name is Ada.',
    'Hello, Ada.',
    'What is my name?',
  ]);
});

test('history by hand stores the user message once (A2)', async () => {
  const model = new ScriptedModel([[assistantMessage('r1')], [assistantMessage('r2')]]);
  const agent = new Agent({ name: 'A', model });
  const session = new InMemorySession('chat_123');
  for (const text of ['q1', 'q2']) {
    const history = await session.getItems();
    const result = await run(agent, [...history, { role: 'user', content: text }]);
    await session.addItems(result.history.slice(history.length));
  }
  const texts = (await session.getItems()).map((item) => {
    const { content } = item as { content: string | { text: string }[] };
    return typeof content === 'string' ? content : content[0]?.text;
  });
  expect(texts).toEqual(['q1', 'r1', 'q2', 'r2']);
});
