import { checkOptions, isList, isSignal, isWholeNumber, type OptionCheck } from '../port/options.js';
import type { StoredRun } from '../port/runs.js';
import { startTimer } from '../port/timers.js';
import type { AnyAgent } from './agent-view.js';
import { storeErrorIn } from './run-errors.js';
import type { RunStore } from './run-store.js';

/** What `store.runs.work` takes. */
export interface WorkOptions {
  /** The agents that runs begin with, each with a name of its own. Runs of other agents are left to others. */
  agents: readonly AnyAgent[];
  /** The context of a run, as `run()` gets it. Default: none. */
  context?: ((run: { readonly agent: string; readonly tenant: string | undefined }) => unknown) | undefined;
  /** How many runs are worked on at once. Default 1. */
  concurrency?: number | undefined;
  /** After so many attempts without an end, or a place to wait, a run fails, and its `error` says so. Default 5. */
  maxAttempts?: number | undefined;
  /** How long it waits where there is nothing to do, in ms. Default 1000. */
  interval?: number | undefined;
  /** As for `start`. */
  lease?: number | undefined;
  /** As for `start`. */
  maxStateBytes?: number | undefined;
  /** Ends it. Without one it works for ever. */
  signal?: AbortSignal | undefined;
  /** Told of what ended an attempt; a run that failed says so itself. Default: nobody. */
  onError?: ((error: unknown) => void) | undefined;
}

const isFunction: OptionCheck = (value) => (typeof value === 'function' ? undefined : 'a function');

const CHECKS: Readonly<Record<keyof WorkOptions, OptionCheck>> = {
  agents: (value) => (isList(value) && value.length > 0 ? undefined : 'an array of agents'),
  context: isFunction,
  concurrency: isWholeNumber(1),
  maxAttempts: isWholeNumber(1),
  interval: isWholeNumber(1),
  lease: isWholeNumber(100),
  maxStateBytes: isWholeNumber(1),
  signal: isSignal,
  onError: isFunction,
};

/** What a worker does with a run. */
interface Worker {
  /** The name of the agent that a run began with; `undefined` where this process cannot go on with it. */
  nameOf(run: StoredRun): string | undefined;
  /** How often somebody began to work on it since it last waited. */
  attemptsOf(run: StoredRun): number;
  resume(
    agent: AnyAgent,
    run: StoredRun,
    how: { context: unknown; lease: number | undefined; maxStateBytes: number | undefined },
  ): Promise<unknown>;
  giveUp(run: StoredRun, error: { name: string; message: string }): Promise<void>;
}

/** How many runs are looked at in one page. */
const PAGE = 100;

/** See `store.runs.work`. */
export async function workOnRuns(store: RunStore, options: WorkOptions, worker: Worker): Promise<void> {
  checkOptions('runs.work', options, CHECKS);
  const {
    agents,
    context,
    concurrency = 1,
    maxAttempts = 5,
    interval = 1000,
    lease,
    maxStateBytes,
    signal,
    onError,
  } = options;
  if (!agents) throw new TypeError('runs.work: option "agents" must be an array of agents.');
  const byName = new Map(agents.map((agent) => [agent.name, agent]));
  const underWay = new Map<string, Promise<void>>();
  const workOn = async (run: StoredRun, agent: AnyAgent) => {
    const attempts = worker.attemptsOf(run);
    if (attempts >= maxAttempts) {
      const message = `Of ${attempts} attempts none came to an end: the process ended, or lost the run.`;
      return worker.giveUp(run, { name: 'TooManyAttempts', message });
    }
    const tenant = run.tenant === '' ? undefined : run.tenant;
    const own = context?.({ agent: agent.name, tenant });
    await worker.resume(agent, run, { context: own, lease, maxStateBytes });
  };
  const begin = (run: StoredRun, agent: AnyAgent) => {
    const done = workOn(run, agent)
      .catch((error: unknown) => onError?.(storeErrorIn(error) ?? error))
      .finally(() => underWay.delete(run.runId));
    underWay.set(run.runId, done);
  };
  while (!signal?.aborted) {
    let isIdle = true;
    for (let after: string | undefined; underWay.size < concurrency && !signal?.aborted; ) {
      const page = await store.list({
        state: 'running',
        free: true,
        tenant: store.host.tenant,
        after,
        limit: PAGE,
      });
      for (const run of page) {
        const agent = byName.get(worker.nameOf(run) ?? '');
        if (!agent || underWay.has(run.runId) || underWay.size >= concurrency) continue;
        isIdle = false;
        begin(run, agent);
      }
      after = page.at(-1)?.runId;
      if (page.length < PAGE) break;
    }
    // one that ends makes room; what is under way is waited for anyway
    if (underWay.size >= concurrency) await Promise.race(underWay.values());
    else if (isIdle) await pause(interval, signal);
  }
  await Promise.all(underWay.values());
}

/** Waits, or until the signal aborts. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = startTimer(ms, done);
    signal?.addEventListener('abort', done);
  });
}
