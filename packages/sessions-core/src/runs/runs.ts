import type { RunContext, RunResult, StreamedRunResult } from '@openai/agents-core';
import { givenIds } from '../ids/tenant-id.js';
import { canonicalText } from '../items/item-codec.js';
import { isList } from '../port/options.js';
import type { RunHold, StoredRun } from '../port/runs.js';
import type { Conversation } from '../session/conversation-calls.js';
import { callsOf, StoreSession } from '../session/session.js';
import type { SessionHost } from '../session/session-host.js';
import { readableRuns, readValue, shownId } from '../turns/pending-runs.js';
import { type AnyAgent, checkAgent } from './agent-view.js';
import { Pause } from './pause.js';
import type { RunDecision } from './run-decision.js';
import {
  type CallDecision,
  checkDecisions,
  cursorOf,
  decideCalls,
  type PendingOptions,
  pendingQuery,
  type RunPage,
} from './run-decisions.js';
import { endRun } from './run-ending.js';
import { runActive, runCancelled, runFailed, runIsAnother, runTooLarge } from './run-errors.js';
import { checkReadable, isReadable, ownFormat } from './run-format.js';
import { type RunContent, type RunInfo, shownRun } from './run-info.js';
import { decisionKey, RunJournal, valueText } from './run-journal.js';
import { type RunResumeOptions, type RunStartOptions, readOptions } from './run-options.js';
import { play, type Result, type RunOutcome, type SdkRunOptions, type Stream } from './run-player.js';
import { RunSession } from './run-session.js';
import { type FoundRun, nameOf, newRunId, type RunInput, RunStore } from './run-store.js';
import { type WorkOptions, workOnRuns } from './run-worker.js';

/** What is needed to work on a run. */
interface Work {
  readonly agent: AnyAgent;
  readonly conversation: Conversation;
  readonly session: StoreSession;
  readonly runContext: RunContext<unknown>;
  readonly lease: number;
  readonly maxStateBytes: number;
  readonly stream: boolean;
  readonly options: SdkRunOptions;
}

/**
 * The runs of a store, or of one tenant: `store.runs`, `store.scoped(tenant).runs`. A run outlives the process that works on it: what its
 * model answers and its tools return is kept as it comes, and another process goes on from there.
 *
 * @example
 * ```ts
 * const result = await store.runs.start(agent, 'Where is my order?', { session: store.session('chat_123'), runId: 'request_7' });
 * ```
 */
export class Runs {
  readonly #store: RunStore;
  readonly #hostOf: (tenant: string) => SessionHost;

  /** Made by the store. */
  constructor(host: SessionHost, hostOf: (tenant: string) => SessionHost) {
    this.#store = new RunStore(host);
    this.#hostOf = hostOf;
  }

