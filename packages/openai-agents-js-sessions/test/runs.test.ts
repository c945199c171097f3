import { Agent, type AgentInputItem, handoff, type Model, run, shellTool, tool } from '@openai/agents';
import { assistantMessage, functionCall, modelError, ScriptedModel } from '@openai/agents/testing';
import { playSceneAsRun, RUN_SCENES } from '@stackone/runner-script';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { MemorySessionStore, type SessionStore } from '../src/index.js';

type Script = ConstructorParameters<typeof ScriptedModel>[0];

/** An agent with a tool that is called at once and one that waits for an approval; both note their calls. */
function clerk(
  script: Script,
  called: string[] = [],
  more: Partial<ConstructorParameters<typeof Agent>[0]> = {},
) {
  const noted = (name: string, needsApproval: boolean) =>
    tool({
      name,
      description: name,
      parameters: z.object({ city: z.string() }),
      needsApproval,
      execute: async ({ city }) => {
        called.push(`${name} ${city}`);
        return `${name}: ${city}`;
      },
    });
  const model = new ScriptedModel(script);
  return new Agent({ name: 'Clerk', model, tools: [noted('look', false), noted('pay', true)], ...more });
}

const look = (city: string, callId: string) => functionCall('look', { city }, { callId });
const pay = (city: string, callId: string) => functionCall('pay', { city }, { callId });
const done = [assistantMessage('Done.')];

const kinds = (items: readonly AgentInputItem[]) =>
  items.map((item) => ('role' in item ? item.role : item.type));
const kindsIn = async (store: SessionStore, id: string) => kinds(await store.session(id).getItems());
const WHOLE = ['user', 'function_call', 'function_call_result', 'assistant'];

