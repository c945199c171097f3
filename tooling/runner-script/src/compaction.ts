import assert from 'node:assert/strict';
import { type AgentInputItem, OpenAIResponsesCompactionSession } from '@openai/agents';
import { Agent, MemorySession, Runner, type Session, setTracingDisabled } from '@openai/agents-core';
import { assistantMessage, ScriptedModel } from '@openai/agents-core/testing';

/** Opens a session over the conversation with this id, with a window or without. */
type OpenSession<Own extends Session> = (
  sessionId: string,
  options?: { window: { turns: number } },
) => Own | Promise<Own>;

type Client = NonNullable<ConstructorParameters<typeof OpenAIResponsesCompactionSession>[0]['client']>;

/** What the API makes of every conversation. */
const COMPACTED = [
  { id: 'u1', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Kept.' }] },
  { id: 'cmp_1', type: 'compaction', encrypted_content: 'ENC' },
];

/** Stands for OpenAI, and notes what it was asked. It takes as long as what others do meanwhile. */
function fakeClient(output: readonly object[] = COMPACTED, meanwhile?: () => Promise<unknown>) {
  const inputs: unknown[][] = [];
  const compact = async ({ input }: { input: unknown[] }) => {
    inputs.push(structuredClone(input));
    await meanwhile?.();
    return { output, usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } };
  };
  return { inputs, client: { responses: { compact } } as unknown as Client };
}

/** Makes the SDK's session around another. */
function wrapSession(underlyingSession: Session, client: Client, trigger: () => boolean = () => true) {
  return new OpenAIResponsesCompactionSession({
    underlyingSession,
    client,
    compactionMode: 'input',
    shouldTriggerCompaction: trigger,
  });
}

/** Puts the SDK's session around one of a store. */
type Wrap<Own extends Session> = (
  session: Own,
  make: (underlyingSession: Session) => OpenAIResponsesCompactionSession,
) => OpenAIResponsesCompactionSession;

const TURNS = ['First.', 'Second.', 'Third.'];

const say = (id: string) => assistantMessage(id, { id });

/** Three runs of which the second leads to a compaction. */
async function play<Own extends Session>(open: () => Own | Promise<Own>, wrap: Wrap<Own>) {
  setTracingDisabled(true);
  const { client, inputs } = fakeClient();
  const model = new ScriptedModel(TURNS.map((text, at) => [assistantMessage(text, { id: `m${at}` })]));
  const agent = new Agent({ name: 'Guide', model });
  const runner = new Runner({ tracingDisabled: true });
  for (const [at, text] of TURNS.entries()) {
    const session = wrap(await open(), (underlying) => wrapSession(underlying, client, () => at === 1));
    await runner.run(agent, text, { session });
  }
  return { inputs, handed: model.calls.map(({ request }) => request.input) };
}

/** The session as it is, without what the SDK itself does not pass on. */
const PLAIN: Wrap<Session> = (session, make) => make(session);

/**
 * Plays a conversation that is compacted, and compares what was stored, compacted and handed to the model with the same on the SDK's
 * `MemorySession`. A window changes nothing: the whole conversation is compacted.
 *
 * @param wrap - How the SDK's session is put around the one under test.
 */
async function playCompaction<Own extends Session>(
  open: OpenSession<Own>,
  sessionId: string,
  wrap: Wrap<Own>,
): Promise<void> {
  const memory = new MemorySession({ sessionId });
  const expected = await play(() => memory, PLAIN);
  assert.equal(expected.inputs.length, 1);
  for (const options of [undefined, { window: { turns: 1 } }]) {
    const id = options ? `${sessionId} in a window` : sessionId;
    assert.deepEqual(await play(() => open(id, options), wrap), expected);
    assert.deepEqual(await (await open(id)).getItems(), await memory.getItems());
  }
}

const HISTORY: readonly AgentInputItem[] = TURNS.flatMap((text, at) => [
  { role: 'user', content: text },
  assistantMessage(text, { id: `m${at}` }),
]);

/**
 * Compacts by hand, through a session with a window: what the window hides is compacted as well, and comes back
 * if the replacement fails.
 */
async function compactByHand<Own extends Session>(
  open: OpenSession<Own>,
  sessionId: string,
  wrap: Wrap<Own>,
): Promise<void> {
  const whole = await open(sessionId);
  await whole.addItems([...HISTORY]);
  const { client, inputs } = fakeClient();
  const options = { window: { turns: 1 } };
  const failing = failingOnce(await open(sessionId, options), wrap, client);
  await assert.rejects(failing.runCompaction({ force: true }), /cannot be added/);
  assert.deepEqual(await whole.getItems(), HISTORY);
  const wrapper = wrap(await open(sessionId, options), (underlying) => wrapSession(underlying, client));
  await wrapper.runCompaction({ force: true });
  assert.deepEqual(
    inputs.map(({ length }) => length),
    [HISTORY.length, HISTORY.length],
  );
  assert.deepEqual(await whole.getItems(), COMPACTED);
  await wrapper.clearSession();
  assert.deepEqual(await whole.getItems(), []);
}

