import { Agent, OpenAIResponsesCompactionSession, run, setTracingDisabled, tool } from '@openai/agents';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents/testing';
import { type AgentInputItem, protocol } from '@openai/agents-core';
import { playScene, SCENES } from '@stackone/runner-script';
import { SessionStore, type StoreOptions } from '@stackone/sessions-core';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { MEMORY_SUPPORT, MemoryBackend } from '../src/backend.js';
import { MemorySessionStore } from '../src/index.js';

setTracingDisabled(true);

/** What the Python SDK stores for a turn with a tool, in its own words. */
const PYTHON_TURN = [
  '{"content":"Weather in Oslo?","role":"user"}',
  '{"id":"rs_1","summary":[{"text":"think","type":"summary_text"}],"type":"reasoning","encrypted_content":"ENC"}',
  '{"arguments":"{}","call_id":"c1","name":"weather","type":"function_call","id":"fc_1","status":"completed"}',
  '{"call_id":"c1","output":"sunny","type":"function_call_output"}',
  '{"id":"msg_1","content":[{"annotations":[],"text":"Sunny.","type":"output_text","logprobs":[]}],"role":"assistant","status":"completed","type":"message"}',
];

function conversation(options: StoreOptions) {
  const backend = new MemoryBackend();
  const store = new SessionStore({ name: 'memory', supports: MEMORY_SUPPORT, open: () => backend }, options);
  return {
    session: store.session('a'),
    insert: (...texts: string[]) => backend.append([{ sessionId: 'a', texts }]),
    rows: () => backend.read('a').map(({ text }) => text),
  };
}

const FORMATS = ['agents-js', 'responses'] as const;

test.each(Object.keys(SCENES))('the runner, on rows of the Responses API: %s', async (name) => {
  const store = new MemorySessionStore({ itemFormat: 'responses' });
  await playScene(name, (sessionId) => store.session(sessionId), 'chat_123');
});

test('a format that is not known is refused', () => {
  expect(() => new MemorySessionStore({ itemFormat: 'python' as never })).toThrow(
    /"itemFormat" must be one of 'agents-js', 'responses'/,
  );
});

test.each(FORMATS)('an agent goes on where the Python SDK was: %s', async (itemFormat) => {
  const { session, insert, rows } = conversation({ itemFormat });
  insert(...PYTHON_TURN);
  const model = new ScriptedModel([
    [functionCall('weather', {}, { callId: 'c2' })],
    [assistantMessage('Sunny in Rome, too.')],
  ]);
  const parameters = z.object({});
  const weather = tool({ name: 'weather', description: 'Weather', parameters, execute: () => 'sunny' });
  const agent = new Agent({ name: 'A', model, tools: [weather] });
  await run(agent, 'And in Rome?', { session });

  const seen = model.firstCall?.request.input as AgentInputItem[];
  expect(seen.map((item) => ('role' in item ? item.role : item.type))).toEqual([
    'user',
    'reasoning',
    'function_call',
    'function_call_result',
    'assistant',
    'user',
  ]);
  expect(seen[3]).toMatchObject({ name: 'weather', callId: 'c1', output: 'sunny' });
  for (const item of await session.getItems())
    expect(protocol.ModelItem.safeParse(item).error).toBeUndefined();
  expect(rows().slice(0, 5)).toEqual(PYTHON_TURN);
  expect(rows()).toHaveLength(9);
  const types = rows()
    .slice(5)
    .map((text) => (JSON.parse(text) as { type: string }).type);
  expect(types).toEqual(
    itemFormat === 'responses'
      ? ['message', 'function_call', 'function_call_output', 'message']
      : ['message', 'function_call', 'function_call_result', 'message'],
  );
});

test('a result without a name has that of its call, if the call is read, else the id of the call', async () => {
  const { session, insert } = conversation({});
  insert(...PYTHON_TURN.slice(0, 4));
  const nameOf = ([item]: (AgentInputItem | undefined)[]) => (item as { name?: string }).name;
  expect(nameOf((await session.getItems()).slice(-1))).toBe('weather');
  expect(nameOf((await session.getItems(2)).slice(-1))).toBe('weather');
  expect(nameOf(await session.getItems(1))).toBe('c1');
  expect(nameOf([await session.popItem()])).toBe('c1');
});

test.each(FORMATS)(
  'a suffix of rows of the Python SDK is replaced, whatever was read of them: %s',
  async (itemFormat) => {
    for (const limit of [undefined, 4, 1]) {
      const { session, insert } = conversation({ itemFormat });
      insert(...PYTHON_TURN.slice(0, 4));
      const [result] = (await session.getItems(limit)).slice(-1) as [AgentInputItem];
      const answer: AgentInputItem = { role: 'user', content: 'next' };
      const replace = (operationId: string, expected: AgentInputItem) =>
        session.applyHistoryTransaction({
          operationId,
          transaction: {
            type: 'replace_suffix',
            expectedSuffix: [expected],
            replacement: [expected, answer],
          },
        });
      await expect(replace('o1', { ...result, output: 'rain' } as AgentInputItem)).rejects.toMatchObject({
        code: 'SUFFIX_MISMATCH',
      });
      await replace('o2', result);
      const items = await session.getItems();
      expect(items).toHaveLength(5);
      expect(items.at(-2)).toEqual(result);
      expect(items.at(-1)).toEqual(answer);
    }
  },
);

test.each(FORMATS)('calls of the Python SDK are found and replaced: %s', async (itemFormat) => {
  const { session, insert } = conversation({ itemFormat });
  insert(...PYTHON_TURN);
  const replacement = { type: 'function_call', callId: 'c1', name: 'weather', arguments: '{"a":1}' } as const;
  await session.applyHistoryMutations({
    mutations: [{ type: 'replace_function_call', callId: 'c1', replacement }],
  });
  expect((await session.getItems())[2]).toEqual(replacement);
});

test.each(FORMATS)(
  "what the SDK's compaction got from the API is stored unchanged: %s",
  async (itemFormat) => {
    const { session, rows } = conversation({ itemFormat });
    await session.addItems([{ role: 'user', content: 'hi' }]);
    const output = [
      { id: 'msg_0', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
      ...PYTHON_TURN.slice(1).map((text) => JSON.parse(text) as object),
      { id: 'cmp_1', type: 'compaction', encrypted_content: 'ENC' },
    ];
    const client = { responses: { compact: async () => ({ output, usage: {} }) } };
    const compacting = new OpenAIResponsesCompactionSession({
      client: client as never,
      underlyingSession: session,
      model: 'gpt-5',
      compactionMode: 'input',
    });
    await compacting.runCompaction({ force: true });
    expect(rows()).toEqual(output.map((item) => JSON.stringify(item)));
    for (const item of await session.getItems())
      expect(protocol.ModelItem.safeParse(item).error).toBeUndefined();
  },
);

test('encrypted, rows of the Responses API are what is encrypted', async () => {
  const key = 'a key that is long enough for a test';
  const options = { itemFormat: 'responses', encryption: { key } } as const;
  const { session, rows } = conversation(options);
  const item: AgentInputItem = {
    type: 'function_call_result',
    name: 'weather',
    callId: 'c1',
    status: 'completed',
    output: 'sunny',
  };
  await session.addItems([item]);
  expect(rows().join()).not.toContain('call_id');
  expect(await session.getItems()).toEqual([item]);
});
