import { Agent, type Model, setTracingDisabled, tool, Usage } from '@openai/agents-core';
import { assistantMessage, functionCall } from '@openai/agents-core/testing';
import type { World } from './world.ts';

setTracingDisabled(true);

const look = tool({
  name: 'look',
  description: 'Looks.',
  parameters: { type: 'object', properties: {}, required: [], additionalProperties: false },
  strict: true,
  execute: async () => 'seen',
});

/** A model that has the tool called once, and is done. */
function scripted(): Model {
  let answers = 0;
  return {
    async getResponse() {
      const call = functionCall('look', {}, { callId: `c${++answers}` });
      return {
        usage: new Usage(),
        output: [answers === 2 ? assistantMessage('Done.') : call],
        responseId: `r${answers}`,
      };
    },
    getStreamedResponse: () => {
      throw new Error('nothing is streamed here');
    },
  };
}

/** A run that is kept step by step, and asked for again; then its conversation is removed, and the run with it. */
export async function playRun(world: World): Promise<void> {
  const { calls } = world;
  const id = `run-${Math.floor(world.random() * 1_000_000)}`;
  const agent = new Agent({ name: 'Clerk', model: scripted(), tools: [look] });
  const options = { session: world.plain.session(id), runId: id };
  await calls.make('runs.start', () => world.plain.runs.start(agent, 'Look.', options));
  await calls.make('runs.retrieve', () => world.plain.runs.retrieve(id));
  await world.remove(id);
}