  /**
   * Runs an agent, as `run()` of the SDK with this session does, with the same result, streamed or not. Each answer of the model and
   * each result of a function tool is kept before the run goes on. At its end the turn, what was used and the end of the run are stored in one
   * transaction: until then other readers do not see it. A run that needs approvals waits, as a row.
   *
   * Where there is a run with this `runId` already none is begun: the call joins it, goes on with it if nobody does, or returns its result.
   *
   * @returns What `run()` returns.
   * @throws TypeError for an unknown option. SessionError `RUN_ACTIVE` while another run of the conversation is under way;
   * `ITEM_TOO_LARGE` beyond `maxStateBytes`; `OPERATION_CONFLICT` where the `runId` is that of another input or conversation; `RUN_LOST` where this process was stopped for longer than the
   * lease; `RUN_CANCELLED`; `RUN_FAILED` for one that failed before; `RUN_INCOMPATIBLE` for one of a newer version; `UNSUPPORTED` for tools that cannot be recorded; what `run()` throws.
   * @example
   * ```ts
   * const session = store.session('chat_123');
   * const result = await store.runs.start(agent, 'Pay the invoice.', { session, runId: 'request_7' });
   * if (result.interruptions.length > 0) console.log('somebody has to approve');
   * ```
   */
  start<TAgent extends AnyAgent, TContext = unknown>(
    agent: TAgent,
    input: RunInput,
    options: RunStartOptions<TContext> & { stream: true },
  ): Promise<StreamedRunResult<TContext, TAgent>>;
  start<TAgent extends AnyAgent, TContext = unknown>(
    agent: TAgent,
    input: RunInput,
    options: RunStartOptions<TContext> & { stream?: false | undefined },
  ): Promise<RunResult<TContext, TAgent>>;
  async start(
    agent: AnyAgent,
    input: RunInput,
    given: RunStartOptions & { stream?: boolean | undefined },
  ): Promise<Result | Stream> {
    checkAgent('runs.start', agent);
    const { session, runId = newRunId(), exclusive, context, ...how } = readOptions('runs.start', given);
    if (typeof input !== 'string' && !isList(input))
      throw new TypeError('runs.start: the input must be a text or an array of items.');
    const runContext = await runContextOf(context);
    const conversation = this.#conversation(session, runContext);
    const storedId = this.#store.storedId(runId, givenIds(conversation.storedId).tenant);
    const work: Work = { agent, conversation, session: session as StoreSession, runContext, ...how };
    const content: RunContent = { input, agent: agent.name, ...(await ownFormat()) };
    const run = {
      runId: storedId,
      sessionId: conversation.storedId,
      tenant: givenIds(conversation.storedId).tenant ?? '',
      content: valueText(this.#store.codec(storedId), content),
      alone: exclusive !== false,
      lease: how.lease,
    };
    if (Buffer.byteLength(run.content) > how.maxStateBytes) throw runTooLarge(runId, how.maxStateBytes);
    for (const pause = new Pause(how.options.signal); ; ) {
      const { outcome, run: there } = await this.#store.create(run);
      if (outcome === 'created')
        return this.#execute({ run: there, entries: [] }, work, holdOf(there, how.lease));
      if (outcome === 'found') {
        const kept = this.#store.content(there);
        checkReadable(runId, kept, await ownFormat());
        const { input: begun } = kept;
        const isSame = there.sessionId === run.sessionId && canonicalText(begun) === canonicalText(input);
        if (!isSame) throw runIsAnother(runId);
        return this.#goOn(storedId, work);
      }
      if (exclusive === 'reject') throw runActive(shownId(there));
      if (exclusive === 'takeover') await this.#store.settle({ ...nameOf(there), state: 'cancelled' });
      else await pause.next();
    }
  }

  /**
   * Goes on with a run: after its process ended, or after decisions. Whoever calls it how often, it goes on once: while somebody works on it
   * the call waits and joins; a run that has ended, or waits for decisions, is answered again.
   *
   * @param agent - As it began: with the same tools and handoffs.
   * @returns As {@link start}.
   * @throws SessionError `NOT_FOUND`; what {@link start} throws.
   * @example
   * ```ts
   * const result = await store.runs.resume(agent, 'request_7');
   * ```
   */
  resume<TAgent extends AnyAgent, TContext = unknown>(
    agent: TAgent,
    runId: string,
    options: RunResumeOptions<TContext> & { stream: true },
  ): Promise<StreamedRunResult<TContext, TAgent>>;
  resume<TAgent extends AnyAgent, TContext = unknown>(
    agent: TAgent,
    runId: string,
    options?: RunResumeOptions<TContext> & { stream?: false | undefined },
  ): Promise<RunResult<TContext, TAgent>>;
  async resume(
    agent: AnyAgent,
    runId: string,
    given: RunResumeOptions & { stream?: boolean | undefined } = {},
  ): Promise<Result | Stream> {
    checkAgent('runs.resume', agent);
    const { run } = await this.#store.found(this.#store.storedId(runId));
    return this.#resume(agent, run, given);
  }

  async #resume(
    agent: AnyAgent,
    run: StoredRun,
    given: RunResumeOptions & { stream?: boolean | undefined },
  ): Promise<Result | Stream> {
    const { session: own, context, runId: _, exclusive: __, ...how } = readOptions('runs.resume', given);
    const runContext = await runContextOf(context);
    const session = (own as StoreSession | undefined) ?? this.#sessionOf(run);
    const conversation = this.#conversation(session, runContext);
    if (conversation.storedId !== run.sessionId)
      throw new TypeError('runs.resume: the option "session" is not the conversation of the run.');
    return this.#goOn(run.runId, { agent, conversation, session, runContext, ...how });
  }

