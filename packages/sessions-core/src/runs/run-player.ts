import type {
  AgentInputItem,
  NonStreamRunOptions,
  RunContext,
  RunResult,
  RunToolApprovalItem,
  StreamedRunResult,
} from '@openai/agents-core';
import { SessionError } from '../port/errors.js';
import type { UsageRow } from '../port/usage.js';
import { usageRows } from '../usage/run-usage.js';
import { AgentViews, type AnyAgent } from './agent-view.js';
import { recordedProvider } from './recorded-model.js';
import type { RunDecision } from './run-decision.js';
import { storeErrorIn } from './run-errors.js';
import type { PendingCall } from './run-info.js';
import type { RunJournal } from './run-journal.js';
import type { RunSession, RunTurn } from './run-session.js';
import { endingWith } from './run-stream.js';

/** What `run()` of the SDK takes, but for what a run of a store is told in another way. */
export type SdkRunOptions = {
  [Name in Exclude<keyof SdkOptions, Own>]?: SdkOptions[Name] | undefined;
};

type SdkOptions = NonStreamRunOptions<unknown, AnyAgent>;
type Own = 'stream' | 'session' | 'context' | 'conversationId' | 'previousResponseId';

export type Result = RunResult<unknown, AnyAgent>;
export type Stream = StreamedRunResult<unknown, AnyAgent>;

/** What a run is played with. */
export interface Play {
  readonly agent: AnyAgent;
  readonly input: string | AgentInputItem[];
  readonly journal: RunJournal;
  readonly session: RunSession;
  readonly runContext: RunContext<unknown>;
  readonly stream: boolean;
  readonly options: SdkRunOptions;
  /** Ends the run, or lets it wait. */
  ended(outcome: RunOutcome): Promise<void>;
}

/** How a run came to its end, or to a place where it waits. */
export type RunOutcome =
  | { readonly kind: 'waits'; readonly calls: readonly Omit<PendingCall, 'decision'>[] }
  | { readonly kind: 'done'; readonly turn: RunTurn; readonly usage: readonly UsageRow[] }
  | { readonly kind: 'cancelled' | 'failed'; readonly turn: RunTurn; readonly error?: unknown };

/**
 * Plays a run from its beginning, by the SDK's runner: what is in the journal comes from there, and what comes after it from the
 * model and the tools.
 */
export async function play(run: Play): Promise<Result | Stream> {
  const { Runner, Usage } = await import('@openai/agents-core');
  const { journal, options, session } = run;
  const views = new AgentViews(journal, Usage);
  const provider = recordedProvider(new Runner().config.modelProvider, journal, Usage);
  const runner = new Runner({ modelProvider: provider });
  const signal = AbortSignal.any([...(options.signal ? [options.signal] : []), journal.lost]);
  const given = options as Omit<SdkOptions, Own>; // the SDK takes undefined for absent
  const call = { ...given, signal, session, context: run.runContext };
  const agent = views.of(run.agent);
  const applied = new Set<string>();
  let input: string | AgentInputItem[] | Result['state'] = run.input;
  for (;;) {
    let result: Result | Stream;
    if (run.stream) {
      const stream: Stream = await runner.run(agent, input, { ...call, stream: true });
      // what was not decided yet comes to the caller as it happens
      const isLast = applied.size >= journal.decisions;
      if (isLast || (await stream.completed.then(() => false, isTrue))) return streamed(run, stream, views);
      result = stream;
    } else {
      result = await runner.run(agent, input, call).catch((error: unknown) => failed(run, error));
    }
    const decided = result.interruptions.filter(
      (item) => !applied.has(callIdOf(item)) && decisionOf(run, item),
    );
    if (decided.length === 0 && run.stream) return streamed(run, result as Stream, views);
    if (decided.length === 0) {
      await run.ended(outcomeOf(run, result, views));
      return shown(result, views);
    }
    for (const item of decided) {
      applied.add(callIdOf(item));
      const { approve, reason } = decisionOf(run, item) as RunDecision;
      if (approve) result.state.approve(item);
      else result.state.reject(item, reason === undefined ? {} : { message: reason });
    }
    input = result.state;
  }
}

function isTrue(): boolean {
  return true;
}

function streamed(run: Play, stream: Stream, views: AgentViews): Stream {
  const ended = stream.completed.then(
    () => run.ended(outcomeOf(run, stream, views)),
    (error: unknown) => failed(run, error),
  );
  ended.catch(ignore); // the readers of the stream are told
  return endingWith(shown(stream, views), ended);
}

function ignore(): void {}

/** The agent that answered is the application's own. */
function shown<Given extends Result | Stream>(result: Given, views: AgentViews): Given {
  const prototype: object = Object.getPrototypeOf(result);
  const lastAgent = () => {
    const agent = Reflect.get(prototype, 'lastAgent', result) as AnyAgent | undefined;
    return agent && views.original(agent);
  };
  return Object.defineProperty(result, 'lastAgent', { get: lastAgent });
}

function outcomeOf(run: Play, result: Result | Stream, views: AgentViews): RunOutcome {
  const { journal, session } = run;
  journal.lost.throwIfAborted();
  if (result.interruptions.length > 0) {
    const calls = result.interruptions.map((item) => ({
      callId: callIdOf(item),
      tool: item.name ?? '',
      arguments: item.arguments ?? '',
      agent: item.agent.name,
    }));
    if (result.interruptions.every(({ agent }) => views.isView(agent))) return { kind: 'waits', calls };
    const message =
      'A tool of an agent that is a tool itself needs an approval. store.runs cannot wait for that: hand over to the agent instead.';
    throw new SessionError('UNSUPPORTED', message);
  }
  if ('cancelled' in result && result.cancelled) return { kind: 'cancelled', turn: session.turn };
  return { kind: 'done', turn: session.turn, usage: usageRows(result, {}) };
}

/** Ends a run that the SDK ended with an error, and tells of that, or of what led to it. */
async function failed(run: Play, error: unknown): Promise<never> {
  const { journal, session, options } = run;
  journal.lost.throwIfAborted();
  const own = storeErrorIn(error);
  // where the database is the reason, the run can go on later, wherever it is: this process holds it no longer
  if (own && own.code !== 'UNSUPPORTED' && own.code !== 'ITEM_TOO_LARGE') {
    journal.close();
    throw own;
  }
  const kind = options.signal?.aborted ? 'cancelled' : 'failed';
  // where it cannot be ended now, its lease ends: the error itself says more
  await run.ended({ kind, turn: session.turn, error: own ?? error }).catch(ignore);
  throw own ?? error;
}

function decisionOf({ journal }: Play, item: RunToolApprovalItem): RunDecision | undefined {
  return journal.decision(callIdOf(item));
}

function callIdOf({ rawItem }: RunToolApprovalItem): string {
  return ('callId' in rawItem ? rawItem.callId : rawItem.id) ?? '';
}
