import {
  Agent,
  type AgentInputItem,
  type OutputGuardrail,
  RunState,
  type Session,
  tool,
} from '@openai/agents-core';
import { assistantMessage, functionCall, modelError, ScriptedModel } from '@openai/agents-core/testing';
import { z } from 'zod';
import type { OpenSession, SceneResult } from './index.js';
import { addByHand, readByHand, runner } from './scene-context.js';

type Scene = (open: OpenSession, sessionId: string) => Promise<SceneResult>;

const weather = tool({
  name: 'weather',
  description: 'Weather of a city',
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, sky: 'sunny' }),
});

const careful = tool({
  name: 'refund',
  description: 'Refunds an order',
  parameters: z.object({ order: z.number() }),
  needsApproval: true,
  execute: async ({ order }) => `refunded ${order}`,
});

const ask = (city: string, callId: string) => functionCall('weather', { city }, { callId });
const refund = (order: number, callId: string) => functionCall('refund', { order }, { callId });
const say = (text: string, id: string) => assistantMessage(text, { id });

/** How a run ended: with which words, or with which error. */
async function ending(run: Promise<{ finalOutput?: unknown }>): Promise<string> {
  try {
    return String((await run).finalOutput);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

/** What a scene led to; the conversation is read through a fresh session object. */
async function result(
  open: OpenSession,
  sessionId: string,
  model: ScriptedModel,
  ended: string[],
): Promise<SceneResult> {
  const stored = await readByHand(await open(sessionId));
  return { stored, handed: model.calls.map(({ request }) => request.input), ended };
}

/** Plays runs one after the other with a script of model turns. */
function turns(
  script: ConstructorParameters<typeof ScriptedModel>[0],
  inputs: readonly (string | AgentInputItem[])[],
): Scene {
  return async (open, sessionId) => {
    const model = new ScriptedModel(script);
    const poet = new Agent({ name: 'Poet', model });
    const agent = new Agent({ name: 'Guide', model, tools: [weather], handoffs: [poet] });
    const ended: string[] = [];
    for (const input of inputs)
      ended.push(await ending(runner.run(agent, input, { session: await open(sessionId) })));
    return result(open, sessionId, model, ended);
  };
}

/** The same, streamed to the end. */
function streamed(script: ConstructorParameters<typeof ScriptedModel>[0], inputs: readonly string[]): Scene {
  return async (open, sessionId) => {
    const model = new ScriptedModel(script);
    const agent = new Agent({ name: 'Guide', model, tools: [weather] });
    const ended: string[] = [];
    for (const input of inputs) ended.push(await ending(streamToEnd(agent, input, await open(sessionId))));
    return result(open, sessionId, model, ended);
  };
}

async function streamToEnd(agent: Agent, input: string, session: Session) {
  const stream = await runner.run(agent, input, { session, stream: true });
  for await (const _ of stream) {
    // read to its end
  }
  await stream.completed;
  return stream;
}

/** Interrupts for approval, and resumes from the state as text, with other session objects. */
function approval(
  decide: (state: RunState<unknown, Agent>, open: OpenSession, sessionId: string) => Promise<void>,
  script: ConstructorParameters<typeof ScriptedModel>[0],
  wrap: (session: Session) => Session = (session) => session,
): Scene {
  return async (open, sessionId) => {
    const model = new ScriptedModel(script);
    const agent = new Agent({ name: 'Clerk', model, tools: [careful] });
    const ended: string[] = [];
    let state: RunState<unknown, Agent> | undefined;
    const first = await runner.run(agent, 'Refund, please.', { session: await open(sessionId) });
    let text = first.state.toString();
    for (let round = 0; round < 4; round++) {
      state = (await RunState.fromString(agent, text)) as RunState<unknown, Agent>;
      if (state.getInterruptions().length > 0) await decide(state, open, sessionId);
      const session = wrap(await open(sessionId));
      try {
        const resumed = await runner.run(agent, state, { session });
        text = resumed.state.toString();
        ended.push(resumed.interruptions.length > 0 ? 'interrupted' : String(resumed.finalOutput));
        if (resumed.interruptions.length === 0) break;
      } catch (error) {
        ended.push((error as Error).message);
        // the same state once more, as an application does whose write was not acknowledged
        ended.push(await ending(runner.run(agent, state, { session: await open(sessionId) })));
        break;
      }
    }
    return result(open, sessionId, model, ended);
  };
}

async function approveFirst(state: RunState<unknown, Agent>): Promise<void> {
  const [interruption] = state.getInterruptions();
  if (interruption) state.approve(interruption);
}

async function rejectAll(state: RunState<unknown, Agent>): Promise<void> {
  for (const interruption of state.getInterruptions()) state.reject(interruption);
}

/** Lets somebody else write between the interruption and the resumption. */
async function approveAfterAnotherWriter(
  state: RunState<unknown, Agent>,
  open: OpenSession,
  sessionId: string,
): Promise<void> {
  await addByHand(await open(sessionId), [{ role: 'user', content: 'Are you there?' }]);
  await approveFirst(state);
}

/** A session whose `nth` append is stored, but whose acknowledgement is lost. */
function losingAcknowledgement(nth: number): (session: Session) => Session {
  return (session) => {
    let appends = 0;
    return new Proxy(session, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return async (...args: unknown[]) => {
          const answer: unknown = await Reflect.apply(value, target, args);
          if (name === 'addItems' && ++appends === nth) throw new Error('acknowledgement lost');
          return answer;
        };
      },
    });
  };
}

