import {
  type AgentOutputItem,
  type Model,
  type ModelRequest,
  type ModelResponse,
  type StreamEvent,
  Usage,
} from '@openai/agents';
import { textOf } from '@stackone/openai-agents-js-sessions';

/** Stands for a language model, without a network: pays the invoice that it is asked for, and says how that went. */
export class ScriptedClerk implements Model {
  getResponse({ input }: ModelRequest): Promise<ModelResponse> {
    const items = typeof input === 'string' ? [{ role: 'user' as const, content: input }] : input;
    const newest = items.at(-1);
    const text = newest ? textOf(newest) : '';
    const invoice = newest?.type === 'function_call_result' ? undefined : /\d+/.exec(text)?.[0];
    const output: AgentOutputItem =
      invoice === undefined
        ? {
            type: 'message',
            role: 'assistant',
            status: 'completed',
            content: [{ type: 'output_text', text: newest?.type ? text : 'Which invoice?' }],
          }
        : {
            type: 'function_call',
            callId: `call_${items.length}`,
            name: 'pay',
            arguments: JSON.stringify({ invoice }),
          };
    return Promise.resolve({ usage: new Usage(), output: [output] });
  }

  getStreamedResponse(): AsyncIterable<StreamEvent> {
    throw new Error('Nothing here streams.');
  }
}
