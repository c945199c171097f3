import assert from 'node:assert/strict';
import { type Agent, MemorySession, type Session, setTracingDisabled } from '@openai/agents-core';
import { withStart } from './scene-context.js';
import { SCENES } from './scenes.js';

/** The scenes whose runs begin with an input, and not with a state of the SDK. */
export const RUN_SCENES = Object.keys(SCENES).filter((name) => !/approval|rejection|resumed/.test(name));

/** A store that begins runs itself. */
interface RunningStore {
  session(sessionId: string): Session;
  readonly runs: { start(agent: Agent, input: string, options: never): Promise<unknown> };
}

/**
 * Plays a scene with runs of a store, and with the SDK's runner on its `MemorySession`, and compares what is stored, what the models
 * were handed and how the runs ended.
 *
 * @param name - One of {@link RUN_SCENES}.
 * @throws AssertionError where they differ.
 */
export async function playSceneAsRun(name: string, store: RunningStore, sessionId: string): Promise<void> {
  setTracingDisabled(true);
  const scene = SCENES[name];
  assert.ok(scene, `there is no scene "${name}"`);
  const memory = new MemorySession({ sessionId });
  const expected = await scene(() => memory, sessionId);
  const start = (agent: Agent, input: string, options: object) =>
    store.runs.start(agent, input, { ...options, exclusive: false } as never);
  const actual = await withStart(start, () => scene((id) => store.session(id), sessionId));
  assert.deepEqual(actual, expected);
  assert.equal(JSON.stringify(actual.stored), JSON.stringify(expected.stored), 'the order of keys differs');
}
