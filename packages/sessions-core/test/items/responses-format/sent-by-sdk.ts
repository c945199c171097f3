import { OpenAIResponsesModel, setTracingDisabled, withTrace } from '@openai/agents';
import type { AgentInputItem } from '@openai/agents-core';

setTracingDisabled(true);

/** What the SDK's model for the Responses API sends for items. Throws what its converter throws. */
export async function sentBySdk(items: readonly AgentInputItem[]): Promise<Record<string, unknown>[]> {
  let input: unknown;
  const data = { id: 'resp_1', output: [], usage: {} };
  const client = {
    baseURL: 'https://api.example.com',
    responses: {
      create(request: { input: unknown }) {
        input = request.input;
        return Object.assign(Promise.resolve(data), {
          withResponse: () => Promise.resolve({ data, response: new Response(), request_id: 'r_1' }),
        });
      },
    },
  };
  const model = new OpenAIResponsesModel(client as never, 'gpt-5');
  const request = {
    input: [...items],
    modelSettings: {},
    tools: [],
    outputType: 'text',
    handoffs: [],
    tracing: false,
  };
  await withTrace('test', () => model.getResponse(request as never));
  return JSON.parse(JSON.stringify(input)) as Record<string, unknown>[];
}