describe('a run', () => {
  test.each(RUN_SCENES)('stores what run() with the session stores: %s', async (name) => {
    await playSceneAsRun(name, new MemorySessionStore(), 'chat_123');
  });

  test('is one, however often a request with its id comes, and is answered each time', async () => {
    const store = new MemorySessionStore();
    const called: string[] = [];
    const agent = clerk([[look('Oslo', 'c1')], done], called);
    const start = () => store.runs.start(agent, 'Look.', { session: store.session('a'), runId: 'r' });
    const results = await Promise.all([start(), start(), start()]);
    const later = await start();
    const streamed = await store.runs.resume(agent, 'r', { stream: true });
    let text = '';
    for await (const part of streamed.toTextStream()) text += part;
    await streamed.completed;
    for (const result of [...results, later, streamed]) {
      expect([result.finalOutput, result.lastAgent, result.newItems.length]).toEqual(['Done.', agent, 3]);
      expect(result.rawResponses).toHaveLength(2);
    }
    expect([text, called]).toEqual(['Done.', ['look Oslo']]);
    expect(await kindsIn(store, 'a')).toEqual(WHOLE);
    expect(await store.session('a').usage()).toMatchObject({ requests: 2 });
    expect(await store.runs.retrieve('r')).toMatchObject({
      id: 'r',
      sessionId: 'a',
      state: 'done',
      pending: [],
    });
    await expect(
      store.runs.start(agent, 'Other.', { session: store.session('a'), runId: 'r' }),
    ).rejects.toMatchObject({
      code: 'OPERATION_CONFLICT',
      runId: 'r',
    });
  });

  test('is stored when its stream ends', async () => {
    const store = new MemorySessionStore();
    const agent = clerk([[look('Oslo', 'c1')], done]);
    const stream = await store.runs.start(agent, 'Look.', { session: store.session('a'), stream: true });
    const events: string[] = [];
    for await (const event of stream) if (event.type === 'run_item_stream_event') events.push(event.name);
    expect(events).toEqual(['tool_called', 'tool_output', 'message_output_created']);
    expect(await kindsIn(store, 'a')).toEqual(WHOLE);
  });

  test('hands over, and says who answered', async () => {
    const store = new MemorySessionStore();
    const poet = clerk([[look('Rome', 'c2')], done], [], { name: 'Poet' });
    const asked: string[] = [];
    const guide = new Agent({
      name: 'Guide',
      model: new ScriptedModel([[functionCall('transfer_to_Poet', {}, { callId: 'c1' })]]),
      handoffs: [handoff(poet, { onHandoff: () => void asked.push('poet') })],
    });
    const { lastAgent } = await store.runs.start(guide, 'A poem.', { session: store.session('a') });
    expect([lastAgent, asked]).toEqual([poet, ['poet']]);
  });

  test('that failed says why, and is not begun again', async () => {
    const store = new MemorySessionStore();
    const agent = clerk([modelError(new Error('out of order'))]);
    const start = () => store.runs.start(agent, 'Look.', { session: store.session('a'), runId: 'r' });
    await expect(start()).rejects.toThrow('out of order');
    await expect(start()).rejects.toMatchObject({ code: 'RUN_FAILED', runId: 'r' });
    expect(await store.runs.retrieve('r')).toMatchObject({
      state: 'failed',
      error: { message: 'out of order' },
    });
    expect(await kindsIn(store, 'a')).toEqual([]);
  });

  test('of an agent with tools whose work cannot be recorded is refused', async () => {
    const store = new MemorySessionStore();
    const shell = shellTool({ shell: { run: async () => ({ output: [] }) } });
    const agent = clerk([done], [], { tools: [shell] });
    const started = store.runs.start(agent, 'Look.', { session: store.session('a') });
    await expect(started).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('belongs to its tenant', async () => {
    const store = new MemorySessionStore();
    const [acme, other] = [store.scoped('acme'), store.scoped('other')];
    const agent = clerk([[pay('Oslo', 'p1')], done]);
    await acme.runs.start(agent, 'Pay.', { session: acme.session('a'), runId: 'r' });
    expect((await other.runs.pending()).data).toEqual([]);
    await expect(other.runs.retrieve('r')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store.runs.retrieve('r')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(other.runs.start(agent, 'Pay.', { session: acme.session('a') })).rejects.toThrow(TypeError);
    expect((await store.runs.pending()).data).toMatchObject([{ id: 'r', tenant: 'acme', sessionId: 'a' }]);
    await acme.runs.decide('r', [{ callId: 'p1', approve: true }]);
    await store.runs.work({ agents: [agent], signal: AbortSignal.timeout(300), interval: 20 });
    expect((await acme.runs.retrieve('r')).state).toBe('done');
    expect(kinds(await acme.session('a').getItems())).toEqual(WHOLE);
  });

  test('keeps its texts encrypted where the store is', async () => {
    const store = new MemorySessionStore({ encryption: { key: 'a key of the application' } });
    const agent = clerk([[look('Oslo', 'c1')], done]);
    const result = await store.runs.start(agent, 'Look.', { session: store.session('a'), runId: 'r' });
    expect(result.finalOutput).toBe('Done.');
    expect((await store.runs.resume(agent, 'r')).finalOutput).toBe('Done.');
    expect(await kindsIn(store, 'a')).toEqual(WHOLE);
  });
});

describe('approvals', () => {
  test('wait as a row, over all conversations, and go on once', async () => {
    const store = new MemorySessionStore();
    const called: string[] = [];
    const agent = clerk([[pay('Oslo', 'p1')], [pay('Rome', 'p2')], done], called);
    const result = await store.runs.start(agent, 'Pay.', { session: store.session('a'), runId: 'r' });
    expect(result.interruptions.map(({ name }) => name)).toEqual(['pay']);
    expect(await kindsIn(store, 'a')).toEqual([]);
    const waiting = { callId: 'p1', tool: 'pay', arguments: '{"city":"Oslo"}', agent: 'Clerk' };
    expect((await store.runs.pending()).data).toMatchObject([
      { id: 'r', state: 'waiting', pending: [waiting] },
    ]);
    expect((await store.runs.pending({ sessionId: 'b' })).data).toEqual([]);
    const again = await store.runs.resume(agent, 'r');
    expect([again.interruptions.length, called]).toEqual([1, []]);
    const yes = [{ callId: 'p1', approve: true, by: 'ada' }];
    for (let times = 0; times < 10; times++) await store.runs.decide('r', yes);
    const both = await Promise.all([store.runs.resume(agent, 'r'), store.runs.resume(agent, 'r')]);
    expect([both.map(({ interruptions }) => interruptions.length), called]).toEqual([[1, 1], ['pay Oslo']]);
    await store.runs.decide('r', [{ callId: 'p2', approve: true }]);
    expect((await store.runs.resume(agent, 'r')).finalOutput).toBe('Done.');
    await store.runs.decide('r', yes);
    expect(called).toEqual(['pay Oslo', 'pay Rome']);
    expect(await kindsIn(store, 'a')).toEqual([...WHOLE.slice(0, 3), ...WHOLE.slice(1)]);
    expect((await store.runs.pending()).data).toEqual([]);
  });

  test('of two decisions the first holds, and the other is told who decided and when', async () => {
    const store = new MemorySessionStore();
    const agent = clerk([[pay('Oslo', 'p1')], done]);
    await store.runs.start(agent, 'Pay.', { session: store.session('a'), runId: 'r' });
    const decide = (approve: boolean, by: string) => store.runs.decide('r', [{ callId: 'p1', approve, by }]);
    const outcomes = await Promise.allSettled([decide(true, 'ada'), decide(false, 'bob')]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const refused = outcomes.find((one) => one.status === 'rejected')?.reason;
    expect(refused).toMatchObject({ code: 'RUN_DECIDED', runId: 'r' });
    expect(refused.message).toMatch(/"(ada|bob)" (approved|rejected) this call at \d{4}-/);
    await expect(store.runs.decide('r', [{ callId: 'p9', approve: true }])).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('that are refused are told to the model, with the reason', async () => {
    const store = new MemorySessionStore();
    const called: string[] = [];
    const agent = clerk([[pay('Oslo', 'p1')], done], called);
    await store.runs.start(agent, 'Pay.', { session: store.session('a'), runId: 'r' });
    await store.runs.decide('r', [{ callId: 'p1', approve: false, reason: 'Too much.' }]);
    const stream = await store.runs.resume(agent, 'r', { stream: true });
    for await (const _ of stream); // to its end
    const [, , answer] = await store.session('a').getItems();
    expect([stream.finalOutput, called, answer]).toMatchObject([
      'Done.',
      [],
      { output: { text: 'Too much.' } },
    ]);
  });

  test('of calls side by side come one after the other', async () => {
    const store = new MemorySessionStore();
    const called: string[] = [];
    const agent = clerk([[pay('Oslo', 'p1'), pay('Rome', 'p2')], done], called);
    await store.runs.start(agent, 'Pay.', { session: store.session('a'), runId: 'r' });
    const first = await store.runs.decide('r', [{ callId: 'p2', approve: true, by: 'ada' }]);
    expect(first).toMatchObject({
      state: 'waiting',
      pending: [{ callId: 'p1' }, { decision: { by: 'ada' } }],
    });
    expect((await store.runs.resume(agent, 'r')).interruptions).toHaveLength(1);
    expect(called).toEqual(['pay Rome']);
    expect((await store.runs.decide('r', [{ callId: 'p1', approve: true }])).state).toBe('running');
    expect((await store.runs.resume(agent, 'r')).finalOutput).toBe('Done.');
    expect(called).toEqual(['pay Rome', 'pay Oslo']);
  });

  test('equal those of run() with the session', async () => {
    const script: () => Script = () => [[pay('Oslo', 'p1')], done];
    const store = new MemorySessionStore();
    const agent = clerk(script());
    const session = store.session('sdk');
    const { state } = await run(agent, 'Pay.', { session });
    for (const item of state.getInterruptions()) state.approve(item);
    await run(agent, state, { session });
    await store.runs.start(clerk(script()), 'Pay.', { session: store.session('own'), runId: 'r' });
    await store.runs.decide('r', [{ callId: 'p1', approve: true }]);
    await store.runs.resume(clerk(script()), 'r');
    expect(await store.session('own').getItems()).toEqual(await session.getItems());
  });
});

/** A model that answers when it is told to. */
function heldModel() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const inner = new ScriptedModel([done, done]);
  const model: Model = {
    async getResponse(request) {
      asked.resolve();
      await promise;
      return inner.getResponse(request);
    },
    getStreamedResponse: (request) => inner.getStreamedResponse(request),
  };
  return { model, answer: resolve, asked: asked.promise };
}

describe('one at a time', () => {
  test('a second run of a conversation is refused, waits, takes over, or runs beside', async () => {
    const store = new MemorySessionStore();
    const { model, answer, asked } = heldModel();
    const first = store.runs.start(clerk([], [], { model }), 'One.', {
      session: store.session('a'),
      runId: 'one',
    });
    await asked;
    const start = (runId: string, exclusive?: 'wait' | 'takeover' | false) =>
      store.runs.start(clerk([done]), runId, { session: store.session('a'), runId, exclusive });
    await expect(start('two')).rejects.toMatchObject({ code: 'RUN_ACTIVE', runId: 'one' });
    expect((await start('beside', false)).finalOutput).toBe('Done.');
    const waiting = start('three', 'wait');
    answer();
    expect([(await first).finalOutput, (await waiting).finalOutput]).toEqual(['Done.', 'Done.']);
    const held = heldModel();
    const lost = store.runs.start(clerk([], [], { model: held.model }), 'Four.', {
      session: store.session('a'),
    });
    await held.asked;
    expect((await start('five', 'takeover')).finalOutput).toBe('Done.');
    held.answer();
    await expect(lost).rejects.toMatchObject({ code: 'RUN_CANCELLED' });
    const inputs = (await store.session('a').getItems()).flatMap((item) =>
      'role' in item && item.role === 'user' ? [item.content] : [],
    );
    expect(inputs).toEqual(['beside', 'One.', 'three', 'five']);
  });

  test('a run is cancelled from outside: its signal aborts, and nothing of it is stored', async () => {
    const store = new MemorySessionStore();
    const aborted = Promise.withResolvers<void>();
    const model: Model = {
      getResponse: ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => {
            aborted.resolve();
            reject(signal.reason);
          });
        }),
      async *getStreamedResponse() {},
    };
    const options = { session: store.session('a'), runId: 'r', lease: 150 };
    const run = store.runs.start(clerk([], [], { model }), 'Look.', options);
    run.catch(() => undefined);
    while (!(await store.runs.retrieve('r').catch(() => undefined))) await new Promise(setImmediate);
    expect((await store.runs.cancel('r')).state).toBe('cancelled');
    await aborted.promise;
    await expect(run).rejects.toMatchObject({ code: 'RUN_CANCELLED', runId: 'r' });
    await expect(store.runs.resume(clerk([]), 'r')).rejects.toMatchObject({ code: 'RUN_CANCELLED' });
    expect(await kindsIn(store, 'a')).toEqual([]);
  });
});

/** Stops the process, as a debugger or a laptop that sleeps does. */
function stopFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** A tool that stops the process for longer than a lease, once. */
function stopping() {
  let isStopped = false;
  return tool({
    name: 'stop',
    description: 'stop',
    parameters: z.object({}),
    execute: async () => {
      if (!isStopped) stopFor(250);
      isStopped = true;
      return 'ok';
    },
  });
}

describe('a run whose process was stopped for longer than its lease', () => {
  const script = (): Script => [[functionCall('stop', {}, { callId: 'c1' })], done];

  test('is lost to it, and goes on elsewhere', async () => {
    const store = new MemorySessionStore();
    const agent = clerk(script(), [], { tools: [stopping()] });
    const options = { session: store.session('a'), runId: 'r', lease: 100 };
    await expect(store.runs.start(agent, 'Stop.', options)).rejects.toMatchObject({
      code: 'RUN_LOST',
      runId: 'r',
    });
    expect([await kindsIn(store, 'a'), (await store.runs.retrieve('r')).state]).toEqual([[], 'running']);
    expect((await store.runs.resume(agent, 'r')).finalOutput).toBe('Done.');
    expect(await kindsIn(store, 'a')).toEqual(WHOLE);
    expect((await store.runs.retrieve('r')).attempts).toBe(2);
  });

  test('is ended by a worker, which leaves runs of other agents to others', async () => {
    const store = new MemorySessionStore();
    const agent = clerk(script(), [], { tools: [stopping()] });
    const options = { session: store.session('a'), runId: 'r', lease: 100 };
    await expect(store.runs.start(agent, 'Stop.', options)).rejects.toMatchObject({ code: 'RUN_LOST' });
    const stop = new AbortController();
    const other = store.runs.work({
      agents: [clerk([], [], { name: 'Other' })],
      interval: 5,
      signal: stop.signal,
    });
    const own = store.runs.work({ agents: [agent], concurrency: 2, interval: 5, signal: stop.signal });
    await expect.poll(async () => (await store.runs.retrieve('r')).state).toBe('done');
    stop.abort();
    await Promise.all([other, own]);
    expect(await kindsIn(store, 'a')).toEqual(WHOLE);
  });

  test('is given up by a worker after so many attempts, with the reason', async () => {
    const store = new MemorySessionStore();
    const agent = clerk(script(), [], { tools: [stopping()] });
    const options = { session: store.session('a'), runId: 'r', lease: 100 };
    await expect(store.runs.start(agent, 'Stop.', options)).rejects.toMatchObject({ code: 'RUN_LOST' });
    await expect(store.runs.work({ agents: [] })).rejects.toThrow(TypeError);
    const stop = new AbortController();
    const work = store.runs.work({ agents: [agent], maxAttempts: 1, interval: 5, signal: stop.signal });
    await expect.poll(async () => (await store.runs.retrieve('r')).state).toBe('failed');
    stop.abort();
    await work;
    expect((await store.runs.retrieve('r')).error).toMatchObject({ name: 'TooManyAttempts' });
    await expect(store.runs.resume(agent, 'r')).rejects.toMatchObject({ code: 'RUN_FAILED' });
  });
});
