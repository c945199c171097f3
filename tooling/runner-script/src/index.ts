import assert from 'node:assert/strict';
import { type AgentInputItem, MemorySession, type Session, setTracingDisabled } from '@openai/agents-core';
import { SCENES } from './scenes.js';

export { COMPACTIONS, type CompactionCase } from './compaction.js';
export { type Effects, playEffects } from './effects.js';
export {
  type Aftermath,
  ATTEMPTS,
  FAILURES,
  needsStream,
  playAttempt,
  playDoubledMessage,
  playFailure,
} from './failures.js';
export { playSceneAsRun, RUN_SCENES } from './runs.js';
export { SCENES } from './scenes.js';
export { playSteps } from './steps.js';
export { playSceneForTenants, type TenantStore } from './tenants.js';
export { playWindowedScene, WINDOWS } from './windows.js';

/** Opens a session over the conversation with this id; each call may give another object. */
export type OpenSession = (sessionId: string) => Session | Promise<Session>;

/** What a scene led to: what was stored, what the models were handed, and what the runs ended with. */
export interface SceneResult {
  readonly stored: readonly AgentInputItem[];
  readonly handed: readonly unknown[];
  readonly ended: readonly string[];
}

/**
 * Plays a scene with the SDK's runner on a session of the caller's and on the SDK's `MemorySession`, and compares
 * what is stored, what the model was handed and how the runs ended.
 *
 * @param name - One of the names in {@link SCENES}.
 * @param open - Opens the session under test.
 * @param sessionId - A conversation that nobody has used.
 * @throws AssertionError where they differ.
 */
export async function playScene(name: string, open: OpenSession, sessionId: string): Promise<void> {
  setTracingDisabled(true);
  const scene = SCENES[name];
  assert.ok(scene, `there is no scene "${name}"`);
  const memory = new MemorySession({ sessionId });
  const expected = await scene(() => memory, sessionId);
  const actual = await scene(open, sessionId);
  assert.deepEqual(actual, expected);
  assert.equal(JSON.stringify(actual.stored), JSON.stringify(expected.stored), 'the order of keys differs');
}