/** An output guardrail that blocks the first answer and lets later ones pass. */
function guarded(script: ConstructorParameters<typeof ScriptedModel>[0], resume: boolean): Scene {
  return async (open, sessionId) => {
    const model = new ScriptedModel(script);
    let blocking = true;
    const guardrail: OutputGuardrail = {
      name: 'polite',
      execute: async () => ({ tripwireTriggered: blocking, outputInfo: {} }),
    };
    const agent = new Agent({ name: 'Guide', model, tools: [weather], outputGuardrails: [guardrail] });
    const ended: string[] = [];
    try {
      await runner.run(agent, 'Weather in Oslo?', { session: await open(sessionId) });
    } catch (error) {
      ended.push((error as Error).name);
      blocking = false;
      const { state } = error as { state?: RunState<unknown, Agent> };
      if (resume && state)
        ended.push(await ending(runner.run(agent, state, { session: await open(sessionId) })));
    }
    ended.push(await ending(runner.run(agent, 'And now?', { session: await open(sessionId) })));
    return result(open, sessionId, model, ended);
  };
}

async function inputGuardrail(open: OpenSession, sessionId: string): Promise<SceneResult> {
  const model = new ScriptedModel([[say('Never said.', 'm1')], [say('Never said either.', 'm2')]]);
  const guardrail = { name: 'no', execute: async () => ({ tripwireTriggered: true, outputInfo: {} }) };
  const agent = new Agent({ name: 'Guide', model, inputGuardrails: [guardrail] });
  const ended = [
    await ending(runner.run(agent, 'Blocked.', { session: await open(sessionId) })),
    await ending(streamToEnd(agent, 'Blocked, too.', await open(sessionId))),
  ];
  return { ...(await result(open, sessionId, model, ended)), handed: [] }; // the model may or may not have begun
}

async function cancelled(open: OpenSession, sessionId: string): Promise<SceneResult> {
  const model = new ScriptedModel([[functionCall('slow', {}, { callId: 'c1' })], [say('Back again.', 'm1')]]);
  const abort = new AbortController();
  const slow = tool({
    name: 'slow',
    description: 'Is cancelled',
    parameters: z.object({}),
    execute: async () => {
      abort.abort();
      return 'done';
    },
  });
  const agent = new Agent({ name: 'Guide', model, tools: [slow] });
  const ended = [
    await ending(runner.run(agent, 'Begin.', { session: await open(sessionId), signal: abort.signal })),
    await ending(runner.run(agent, 'Again.', { session: await open(sessionId) })),
  ];
  return result(open, sessionId, model, ended);
}

async function compaction(open: OpenSession, sessionId: string): Promise<SceneResult> {
  const marker = { type: 'compaction', encrypted_content: 'ENC', id: 'cmp_1' } as const;
  const model = new ScriptedModel([
    [say('One.', 'm1')],
    [marker as never, say('Two.', 'm2')],
    [say('Three.', 'm3')],
  ]);
  const agent = new Agent({ name: 'Guide', model });
  const ended: string[] = [];
  for (const input of ['First.', 'Second.', 'Third.']) {
    ended.push(await ending(runner.run(agent, input, { session: await open(sessionId) })));
  }
  return result(open, sessionId, model, ended);
}

