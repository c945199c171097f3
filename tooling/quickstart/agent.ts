import { Agent, setTracingDisabled } from '@openai/agents';
import { OfflineModel } from './offline-model.ts';

/** Who answers, and what to tell the user about it. */
export interface Assistant {
  readonly agent: Agent;
  readonly description: string;
}

/** OpenAI where there is a key for it, else the offline stand-in. */
export function assistant(environment: NodeJS.ProcessEnv): Assistant {
  setTracingDisabled(true); // the conversation goes to the model and into the database, and nowhere else
  const profile = {
    name: 'Assistant',
    instructions:
      'You are a friendly assistant in a terminal. Answer in one or two short sentences of plain text.',
  };
  if (environment.OPENAI_API_KEY) {
    return { agent: new Agent(profile), description: 'OpenAI answers (OPENAI_API_KEY is set).' };
  }
  return {
    agent: new Agent({ ...profile, model: new OfflineModel() }),
    description:
      'An offline stand-in answers: no language model, it only looks things up in the conversation it is\n' +
      'handed. Set OPENAI_API_KEY to talk to OpenAI.',
  };
}
