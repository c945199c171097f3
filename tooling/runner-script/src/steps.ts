import { Agent, type Model, type Session, setTracingDisabled, tool, Usage } from '@openai/agents-core';
import { assistantMessage, functionCall } from '@openai/agents-core/testing';
import { z } from 'zod';

const ANSWERS = 5;

/** The store of the run. */
interface RunningStore {
  session(sessionId: string): Session;
  readonly runs: { start(agent: Agent, input: string, options: never): Promise<unknown> };
}

/**
 * Plays a run of five answers of the model, each but the last with one call of a tool.
 *
 * @param asked - Called when the model is asked, before it answers.
 */
export async function playSteps(
  store: RunningStore,
  sessionId: string,
  asked: () => Promise<void>,
): Promise<void> {
  setTracingDisabled(true);
  let answers = 0;
  const model: Model = {
    async getResponse() {
      await asked();
      const call = functionCall('look', {}, { callId: `c${++answers}` });
      const output = [answers === ANSWERS ? assistantMessage('Done.') : call];
      return { usage: new Usage(), output, responseId: `r${answers}` };
    },
    getStreamedResponse: () => {
      throw new Error('nothing is streamed here');
    },
  };
  const look = tool({
    name: 'look',
    description: 'Looks',
    parameters: z.object({}),
    execute: async () => 'seen',
  });
  const agent = new Agent({ name: 'Clerk', model, tools: [look] });
  await store.runs.start(agent, 'Look.', { session: store.session(sessionId) } as never);
}
