// Promise: Usage of models.
import {
  Agent,
  type AssistantMessageItem,
  type Model,
  type ModelRequest,
  type ModelResponse,
  RunState,
  run,
  type StreamEvent,
  tool,
  Usage,
} from '@openai/agents';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { MemorySessionStore, openSessionStore, type StoreSession } from '../src/index.js';

/** Answers with a call of each of these tools, one after the other, and then with a text. */
class Scripted implements Model {
  readonly #tools: string[];
  readonly #name: string;
  #answers = 0;

  constructor(name: string, ...tools: string[]) {
    this.#name = name;
    this.#tools = tools;
  }

  async getResponse(_request: ModelRequest): Promise<ModelResponse> {
    const name = this.#tools.shift();
    const responseId = `${this.#name}-${++this.#answers}`;
    const usage = new Usage({ inputTokens: 10, outputTokens: 1, totalTokens: 11 });
    const providerData = { model: this.#name };
    if (name !== undefined) {
      const call = {
        type: 'function_call',
        callId: responseId,
        name,
        arguments: '{"input":"x"}',
        status: 'completed',
      } as const;
      return { usage, responseId, providerData, output: [call] };
    }
    const content = [{ type: 'output_text', text: 'done' } as const];
    const output = [{ type: 'message', role: 'assistant', status: 'completed', content } as const];
    return { usage, responseId, providerData, output: output.map((one) => ({ ...one, content })) };
  }

  async *getStreamedResponse(request: ModelRequest): AsyncGenerator<StreamEvent> {
    const { responseId = '', usage, output } = await this.getResponse(request);
    const { requests, inputTokens, outputTokens, totalTokens } = usage;
    const told = { requests, inputTokens, outputTokens, totalTokens };
    const response = { id: responseId, usage: told, output: output as AssistantMessageItem[] };
    yield { type: 'response_done', response };
  }
}

async function models(session: StoreSession): Promise<unknown[]> {
  const sums = await session.usage({ by: 'model' });
  return sums.map(({ model, requests, totalTokens }) => [model, requests, totalTokens]);
}

const delivered = tool({
  name: 'delivered',
  description: 'x',
  parameters: z.object({ input: z.string() }),
  needsApproval: true,
  execute: async () => 'yes',
});

describe('what the runner of the SDK hands over', () => {
  test('a run, recorded twice, and the turn it made', async () => {
    const session = new MemorySessionStore().session('chat_123');
    for (const question of ['one', 'two']) {
      const agent = new Agent({ name: 'A', model: new Scripted(`model ${question}`) });
      const result = await run(agent, question, { session });
      for (const _ of ['first', 'again']) await session.recordUsage(result);
    }
    expect(await models(session)).toEqual([
      ['model one', 1, 11],
      ['model two', 1, 11],
    ]);
    const { data } = await session.turns();
    const turns = await session.usage({ by: 'turn' });
    expect(turns.map(({ turn }) => turn)).toEqual(data.map(({ id }) => id));
  });

  test('a stream, whose responses name no model: that of the option, or of the agent', async () => {
    const session = new MemorySessionStore().session('chat_123');
    const agent = new Agent({ name: 'A', model: new Scripted('x') });
    for (const options of [{}, { model: 'my-model' }]) {
      const result = await run(agent, 'Hello', { session, stream: true });
      for await (const _ of result);
      await result.completed;
      await session.recordUsage(result, options);
    }
    expect(await models(session)).toEqual([
      [undefined, 1, 11],
      ['my-model', 1, 11],
    ]);
  });

  test('agents that are tools of others count too', async () => {
    const session = new MemorySessionStore().session('chat_123');
    const inner = new Agent({ name: 'Inner', model: new Scripted('inner') });
    const ask = inner.asTool({ toolName: 'ask', toolDescription: 'x' });
    const agent = new Agent({ name: 'Outer', model: new Scripted('outer', 'ask', 'ask'), tools: [ask] });
    const result = await run(agent, 'Hello', { session });
    await session.recordUsage(result);
    expect(await session.usage()).toMatchObject({ requests: 5, inputTokens: 50, totalTokens: 55 });
    expect(await models(session)).toEqual([
      [undefined, 2, 22],
      ['outer', 3, 33],
    ]);
  });

  test('a run that waits for an approval, and goes on in another process, counts once', async () => {
    const session = new MemorySessionStore().session('chat_123');
    const inner = new Agent({ name: 'Inner', model: new Scripted('inner') });
    const tools = [delivered, inner.asTool({ toolName: 'ask', toolDescription: 'x' })];
    const agent = new Agent({ name: 'A', model: new Scripted('m', 'ask', 'delivered', 'ask'), tools });
    const waiting = await run(agent, 'Hello', { session });
    expect(waiting.interruptions).toHaveLength(1);
    await session.recordUsage(waiting);
    expect(await session.usage()).toMatchObject({ requests: 3 });
    const state = await RunState.fromString(agent, JSON.stringify(waiting.state));
    for (const interruption of state.getInterruptions()) state.approve(interruption);
    const result = await run(agent, state, { session });
    expect(result.finalOutput).toBe('done');
    await session.recordUsage(result);
    expect(await models(session)).toEqual([
      [undefined, 2, 22],
      ['m', 4, 44],
    ]);
  });
});

test.each(['memory:', 'sqlite::memory:'])(
  'a turn that cannot be one is NOT_FOUND, and nothing is kept: %s',
  async (url) => {
    await using store = await openSessionStore(url);
    const session = store.session('chat_123');
    await session.addItems([{ role: 'user', content: 'hello' }]);
    const usage = new Usage({ requests: 1, inputTokens: 1, outputTokens: 1, totalTokens: 2 });
    const result = { rawResponses: [{ usage, output: [], responseId: 'r' }], state: { usage } };
    for (const turn of ['#', '1.5', '-1', '99999999999999999999'])
      await expect(session.recordUsage(result, { turn })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await session.usage()).toMatchObject({ requests: 0 });
  },
);
