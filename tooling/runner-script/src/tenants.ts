import assert from 'node:assert/strict';
import { MemorySession, type RunContext, type Session, setTracingDisabled } from '@openai/agents-core';
import { type SceneContext, withContext } from './scene-context.js';
import { SCENES } from './scenes.js';

/** A store whose conversations can be those of a tenant. */
export interface TenantStore {
  session(sessionId: string, options: { tenant: (runContext: RunContext<SceneContext>) => string }): Session;
  scoped(tenant: string): { session(sessionId: string): Session };
}

/** One of them is the beginning of the other. */
const TENANTS = ['acme', 'acme:c'];

/** The tenant of a run in a scene. */
const tenantOfScene = ({ context }: RunContext<SceneContext>) => context.tenant;

/**
 * Lets two tenants play a scene at the same time, in conversations of one id, and compares each with what the SDK's
 * `MemorySession` stores and hands to the model when the scene is played alone.
 *
 * @param name - One of the names in {@link SCENES}.
 * @param sessionId - A conversation that nobody has used.
 * @throws AssertionError where they differ.
 */
export async function playSceneForTenants(
  name: string,
  store: TenantStore,
  sessionId: string,
): Promise<void> {
  setTracingDisabled(true);
  const scene = SCENES[name];
  assert.ok(scene, `there is no scene "${name}"`);
  const memory = new MemorySession({ sessionId });
  const expected = await scene(() => memory, sessionId);
  const play = (tenant: string) =>
    withContext({ tenant }, () => scene((id) => store.session(id, { tenant: tenantOfScene }), sessionId));
  const played = await Promise.all(TENANTS.map(play));
  for (const [index, actual] of played.entries()) {
    assert.deepEqual(actual, expected);
    const scoped = store.scoped(TENANTS[index] as string).session(sessionId);
    assert.deepEqual(await scoped.getItems(), expected.stored);
    await scoped.clearSession();
    assert.deepEqual(await scoped.getItems(), []);
  }
}
