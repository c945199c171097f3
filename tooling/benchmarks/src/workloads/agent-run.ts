import { Agent, type AgentInputItem, Runner, type Session, tool } from '@openai/agents-core';
import { assistantMessage, functionCall, ScriptedModel } from '@openai/agents-core/testing';
import { z } from 'zod';
import type { Arena } from '../arena.ts';
import type { Conversations } from '../contender.ts';
import { WrongAnswer } from '../items.ts';
import type { WorkloadResult } from '../results.ts';
import { timed } from './timing.ts';

const runner = new Runner({ tracingDisabled: true });
const weather = tool({
  name: 'weather',
  description: 'Weather of a city',
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => `sunny in ${city}`,
});
/** The question, the call, its output, the answer. */
const ITEMS_OF_RUN = 4;

/** A run of the SDK with a tool call, on a model that has its answers ready: what is left is the SDK and the session. */
export function agentRun(arena: Arena): Promise<WorkloadResult> {
  return arena.compare({
    workload: 'agent-run',
    title: 'agent run with a tool call',
    unit: 'ms',
    repeats: arena.effort.operations,
    async measure({ conversations }, round, repeat) {
      const id = `run-${round}`;
      const model = new ScriptedModel([
        [functionCall('weather', { city: 'Oslo' }, { callId: `call-${repeat}` })],
        [assistantMessage('It is sunny in Oslo.', { id: `message-${repeat}` })],
      ]);
      const agent = new Agent({ name: 'Guide', model, tools: [weather] });
      const session = conversations.session?.(id) ?? new PlainSession(id, conversations);
      const { ms } = await timed(() => runner.run(agent, `Question ${repeat}`, { session }));
      checkRuns(await conversations.newest(id, 1 + (repeat + 1) * ITEMS_OF_RUN), repeat + 1);
      return ms;
    },
  });
}

function checkRuns(items: readonly AgentInputItem[], runs: number): void {
  const kinds = items.map((item) => ('role' in item ? item.role : item.type));
  const expected = Array.from({ length: runs }, () => [
    'user',
    'function_call',
    'function_call_result',
    'assistant',
  ]);
  if (kinds.join() !== expected.flat().join())
    throw new WrongAnswer(`after ${runs} runs there are ${items.length} items: ${[...new Set(kinds)]}`);
}

/** The five methods of the SDK's `Session`, over the calls of any library. */
class PlainSession implements Session {
  readonly #id: string;
  readonly #conversations: Conversations;

  constructor(id: string, conversations: Conversations) {
    this.#id = id;
    this.#conversations = conversations;
  }

  async getSessionId(): Promise<string> {
    return this.#id;
  }

  getItems(limit = 1_000_000): Promise<AgentInputItem[]> {
    return this.#conversations.newest(this.#id, limit);
  }

  async addItems(items: AgentInputItem[]): Promise<void> {
    if (items.length > 0) await this.#conversations.append(this.#id, items);
  }

  async popItem(): Promise<AgentInputItem | undefined> {
    if (!this.#conversations.pop) throw new Error('this library cannot remove the newest item');
    return this.#conversations.pop(this.#id);
  }

  clearSession(): Promise<void> {
    throw new Error('no run clears its session');
  }
}