/** Two runs that begin with the same history; the second ends when the first has. */
async function parallel(open: OpenSession, sessionId: string): Promise<SceneResult> {
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const wait = tool({
    name: 'wait',
    description: 'Waits for the other run',
    parameters: z.object({}),
    execute: async () => {
      asked.resolve();
      await gate.promise;
      return 'waited';
    },
  });
  const quick = new Agent({ name: 'Quick', model: new ScriptedModel([[say('Quick.', 'm1')]]) });
  const model = new ScriptedModel([[functionCall('wait', {}, { callId: 'c1' })], [say('Slow.', 'm2')]]);
  const slow = new Agent({ name: 'Slow', model, tools: [wait] });
  const later = ending(runner.run(slow, 'Slowly.', { session: await open(sessionId) }));
  // both have read the conversation as it was before either of them, however long a store takes for it
  await Promise.race([asked.promise, later]);
  const ended = [await ending(runner.run(quick, 'Quickly.', { session: await open(sessionId) }))];
  gate.resolve();
  ended.push(await later);
  return result(open, sessionId, model, ended);
}

/** Every situation in which the runner writes to a session, by its name. */
export const SCENES: Readonly<Record<string, Scene>> = {
  'tools at the same time, and a second run': turns(
    [[ask('Oslo', 'c1'), ask('Rome', 'c2')], [say('Sunny in both.', 'm1')], [say('Oslo and Rome.', 'm2')]],
    ['Weather in Oslo and Rome?', 'Which cities?'],
  ),
  'a handoff': turns(
    [[functionCall('transfer_to_Poet', {}, { callId: 'c1' })], [say('O sun!', 'm1')]],
    ['A poem.'],
  ),
  'an input of several items, and an empty one': turns(
    [[say('Both.', 'm1')], [say('Nothing.', 'm2')]],
    [
      [
        { role: 'user', content: 'One' },
        { role: 'user', content: 'Two' },
      ],
      [],
    ],
  ),
  streaming: streamed(
    [[ask('Oslo', 'c1')], [say('Sunny.', 'm1')], [say('Oslo.', 'm2')]],
    ['Weather in Oslo?', 'Where?'],
  ),
  'a model error': turns(
    [[ask('Oslo', 'c1')], modelError(new Error('overloaded')), [say('Here again.', 'm1')]],
    ['Weather in Oslo?', 'Are you there?'],
  ),
  'a model error while streaming': streamed(
    [[ask('Oslo', 'c1')], modelError(new Error('overloaded')), [say('Here again.', 'm1')]],
    ['Weather in Oslo?', 'Are you there?'],
  ),
  'an approval': approval(approveFirst, [[refund(1, 'c1')], [say('Refunded.', 'm1')]]),
  'two approvals, one after the other': approval(approveFirst, [
    [refund(1, 'c1'), refund(2, 'c2')],
    [say('Both refunded.', 'm1')],
  ]),
  'a rejection': approval(rejectAll, [[refund(1, 'c1')], [say('Not refunded.', 'm1')]]),
  'an approval after another writer': approval(approveAfterAnotherWriter, [
    [refund(1, 'c1')],
    [say('Refunded.', 'm1')],
  ]),
  'an approval whose first acknowledgement is lost': approval(
    approveFirst,
    [[refund(1, 'c1')], [say('Refunded.', 'm1')]],
    losingAcknowledgement(1),
  ),
  'an approval whose second acknowledgement is lost': approval(
    approveFirst,
    [[refund(1, 'c1')], [say('Refunded.', 'm1')], [say('Refunded again.', 'm2')]],
    losingAcknowledgement(2),
  ),
  'a blocked answer': guarded([[say('Rude.', 'm1')], [say('Polite.', 'm2')]], false),
  'a blocked answer after a tool': guarded(
    [[ask('Oslo', 'c1')], [say('Rude.', 'm1')], [say('Polite.', 'm2')]],
    false,
  ),
  'a blocked answer after a tool, resumed': guarded(
    [[ask('Oslo', 'c1')], [say('Rude.', 'm1')], [say('Polite.', 'm2')], [say('Still polite.', 'm3')]],
    true,
  ),
  'a blocked input': inputGuardrail,
  'a cancelled run': cancelled,
  'a compaction item of the model': compaction,
  'two runs at the same time': parallel,
};