/** Compacts to nothing: then the conversation is empty. */
async function compactToNothing<Own extends Session>(
  open: OpenSession<Own>,
  sessionId: string,
  wrap: Wrap<Own>,
): Promise<void> {
  const whole = await open(sessionId);
  await whole.addItems([...HISTORY]);
  const { client } = fakeClient([]);
  const wrapper = wrap(await open(sessionId), (underlying) => wrapSession(underlying, client));
  await wrapper.runCompaction({ force: true });
  assert.deepEqual(await whole.getItems(), []);
}

/** What others add. */
const LATER: readonly AgentInputItem[] = [{ role: 'user', content: 'Later.' }, say('later')];
const CALL: AgentInputItem = { type: 'function_call', callId: 'c', name: 'f', arguments: '{}' };
const RESULT: AgentInputItem = {
  type: 'function_call_result',
  callId: 'c',
  name: 'f',
  status: 'completed',
  output: 'ok',
};

/** Others add turns while OpenAI compacts: they stay behind the result, in a second compaction by the same object too. */
async function addMeanwhile<Own extends Session>(
  open: OpenSession<Own>,
  sessionId: string,
  wrap: Wrap<Own>,
): Promise<void> {
  for (const output of [COMPACTED, []]) {
    const other = await open(`${sessionId} ${output.length}`);
    await other.addItems([...HISTORY]);
    const { client, inputs } = fakeClient(output, () => other.addItems([...LATER]));
    const wrapper = wrap(await open(`${sessionId} ${output.length}`), (underlying) =>
      wrapSession(underlying, client),
    );
    await wrapper.runCompaction({ force: true });
    assert.deepEqual(await other.getItems(), [...output, ...LATER]);
    await other.addItems([...LATER]);
    await wrapper.runCompaction({ force: true });
    assert.deepEqual(
      inputs.map(({ length }) => length),
      [HISTORY.length, output.length + 2 * LATER.length],
    );
    assert.deepEqual(await other.getItems(), [...output, ...LATER]);
  }
}

/** The result of a call that is compacted comes meanwhile: the call stays with it. */
async function answerMeanwhile<Own extends Session>(
  open: OpenSession<Own>,
  sessionId: string,
  wrap: Wrap<Own>,
): Promise<void> {
  const other = await open(sessionId);
  await other.addItems([...HISTORY, CALL]);
  const { client } = fakeClient(COMPACTED, () => other.addItems([RESULT]));
  const wrapper = wrap(await open(sessionId), (underlying) => wrapSession(underlying, client));
  await wrapper.runCompaction({ force: true });
  assert.deepEqual(await other.getItems(), [...COMPACTED, CALL, RESULT]);
}

/** A run leads to a compaction while others add a turn. */
async function runMeanwhile<Own extends Session>(
  open: OpenSession<Own>,
  sessionId: string,
  wrap: Wrap<Own>,
): Promise<void> {
  setTracingDisabled(true);
  const other = await open(sessionId);
  const { client, inputs } = fakeClient(COMPACTED, () => other.addItems([...LATER]));
  const session = wrap(await open(sessionId), (underlying) => wrapSession(underlying, client));
  const model = new ScriptedModel([[say('m')]]);
  const agent = new Agent({ name: 'Guide', model });
  await new Runner({ tracingDisabled: true }).run(agent, 'First.', { session });
  assert.equal(inputs[0]?.length, 2);
  assert.deepEqual(await other.getItems(), [...COMPACTED, ...LATER]);
}

/** Others change the beginning while OpenAI compacts: nothing is replaced, and the caller is told. */
async function changeMeanwhile<Own extends Session>(
  open: OpenSession<Own>,
  sessionId: string,
  wrap: Wrap<Own>,
): Promise<void> {
  const changes: readonly ((session: Own) => Promise<unknown>)[] = [
    (session) => session.popItem(),
    (session) => session.clearSession(),
    async (session) => {
      await session.clearSession();
      await session.addItems([...LATER, ...HISTORY]);
    },
  ];
  for (const [index, change] of changes.entries()) {
    const other = await open(`${sessionId} ${index}`);
    await other.addItems([...HISTORY]);
    const { client } = fakeClient(COMPACTED, async () => {
      await change(other);
      await other.addItems([...LATER]);
    });
    const wrapper = wrap(await open(`${sessionId} ${index}`), (underlying) =>
      wrapSession(underlying, client),
    );
    await assert.rejects(wrapper.runCompaction({ force: true }), { code: 'HISTORY_CHANGED' });
    const expected = [HISTORY.slice(0, -1), [], [...LATER, ...HISTORY]][index] ?? [];
    assert.deepEqual(await other.getItems(), [...expected, ...LATER]);
  }
}

