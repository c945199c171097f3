import { tenantSessionId } from '../ids/tenant-id.js';
import { checkOptions, isFilledText, isList, isWholeNumber, type OptionCheck } from '../port/options.js';
import type { RunQuery, StoredRun } from '../port/runs.js';
import { readValue } from '../turns/pending-runs.js';
import type { RunDecision } from './run-decision.js';
import { callNotFound, runDecided, runNotFound } from './run-errors.js';
import type { RunInfo } from './run-info.js';
import { decisionKey, valueText } from './run-journal.js';
import { nameOf, type RunStore } from './run-store.js';

/** A decision about a call that waits for one. */
export interface CallDecision {
  /** As `pending` of a run names it. */
  callId: string;
  /** Whether the tool is called. */
  approve: boolean;
  /** What the model is told where it is not. */
  reason?: string | undefined;
  /** Who decided. */
  by?: string | undefined;
}

/** Which runs that wait are listed. */
export interface PendingOptions {
  /** Only those of this tenant. */
  tenant?: string | undefined;
  /** Only those of this conversation: its id. */
  sessionId?: string | undefined;
  /** How many at most. Default 50. */
  limit?: number | undefined;
  /** The `nextCursor` of the page before. */
  after?: string | undefined;
}

/** A page of runs, in the order of their ids, which begin with the time at which they began where nobody gave another one. */
export interface RunPage {
  readonly data: readonly RunInfo[];
  /** What `after` of the next page is; absent on the last one. */
  readonly nextCursor?: string;
}

const PENDING_CHECKS: Readonly<Record<keyof PendingOptions, OptionCheck>> = {
  tenant: isFilledText,
  sessionId: isFilledText,
  limit: isWholeNumber(1),
  after: isFilledText,
};

const DECISION_CHECKS: Readonly<Record<keyof CallDecision, OptionCheck>> = {
  callId: isFilledText,
  approve: (value) => (typeof value === 'boolean' ? undefined : 'true or false'),
  reason: isFilledText,
  by: isFilledText,
};

/** @throws TypeError */
export function checkDecisions(decisions: unknown): void {
  if (!isList(decisions) || decisions.length === 0)
    throw new TypeError('runs.decide: the decisions must be an array of { callId, approve }.');
  for (const decision of decisions as readonly CallDecision[]) {
    checkOptions('runs.decide', decision, DECISION_CHECKS);
    if (decision.callId === undefined || decision.approve === undefined)
      throw new TypeError('runs.decide: a decision has "callId" and "approve".');
  }
}

function readCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (id !== '' && id.isWellFormed() && !id.includes('\0')) return id;
  throw new TypeError('runs.pending: option "after" must be the "nextCursor" of a page.');
}

export function cursorOf({ runId }: StoredRun): string {
  return Buffer.from(runId).toString('base64url');
}

/** What is asked of the backend. @throws TypeError */
export function pendingQuery(
  options: PendingOptions,
  scope: string | undefined,
): { query: Omit<RunQuery, 'limit'>; limit: number } {
  checkOptions('runs.pending', options, PENDING_CHECKS);
  const { tenant = scope, sessionId, limit = 50, after } = options;
  if (scope !== undefined && tenant !== scope)
    throw new TypeError('runs.pending: a scoped store lists the runs of its own tenant only.');
  const isTenants = sessionId !== undefined && tenant !== undefined;
  const query = {
    state: 'waiting',
    tenant,
    sessionId: isTenants ? tenantSessionId(tenant, sessionId) : sessionId,
    after: after === undefined ? undefined : readCursor(after),
  } as const;
  return { query, limit };
}

/** Keeps decisions, and lets the run go on when all are there. */
export async function decideCalls(
  store: RunStore,
  runId: string,
  decisions: readonly CallDecision[],
): Promise<void> {
  const storedId = store.storedId(runId);
  const codec = store.codec(storedId);
  const { run, entries } = await store.found(storedId);
  const known = new Set(entries.map(({ key }) => key));
  const calls = store.content(run).calls ?? [];
  for (const { callId, approve, reason, by } of decisions) {
    const key = decisionKey(callId);
    if (!known.has(key) && !calls.some((call) => call.callId === callId)) throw callNotFound(runId);
    const content = valueText(codec, { approve, reason, by, at: Date.now() } satisfies RunDecision);
    const kept = await store.add(nameOf(run), { key, content });
    if (!kept) throw runNotFound(runId);
    const decision = readValue(codec, kept.content) as RunDecision;
    if (decision.approve !== approve) throw runDecided(runId, decision);
    known.add(key);
  }
  // others may have decided the rest meanwhile
  const { entries: all } = await store.found(storedId);
  const keys = new Set(all.map(({ key }) => key));
  if (calls.every(({ callId }) => keys.has(decisionKey(callId))))
    await store.settle({ ...nameOf(run), state: 'running' });
}
