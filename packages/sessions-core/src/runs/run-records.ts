import { givenIds, tenantSessionId } from '../ids/tenant-id.js';
import { opened, sealed } from '../items/item-codec.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import { isSessionError } from '../port/errors.js';
import type { NewRun, RunEntry, RunName, RunState, RunVerbs, StoredRun } from '../port/runs.js';
import { throwIfAborted } from '../port/timers.js';
import type { SessionHost } from '../session/session-host.js';
import { shownId } from '../turns/pending-runs.js';
import { runsOf } from './run-ending.js';
import { type FoundRun, nameOf, RunStore } from './run-store.js';

/** A run that has not ended, apart from its store, with what is kept of its steps. */
export interface RunRecord {
  readonly id: string;
  /** The id of its conversation, as the session was given it. */
  readonly sessionId: string;
  /** Absent for a conversation without a tenant. */
  readonly tenant?: string;
  readonly state: 'running' | 'waiting';
  /** Whether it keeps others from its conversation: it was begun without `exclusive: false`. */
  readonly exclusive: boolean;
  /** How often somebody began to work on it. */
  readonly attempts: number;
  readonly createdAt: Date;
  readonly changedAt: Date;
  /** JSON that only stores read, not encrypted: its input, and what it waits for. */
  readonly content: string;
  /** Answers of models, results of tools and decisions: JSON that only stores read, not encrypted. */
  readonly steps: readonly { readonly key: string; readonly content: string }[];
}

/**
 * What became of a run that was to be written: `stored`; `same` (it is there already); `different` (there is one with its id and
 * something else, or another one in its place); `erased` (its conversation was erased a short time ago).
 */
export type RunWriting = 'stored' | 'same' | 'different' | 'erased';

/** Runs that are listed at once. */
const LISTED = 200;