/** The object's own clear, between the call and its beginning, is no reason to replace what comes after. */
async function clearBefore<Own extends Session>(
  open: OpenSession<Own>,
  sessionId: string,
  wrap: Wrap<Own>,
): Promise<void> {
  const other = await open(sessionId);
  await other.addItems([...HISTORY]);
  const { client } = fakeClient(COMPACTED, () => other.addItems([...LATER]));
  const wrapper = wrap(await open(sessionId), (underlying) => wrapSession(underlying, client));
  const cleared = wrapper.clearSession();
  await assert.rejects(wrapper.runCompaction({ force: true }), { code: 'HISTORY_CHANGED' });
  await cleared;
  assert.deepEqual(await other.getItems(), LATER);
}

/** What replaces the conversation cannot be added: what others added stays, once. */
async function failMeanwhile<Own extends Session>(
  open: OpenSession<Own>,
  sessionId: string,
  wrap: Wrap<Own>,
): Promise<void> {
  const other = await open(sessionId);
  await other.addItems([...HISTORY]);
  const { client } = fakeClient(COMPACTED, () => other.addItems([...LATER]));
  const failing = failingOnce(await open(sessionId), wrap, client);
  await assert.rejects(failing.runCompaction({ force: true }), /cannot be added/);
  assert.deepEqual(await other.getItems(), [...HISTORY, ...LATER]);
}

/** The first `addItems` fails. */
function failingOnce<Own extends Session>(session: Own, wrap: Wrap<Own>, client: Client) {
  let failed = false;
  return wrap(session, (underlying) =>
    wrapSession(
      intercepted(underlying, async (name, call) => {
        if (name === 'addItems' && !failed) {
          failed = true;
          throw new Error('cannot be added');
        }
        return call();
      }),
      client,
    ),
  );
}

/**
 * Lets the process go between the compaction's clear and its add: nothing reaches the database any more.
 *
 * @returns What is left of the conversation.
 */
async function crashInCompaction<Own extends Session>(
  open: OpenSession<Own>,
  sessionId: string,
  wrap: Wrap<Own>,
): Promise<{ before: readonly AgentInputItem[]; after: readonly AgentInputItem[] }> {
  const whole = await open(sessionId);
  await whole.addItems([...HISTORY]);
  let gone = false;
  const wrapper = wrap(await open(sessionId), (underlying) =>
    wrapSession(
      intercepted(underlying, async (name, call) => {
        if (gone) throw new Error('the process is gone');
        const answer = await call();
        gone = name === 'clearSession';
        return answer;
      }),
      fakeClient().client,
    ),
  );
  await assert.rejects(wrapper.runCompaction({ force: true }), /process is gone/);
  return { before: HISTORY, after: await whole.getItems() };
}

/** A session whose calls go through a function. */
function intercepted(
  session: Session,
  around: (name: PropertyKey, call: () => unknown) => Promise<unknown>,
): Session {
  return new Proxy(session, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => around(name, () => Reflect.apply(value, target, args));
    },
  });
}

/**
 * Does something with a compacted conversation.
 *
 * @param open - Opens a session over the conversation with this id, with a window or without.
 * @param sessionId - A conversation that nobody has used.
 * @param atomically - `atomicCompaction`.
 * @throws AssertionError where it does not end as it should.
 */
export type CompactionCase = <Own extends Session>(
  open: OpenSession<Own>,
  sessionId: string,
  atomically: Wrap<Own>,
) => Promise<void>;

/** The SDK's compaction on a session of a store, by what happens. */
export const COMPACTIONS: Readonly<Record<string, CompactionCase>> = {
  'the runner compacts': (open, id) => playCompaction(open, id, PLAIN),
  'the runner compacts, atomically': playCompaction,
  'by hand, through a window': (open, id) => compactByHand(open, id, PLAIN),
  'by hand, through a window, atomically': compactByHand,
  'to nothing': (open, id) => compactToNothing(open, id, PLAIN),
  'to nothing, atomically': compactToNothing,
  'others add turns meanwhile, atomically': addMeanwhile,
  'a run compacts and others add a turn meanwhile, atomically': runMeanwhile,
  'a result comes meanwhile, atomically': answerMeanwhile,
  'others change the beginning meanwhile, atomically': changeMeanwhile,
  'it was cleared before, atomically': clearBefore,
  'others add a turn and the replacement fails, atomically': failMeanwhile,
  'a crash between clear and add loses the conversation': async (open, id) => {
    assert.deepEqual((await crashInCompaction(open, id, PLAIN)).after, []);
  },
  'a crash between clear and add loses nothing, atomically': async (open, id, atomically) => {
    const { before, after } = await crashInCompaction(open, id, atomically);
    assert.deepEqual(after, before);
  },
};