  /**
   * What is known of a run.
   *
   * @throws SessionError `NOT_FOUND`
   * @example
   * ```ts
   * const { state, pending } = await store.runs.retrieve('request_7');
   * ```
   */
  async retrieve(runId: string): Promise<RunInfo> {
    return this.#shown(await this.#store.found(this.#store.storedId(runId)));
  }

  /**
   * The runs that wait for decisions, over all conversations, with the calls that are to be decided.
   *
   * @throws TypeError for an unknown option.
   * @example
   * ```ts
   * const { data } = await store.runs.pending();
   * for (const { id, pending } of data) console.log(id, pending.map(({ tool, arguments: given }) => `${tool} ${given}`));
   * ```
   */
  async pending(options: PendingOptions = {}): Promise<RunPage> {
    const { query, limit } = pendingQuery(options, this.#store.host.tenant);
    const found = await this.#store.list({ ...query, limit: limit + 1 });
    const data = found.slice(0, limit);
    const last = data.at(-1);
    return {
      data: readableRuns(data, this.#store.host, (run) => this.#shown({ run, entries: [] })),
      ...(found.length > limit && last && { nextCursor: cursorOf(last) }),
    };
  }

  /**
   * Keeps decisions about calls of a run that waits. When all of its calls are decided, the next {@link resume} or worker goes on. The same
   * decision again changes nothing, also when the run has gone on.
   *
   * @param decisions - For each call whether it is approved, why not, and by whom.
   * @returns The run, with its decisions.
   * @throws TypeError for decisions of another form. SessionError `RUN_DECIDED` where somebody decided otherwise before: the message says who and
   * when; `NOT_FOUND` for a run or a call that is not there. Of several decisions those before the one that is refused are kept.
   * @example
   * ```ts
   * await store.runs.decide('request_7', [{ callId: 'call_1', approve: true, by: 'ada' }]);
   * ```
   */
  async decide(runId: string, decisions: readonly CallDecision[]): Promise<RunInfo> {
    checkDecisions(decisions);
    await decideCalls(this.#store, runId, decisions);
    return this.retrieve(runId);
  }

  /**
   * Cancels a run that has not ended. Who works on it is told at the next step, or when the lease is renewed: its signal aborts, and the call fails
   * with `RUN_CANCELLED`. Nothing of the run comes into the conversation.
   *
   * @returns The run; as it ended, where it had ended before.
   * @throws SessionError `NOT_FOUND`
   * @example
   * ```ts
   * await store.runs.cancel('request_7');
   * ```
   */
  async cancel(runId: string): Promise<RunInfo> {
    const storedId = this.#store.storedId(runId);
    const { run } = await this.#store.found(storedId);
    await this.#store.settle({ ...nameOf(run), state: 'cancelled' });
    return this.retrieve(runId);
  }

  /**
   * Works on runs that nobody works on: those whose process ended, and those whose calls have all been decided. Ends when the signal aborts, and
   * what it has begun then is done.
   *
   * @throws TypeError for an unknown option. SessionError `UNSUPPORTED` (`supports.runs` is not true).
   * @example
   * ```ts
   * const controller = new AbortController();
   * await store.runs.work({ agents: [agent], concurrency: 5, signal: controller.signal });
   * ```
   */
  async work(options: WorkOptions): Promise<void> {
    const format = await ownFormat();
    const told = new Set<string>();
    return workOnRuns(this.#store, options, {
      nameOf: (run) => {
        const content = this.#store.readable(run, told);
        return content && isReadable(content, format) ? content.agent : undefined;
      },
      attemptsOf: (run) => run.fence - (this.#store.content(run).waited ?? 0),
      resume: (agent, run, how) => this.#resume(agent, run, how),
      giveUp: (run, error) => this.#giveUp(run, error),
    });
  }

  /** Ends a run that nobody could end, with the reason. */
  async #giveUp(run: StoredRun, error: RunContent['error'] & object): Promise<void> {
    const content = valueText(this.#store.codec(run.runId), { ...this.#store.content(run), error });
    const taken = await this.#store.take(nameOf(run), GIVING_UP);
    if (taken) await this.#store.settle({ ...holdOf(taken, GIVING_UP), state: 'failed', content });
  }

  async #goOn(runId: string, work: Work): Promise<Result | Stream> {
    for (const pause = new Pause(work.options.signal); ; ) {
      const found = await this.#store.found(runId);
      const { run } = found;
      checkReadable(shownId(run), this.#store.content(run), await ownFormat());
      if (run.state === 'failed') throw runFailed(shownId(run));
      if (run.state === 'cancelled') throw runCancelled(shownId(run));
      const isPlayed = run.state === 'done' || (run.state === 'waiting' && !this.#hasDecisions(found));
      if (isPlayed) return this.#execute(found, work, undefined);
      const isFree = run.state === 'waiting' || run.heldFor <= 0;
      const taken = isFree ? await this.#store.take(nameOf(run), work.lease) : undefined;
      if (taken) return this.#execute(await this.#store.found(runId), work, holdOf(taken, work.lease));
      await pause.next();
    }
  }

  /** Whether somebody decided about a call that the run waits for. */
  #hasDecisions({ run, entries }: FoundRun): boolean {
    const keys = new Set(entries.map(({ key }) => key));
    return (this.#store.content(run).calls ?? []).some(({ callId }) => keys.has(decisionKey(callId)));
  }

  /** @param hold - Absent where the run is only played again. */
  async #execute(
    { run, entries }: FoundRun,
    work: Work,
    hold: RunHold | undefined,
  ): Promise<Result | Stream> {
    const { agent, conversation, session, runContext, stream, options, maxStateBytes } = work;
    const codec = this.#store.codec(run.runId);
    const content = this.#store.content(run);
    const ended = async (outcome: RunOutcome) => {
      if (!hold) return;
      if (outcome.kind !== 'waits') {
        const { kind: state, turn } = outcome;
        const error = 'error' in outcome ? reasonOf(outcome.error) : undefined;
        const usage = 'usage' in outcome ? outcome.usage : [];
        const text = error && valueText(codec, { ...content, error });
        return endRun(this.#store.host, conversation, hold, { state, turn, usage, content: text });
      }
      const waiting: RunContent = { ...content, calls: outcome.calls, waited: hold.fence };
      const isKept = await this.#store.settle({
        ...hold,
        state: 'waiting',
        content: valueText(codec, waiting),
      });
      if (!isKept) throw await this.#store.whyLost(hold);
    };
    return play({
      agent,
      input: content.input,
      journal: new RunJournal(this.#store, codec, entries, hold, {
        kept: bytesOf([run, ...entries]),
        atMost: maxStateBytes,
      }),
      session: new RunSession(session),
      runContext,
      stream,
      options,
      ended,
    });
  }

  #shown({ run, entries }: FoundRun): RunInfo {
    const codec = this.#store.codec(run.runId);
    const kept = new Map(entries.map(({ key, content }) => [key, content]));
    return shownRun(run, codec, (callId) => {
      const content = kept.get(decisionKey(callId));
      return content === undefined ? undefined : (readValue(codec, content) as RunDecision);
    });
  }