/** Which runs are read. */
export interface RunSelection {
  readonly tenant?: string | undefined;
  /** What a conversation is stored under. */
  readonly sessionId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whether the store has a table for runs. */
export function keepsRuns(host: SessionHost): Promise<boolean> {
  return host.perform('runs.list', () => ({
    storedId: '',
    work: ({ supports, runs }) => supports.runs === true && runs !== undefined,
  }));
}

/** Runs that have not ended, each as it was at one moment. */
export async function* openRuns(host: SessionHost, selection: RunSelection = {}): AsyncGenerator<FoundRun> {
  const store = new RunStore(host);
  const { signal, ...query } = selection;
  const seen = new Set<string>();
  // once more at the end: those that were listed nowhere, as they went on meanwhile
  for (const state of ['running', 'waiting', 'running'] as const)
    for (let after: string | undefined, isLast = false; !isLast; ) {
      await throwIfAborted(signal);
      const page = await store.list({ ...query, state, after, limit: LISTED });
      for (const { runId } of page) {
        if (seen.has(runId)) continue;
        seen.add(runId);
        const found = await store.read(runId);
        if (found && isOpen(found.run.state)) yield found;
      }
      isLast = page.length < LISTED;
      after = page.at(-1)?.runId;
    }
}

/** Whether a run has not ended. */
export function isOpen(state: RunState): state is RunRecord['state'] {
  return state === 'running' || state === 'waiting';
}

/** @throws SessionError `DECRYPTION_FAILED` */
export function runRecord(host: SessionHost, { run, entries }: FoundRun): RunRecord {
  const codec = new RunStore(host).codec(run.runId);
  const { sessionId, tenant } = givenIds(run.sessionId);
  return {
    id: shownId(run),
    sessionId,
    ...(tenant !== undefined && { tenant }),
    state: run.state as RunRecord['state'],
    exclusive: run.alone,
    attempts: run.fence,
    createdAt: new Date(run.createdAt),
    changedAt: new Date(run.changedAt),
    content: opened(codec, run.content),
    steps: entries
      .map(({ key, content }) => ({ key, content: opened(codec, content) }))
      .sort((one, other) => (one.key < other.key ? -1 : 1)),
  };
}

/**
 * Writes a run as it was elsewhere, in one transaction. Nothing that is there is changed.
 *
 * @throws TypeError for ids that no store takes.
 */
export async function writeRun(host: SessionHost, record: RunRecord): Promise<RunWriting> {
  const { run, entries } = storedRun(host, record);
  const store = new RunStore(host);
  const there = await store.read(run.runId);
  if (there) return isSame(record, runRecord(host, there)) ? 'same' : 'different';
  try {
    const outcome = await host.atomically((inner) => {
      const verbs = runsOf(inner);
      return whenReady(verbs.create(run), (creation) =>
        creation.outcome === 'created'
          ? whenReady(addAll(verbs, run, entries), () => creation.outcome)
          : creation.outcome,
      );
    });
    return outcome === 'created' ? 'stored' : 'different';
  } catch (error) {
    if (isSessionError(error) && error.code === 'SESSION_ERASED') return 'erased';
    throw error;
  }
}

/**
 * Brings a run that was written before to where it is now, if nobody went on with it since.
 *
 * @returns Whether it was done.
 */
export async function writeRunAgain(host: SessionHost, record: RunRecord): Promise<boolean> {
  const { run, entries } = storedRun(host, record);
  const there = await new RunStore(host).read(run.runId);
  if (!there || !isBefore(runRecord(host, there), there.run, record)) return false;
  await host.atomically((inner) => {
    const verbs = runsOf(inner);
    return whenReady(addAll(verbs, run, entries), () =>
      whenReady(verbs.settle({ ...nameOf(there.run), state: 'waiting', content: run.content }), () =>
        record.state === 'running' ? verbs.settle({ ...nameOf(there.run), state: 'running' }) : true,
      ),
    );
  });
  return true;
}

/** Whether it is what the other one was before, and nobody works on it. */
function isBefore(before: RunRecord, { heldFor }: StoredRun, after: RunRecord): boolean {
  const steps = new Map(after.steps.map(({ key, content }) => [key, content]));
  return (
    isOpen(before.state) &&
    heldFor <= 0 &&
    before.sessionId === after.sessionId &&
    before.tenant === after.tenant &&
    +before.createdAt === +after.createdAt &&
    before.steps.every(({ key, content }) => steps.get(key) === content)
  );
}

function isSame(record: RunRecord, there: RunRecord): boolean {
  return said(record) === said(there);
}

/** How often somebody worked on it, and when, says nothing about what it is. */
function said({ attempts: _, changedAt: __, tenant = '', ...record }: RunRecord): string {
  const { id, sessionId, state, exclusive, createdAt, content, steps } = record;
  const sorted = steps
    .map(({ key, content: text }) => [key, text])
    .sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return JSON.stringify([id, tenant, sessionId, state, exclusive, createdAt, content, sorted]);
}

/** The run as the store keeps it, held by nobody. */
function storedRun(host: SessionHost, record: RunRecord): { run: NewRun; entries: RunEntry[] } {
  const { tenant, sessionId, state, exclusive, attempts, content, steps } = record;
  const runs = new RunStore(host);
  const runId = runs.storedId(record.id, tenant);
  const codec = runs.codec(runId);
  const run = {
    runId,
    sessionId: tenant === undefined ? sessionId : tenantSessionId(tenant, sessionId),
    tenant: tenant ?? '',
    content: sealed(codec, content),
    alone: exclusive,
    lease: 0,
    was: {
      state,
      fence: attempts,
      createdAt: record.createdAt.getTime(),
      changedAt: record.changedAt.getTime(),
    },
  };
  return { run, entries: steps.map(({ key, content: text }) => ({ key, content: sealed(codec, text) })) };
}

function addAll(verbs: RunVerbs, run: RunName, [entry, ...others]: readonly RunEntry[]): Awaitable<void> {
  if (entry) return whenReady(verbs.add(run, entry), () => addAll(verbs, run, others));
}
