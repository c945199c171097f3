import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Agent,
  type AgentInputItem,
  RunContext,
  type RunContextAwareSession,
  Runner,
  type Session,
} from '@openai/agents-core';

/** What an application hands to its runs. */
export interface SceneContext {
  readonly tenant: string;
}

const playing = new AsyncLocalStorage<SceneContext>();

/** Plays with this context in all runs. */
export function withContext<T>(context: SceneContext, play: () => Promise<T>): Promise<T> {
  return playing.run(context, play);
}

/** Begins a run, as the SDK's runner does. */
type Start = (agent: Agent, input: string, options: object) => Promise<unknown>;

const starting = new AsyncLocalStorage<Start>();

/** Plays with runs that something else than the SDK's runner begins. */
export function withStart<T>(start: Start, play: () => Promise<T>): Promise<T> {
  return starting.run(start, play);
}

const sdk = new Runner({ tracingDisabled: true });
const run = (agent: Agent, input: string, options: object) =>
  (starting.getStore() ?? sdk.run.bind(sdk))(agent, input, { ...options, context: playing.getStore() });

/** The SDK's runner, with the context of the scene in every run. */
export const runner = { run: run as unknown as Runner['run'] };

/** Reads a conversation outside of a run. */
export function readByHand(session: Session): Promise<AgentInputItem[]> {
  return (session as RunContextAwareSession).getItems(undefined, new RunContext(playing.getStore()));
}

/** Writes to a conversation outside of a run. */
export function addByHand(session: Session, items: AgentInputItem[]): Promise<void> {
  return (session as RunContextAwareSession).addItems(items, new RunContext(playing.getStore()));
}