  /** @throws TypeError for a session of another store, or of another tenant. */
  #conversation(session: unknown, runContext: RunContext<unknown>): Conversation {
    const { host } = this.#store;
    const calls = callsOf(session);
    const conversation = calls?.host.store === host.store ? calls.conversationOf(runContext) : undefined;
    const isOwn = host.tenant === undefined || givenIds(conversation?.storedId ?? '').tenant === host.tenant;
    if (conversation && isOwn) return conversation;
    throw new TypeError('runs: the option "session" must be a session of this store.');
  }

  #sessionOf({ sessionId: storedId }: StoredRun): StoreSession {
    const { host } = this.#store;
    const { tenant, sessionId } = givenIds(storedId);
    return new StoreSession(
      sessionId,
      tenant === undefined || host.tenant === tenant ? host : this.#hostOf(tenant),
    );
  }
}

/** In ms: for how long a run is held to be given up. */
const GIVING_UP = 60_000;

function holdOf(run: StoredRun, lease: number): RunHold {
  return { ...nameOf(run), fence: run.fence, lease };
}

async function runContextOf(context: unknown): Promise<RunContext<unknown>> {
  const { RunContext } = await import('@openai/agents-core');
  return context instanceof RunContext ? (context as RunContext<unknown>) : new RunContext(context);
}

function bytesOf(kept: readonly { readonly content: string }[]): number {
  return kept.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
}

function reasonOf(error: unknown): { name: string; message: string } {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: 'Error', message: String(error) };
}
