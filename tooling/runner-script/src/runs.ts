import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type Agent, MemorySession, RunState, type Session, setTracingDisabled } from '@openai/agents-core';
import { withStart } from './scene-context.js';
import { SCENES } from './scenes.js';

/**
 * What a run of a store has another way for: it stores nothing until it ends, so nobody writes between its items and no write is to be
 * repeated by the application; and where a guardrail ended it, the state of the SDK is not what it goes on with.
 */
const OTHERWISE: readonly string[] = [
  'an approval after another writer',
  'an approval whose first acknowledgement is lost',
  'an approval whose second acknowledgement is lost',
  'a blocked answer after a tool, resumed',
];

/** The scenes that runs of a store play. */
export const RUN_SCENES = Object.keys(SCENES).filter((name) => !OTHERWISE.includes(name));

/** A store that begins runs itself. */
interface RunningStore {
  session(sessionId: string): Session;
  readonly runs: {
    start(agent: Agent, input: string, options: never): Promise<unknown>;
    decide(runId: string, decisions: readonly { callId: string; approve: boolean }[]): Promise<unknown>;
    resume(agent: Agent, runId: string, options: never): Promise<unknown>;
  };
}

/**
 * Plays a scene with runs of a store, and with the SDK's runner on its `MemorySession`, and compares what is stored, what the models
 * were handed and how the runs ended. Where the scene goes on with a state of the SDK, the run is told what was decided in it, and resumed.
 *
 * @param name - One of {@link RUN_SCENES}.
 * @param sessionId - A conversation that nobody has used.
 * @throws AssertionError where they differ.
 */
export async function playSceneAsRun(name: string, store: RunningStore, sessionId: string): Promise<void> {
  setTracingDisabled(true);
  const scene = SCENES[name];
  assert.ok(scene, `there is no scene "${name}"`);
  const memory = new MemorySession({ sessionId });
  const expected = await scene(() => memory, sessionId);
  let runId = '';
  let isResumed = false;
  const start = async (agent: Agent, input: unknown, options: object) => {
    if (!(input instanceof RunState)) {
      runId = randomUUID();
      return store.runs.start(agent, input as string, { ...options, runId, exclusive: false } as never);
    }
    isResumed = true;
    await store.runs.decide(runId, decisionsIn(input));
    const { session } = options as { session: Session };
    return store.runs.resume(agent, runId, { session } as never);
  };
  const actual = await withStart(start, () => scene((id) => store.session(id), sessionId));
  // what went through a state as text has no absent values any more
  if (isResumed) assert.deepEqual(asJson(actual), asJson(expected));
  else assert.deepEqual(actual, expected);
  assert.equal(JSON.stringify(actual.stored), JSON.stringify(expected.stored), 'the order of keys differs');
}

function asJson(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** What was decided about the calls that a run waits for. */
function decisionsIn(state: RunState<unknown, Agent>): { callId: string; approve: boolean }[] {
  return state.getInterruptions().flatMap(({ rawItem, name = '' }) => {
    const callId = 'callId' in rawItem ? rawItem.callId : undefined;
    const approve =
      callId === undefined ? undefined : state._context.isToolApproved({ toolName: name, callId });
    return callId === undefined || approve === undefined ? [] : [{ callId, approve }];
  });
}
