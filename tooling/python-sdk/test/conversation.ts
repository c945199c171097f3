import { Agent, type AgentInputItem, run, type Session, tool } from '@openai/agents';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents/testing';
import { z } from 'zod';
import type { PythonItem, PythonSession } from '../src/python-sdk.ts';

const getWeather = tool({
  name: 'get_weather',
  description: 'The weather in a city.',
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => `sunny in ${city}`,
});

/** One turn of an agent, with a call of its tool if a city is given. */
export interface Turn {
  readonly input: string;
  readonly city?: string;
  readonly answer: string;
}

/** Runs a turn with the JS SDK, and gives what its model was handed at first, as lines. */
export async function runInJs(session: Session, turn: Turn): Promise<string[]> {
  const model = modelOf(turn);
  await runWith(model, session, turn);
  const [first] = model.calls;
  if (!first) throw new Error('the model was not asked');
  return (first.request.input as AgentInputItem[]).map(lineOfJs);
}

/** Runs a turn with the JS SDK, and gives the result of the run. */
export function recordedRunInJs(session: Session, turn: Turn) {
  return runWith(modelOf(turn), session, turn);
}

function modelOf({ city, answer }: Turn): ScriptedModel {
  return new ScriptedModel([
    ...(city ? [[functionCall('get_weather', { city }, { callId: `js_${city}` })]] : []),
    [assistantMessage(answer)],
  ]);
}

function runWith(model: ScriptedModel, session: Session, { input }: Turn) {
  return run(new Agent({ name: 'Assistant', model, tools: [getWeather] }), input, { session });
}

/** Runs a turn with the Python SDK, and gives what its model was handed at first, as lines. */
export async function runInPython(session: PythonSession, { input, city, answer }: Turn): Promise<string[]> {
  const call = {
    type: 'function_call',
    call_id: `py_${city}`,
    name: 'get_weather',
    arguments: JSON.stringify({ city }),
  };
  const message = {
    type: 'message',
    id: `msg_${answer}`,
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: answer, annotations: [] }],
  };
  const { inputs } = await session.run(input, [...(city ? [[call]] : []), [message]]);
  return (inputs[0] ?? []).map(lineOfPython);
}

/** The lines that a turn leaves in a conversation. */
export function linesOf({ input, city, answer }: Turn): string[] {
  const tools = city ? [`call get_weather {"city":"${city}"}`, `result sunny in ${city}`] : [];
  return [`user: ${input}`, ...tools, `assistant: ${answer}`];
}

/** An item of the JS SDK in one line. */
export function lineOfJs(item: AgentInputItem): string {
  switch (item.type) {
    case 'function_call':
      return `call ${item.name} ${item.arguments}`;
    case 'function_call_result':
      return `result ${textOf(item.output)}`;
    default:
      return 'role' in item ? `${item.role}: ${textOf(item.content)}` : String(item.type);
  }
}

/** A row of the Python SDK in one line. */
export function lineOfPython(item: PythonItem): string {
  switch (item.type) {
    case 'function_call':
      return `call ${item.name} ${item.arguments}`;
    case 'function_call_output':
      return `result ${textOf(item.output)}`;
    default:
      return item.role ? `${item.role}: ${textOf(item.content)}` : String(item.type);
  }
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  const parts = Array.isArray(content) ? content : [content];
  return parts.map((part) => (part as { text?: string }).text ?? '').join('');
}
