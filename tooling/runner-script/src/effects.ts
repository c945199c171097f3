import assert from 'node:assert/strict';
import { Agent, type FunctionTool, type Session, setTracingDisabled, tool } from '@openai/agents-core';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents-core/testing';
import { z } from 'zod';

type Details = Parameters<FunctionTool['invoke']>[2];

/** The store of the runs. */
interface RunningStore {
  session(sessionId: string): Session;
  readonly runs: {
    start(agent: Agent, input: string, options: never): Promise<{ readonly finalOutput?: unknown }>;
    cancel(runId: string): Promise<unknown>;
  };
}

/** Effects that are in the database of the store. */
export interface Effects {
  /**
   * Makes an effect, and records the result `paid` of the call, in one transaction of the application.
   *
   * @param fails - Throws then, as the last thing in the transaction.
   * @returns The result.
   */
  pay(details: Details, fails: boolean): Promise<string>;
  /** How many effects there are. */
  count(): Promise<number>;
}

/**
 * Plays runs with a tool whose effect and whose record are in one transaction: both are there or neither, and the record holds
 * whatever becomes of the tool after it.
 *
 * @param name - What ids begin with: nobody has used it.
 * @throws AssertionError
 */
export async function playEffects(store: RunningStore, { pay, count }: Effects, name: string): Promise<void> {
  setTracingDisabled(true);
  const before = await count();
  const play = async (what: string, execute: (details: Details, runId: string) => Promise<string>) => {
    const runId = `${name} ${what}`;
    let calls = 0;
    const paying = tool({
      name: 'pay',
      description: 'Pays',
      parameters: z.object({}),
      execute: (_input, _runContext, details) => {
        calls++;
        return execute(details, runId);
      },
      errorFunction: (_runContext, error) => `failed: ${(error as Error).message}`,
    });
    const script = [[functionCall('pay', {}, { callId: 'c1' })], [assistantMessage('Done.')]];
    const agent = new Agent({ name: 'Clerk', model: new ScriptedModel(script), tools: [paying] });
    const start = () =>
      store.runs.start(agent, 'Pay.', { session: store.session(runId), runId } as never).then(
        ({ finalOutput }) => finalOutput,
        ({ code }) => code,
      );
    const ended = await start();
    assert.equal(await start(), ended, 'it is answered again');
    const items = await store.session(runId).getItems();
    const told = items.flatMap((item) => (item.type === 'function_call_result' ? [item.output] : []));
    return { ended, told: (told[0] as { text?: string } | undefined)?.text, calls };
  };
  const committed = await play('committed', async (details) => {
    await pay(details, false);
    throw new Error('the answer to the COMMIT was lost');
  });
  assert.deepEqual(committed, { ended: 'Done.', told: 'paid', calls: 1 });
  assert.equal((await count()) - before, 1, 'the effect is there once');
  const rolledBack = await play('rolled back', (details) => pay(details, true));
  assert.deepEqual(rolledBack, { ended: 'Done.', told: 'failed: rolled back', calls: 1 });
  assert.equal((await count()) - before, 1, 'an effect that was rolled back is there');
  const lost = await play('lost', async (details, runId) => {
    await store.runs.cancel(runId);
    return pay(details, false);
  });
  assert.deepEqual(lost, { ended: 'RUN_CANCELLED', told: undefined, calls: 1 });
  assert.equal((await count()) - before, 1, 'who lost the run had an effect');
}
