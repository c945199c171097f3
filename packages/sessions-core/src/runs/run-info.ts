import type { AgentInputItem } from '@openai/agents-core';
import { givenIds } from '../ids/tenant-id.js';
import type { ItemCodec } from '../items/item-codec.js';
import type { RunState, StoredRun } from '../port/runs.js';
import { readRun, shownId } from '../turns/pending-runs.js';
import type { RunDecision } from './run-decision.js';
import type { RunFormat } from './run-format.js';

/** A call that waits for a decision. */
export interface PendingCall {
  /** What `decide` names it by. */
  readonly callId: string;
  /** The name of the tool. */
  readonly tool: string;
  /** What the model calls it with: mostly JSON. */
  readonly arguments: string;
  /** The name of the agent that calls it. */
  readonly agent: string;
  /** What was decided, where the run has not gone on since. */
  readonly decision?: RunDecisionInfo;
}

/** What somebody decided about a call. */
export interface RunDecisionInfo {
  readonly approve: boolean;
  readonly reason?: string;
  readonly by?: string;
  readonly at: Date;
}

/** A run, without what is kept of its steps. */
export interface RunInfo {
  readonly id: string;
  /** The id of its conversation, as the session was given it. */
  readonly sessionId: string;
  /** The tenant; absent for a conversation without one. */
  readonly tenant?: string;
  /**
   * `running`: somebody works on it, or did until the process ended; `waiting`: for decisions about `pending`; `done`, `failed` and
   * `cancelled` are its ends.
   */
  readonly state: RunState;
  /** The name of the agent that it began with. */
  readonly agent: string;
  /** How often somebody began to work on it. */
  readonly attempts: number;
  readonly createdAt: Date;
  /** When it came to this state, or was taken last. */
  readonly changedAt: Date;
  /** The calls that wait for a decision; empty where none does. */
  readonly pending: readonly PendingCall[];
  /** Why it failed. */
  readonly error?: { readonly name: string; readonly message: string };
}

/** What is kept of a run besides its steps. */
export interface RunContent extends Partial<RunFormat> {
  readonly input: string | AgentInputItem[];
  readonly agent: string;
  readonly calls?: readonly Omit<PendingCall, 'decision'>[];
  /** The fence of who let it wait last. */
  readonly waited?: number;
  readonly error?: { readonly name: string; readonly message: string };
}

/** A run as it is shown. */
export function shownRun(
  run: StoredRun,
  codec: ItemCodec,
  decisionOf: (callId: string) => RunDecision | undefined,
): RunInfo {
  const { agent, calls = [], error } = readRun(codec, run) as RunContent;
  const { tenant, sessionId } = givenIds(run.sessionId);
  const pending = calls.map((call) => {
    const decision = decisionOf(call.callId);
    return decision ? { ...call, decision: shownDecision(decision) } : call;
  });
  return {
    id: shownId(run),
    sessionId,
    ...(tenant !== undefined && { tenant }),
    state: run.state,
    agent,
    attempts: run.fence,
    createdAt: new Date(run.createdAt),
    changedAt: new Date(run.changedAt),
    pending: run.state === 'waiting' ? pending : [],
    ...(error && { error }),
  };
}

function shownDecision({ approve, reason, by, at }: RunDecision): RunDecisionInfo {
  return {
    approve,
    ...(reason !== undefined && { reason }),
    ...(by !== undefined && { by }),
    at: new Date(at),
  };
}
