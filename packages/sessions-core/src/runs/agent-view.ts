import type { Agent, FunctionTool, Handoff, Model, run, Tool } from '@openai/agents-core';
import { SessionError } from '../port/errors.js';
import { checkArgument } from '../port/options.js';
import { recordedModel, type UsageClass } from './recorded-model.js';
import { type RunJournal, toolKey } from './run-journal.js';

/** An agent of any context and output, as the SDK takes it. */
export type AnyAgent = Parameters<typeof run>[0];

/** Checks what was given as an agent. @throws TypeError */
export function checkAgent(owner: string, agent: unknown): asserts agent is AnyAgent {
  checkArgument(
    `${owner}: the first argument must be an agent.`,
    () => typeof (agent as AnyAgent).getAllTools === 'function',
  );
}

type Handoffs = AnyAgent['handoffs'];
type AnyTool = Tool<never>;

/** These work on the computer of the process: nothing says whether one that was begun has been done. */
const UNRECORDED: readonly string[] = ['computer', 'shell', 'apply_patch'];

/**
 * Agents as one run sees them: what their models and tools answer comes from its journal where it is there, and is kept where it is
 * new. The agents themselves stay as they are, and what they are otherwise, their listeners included, the views are too.
 */
export class AgentViews {
  readonly #journal: RunJournal;
  readonly #usageClass: UsageClass;
  readonly #views = new Map<AnyAgent, AnyAgent>();
  readonly #originals = new Map<AnyAgent, AnyAgent>();

  constructor(journal: RunJournal, usageClass: UsageClass) {
    this.#journal = journal;
    this.#usageClass = usageClass;
  }

  /** The agent as the run sees it: always the same object. */
  of(agent: AnyAgent): AnyAgent {
    if (this.#originals.has(agent)) return agent;
    const known = this.#views.get(agent);
    if (known) return known;
    const { model } = agent;
    let handoffs: Handoffs | undefined;
    const view: AnyAgent = Object.create(agent, {
      ...(typeof model === 'object' && {
        model: { value: recordedModel(model as Model, this.#journal, this.#usageClass), enumerable: true },
      }),
      // when they are asked for: agents may hand over to each other
      handoffs: {
        get: () => (handoffs ??= agent.handoffs.map((target) => this.#handoff(target))),
        enumerable: true,
      },
      getAllTools: {
        value: async (...parameters: Parameters<AnyAgent['getAllTools']>) =>
          (await agent.getAllTools(...parameters)).map((tool) => this.#tool(tool)),
      },
    });
    this.#views.set(agent, view);
    this.#originals.set(view, agent);
    return view;
  }

  /** Whether it is one of these. */
  isView(agent: AnyAgent): boolean {
    return this.#originals.has(agent);
  }

  /** The agent of the application. */
  original(view: AnyAgent): AnyAgent {
    return this.#originals.get(view) ?? view;
  }

  #handoff(target: Handoffs[number]): Handoffs[number] {
    if (!('onInvokeHandoff' in target)) return this.of(target as AnyAgent);
    const handoff = target as Handoff;
    return handoff.clone({
      agent: this.of(handoff.agent),
      onInvokeHandoff: async (...call) =>
        this.of((await handoff.onInvokeHandoff(...call)) as AnyAgent) as Agent,
    });
  }

  #tool<Given extends AnyTool>(tool: Given): Given {
    if (UNRECORDED.includes(tool.type)) {
      throw new SessionError(
        'UNSUPPORTED',
        `A tool of the type "${tool.type}" may have done its work when the process ends, without a record. Agents with such a tool ` +
          'cannot be run by store.runs; use run().',
      );
    }
    return tool.type === 'function' ? this.#functionTool(tool) : tool;
  }

  #functionTool<Given extends AnyTool>(tool: Given): Given {
    const { invoke } = tool as unknown as FunctionTool;
    const journal = this.#journal;
    const recorded: FunctionTool['invoke'] = async (runContext, input, details) => {
      const callId = details?.toolCall?.callId;
      if (callId === undefined || journal.isOver) return invoke(runContext, input, details);
      const key = toolKey(callId);
      if (journal.has(key)) return journal.get(key) as string;
      journal.open();
      const isRecorded = journal.offer(callId, details as object);
      const output: unknown = await invoke(runContext, input, details);
      await journal.keep(key, output);
      // what the tool recorded itself holds, whatever became of the tool afterwards
      if (isRecorded()) await journal.look(key);
      return journal.get(key) as string;
    };
    return Object.defineProperties({} as Given, {
      ...Object.getOwnPropertyDescriptors(tool),
      invoke: { value: recorded, enumerable: true, configurable: true, writable: true },
    });
  }
}
