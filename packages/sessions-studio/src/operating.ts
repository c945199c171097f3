import type { RunInfo } from '@stackone/sessions-core';
import type { Finding } from '@stackone/sessions-core/doctor';
import type { Reachable } from './access.js';
import { type Query, WrongRequest } from './requests.js';
import type { PruneCount, RunsPage, ShownFinding, ShownRun, UsageShown } from './wire.js';

const DAY = 86_400_000;
/** How many runs a page has. */
const RUNS = 50;
/** How many pages are read for one, where runs of tenants stand between. */
const PAGES = 20;

/** The runs that wait for a decision; of a store without a tenant those of tenants are none of its own. */
export async function runsPage({ store, tenant }: Reachable, query: Query): Promise<RunsPage> {
  const data: RunInfo[] = [];
  let after = query.text('after');
  for (let pages = 0; pages < PAGES; pages++) {
    const page = await store.runs.pending({ after, limit: RUNS });
    data.push(...page.data.filter((run) => run.tenant === tenant));
    after = page.nextCursor;
    if (after === undefined || data.length >= RUNS) break;
  }
  // a list does not tell what was decided of some calls of a run
  const shown = data.map((run) => (run.pending.length > 1 ? store.runs.retrieve(run.id) : run));
  return { data: (await Promise.all(shown)).map(shownRun), nextCursor: after };
}

/** A run as the page gets it. */
export function shownRun({ id, sessionId, agent, state, createdAt, changedAt, pending }: RunInfo): ShownRun {
  return {
    id,
    sessionId,
    agent,
    state,
    createdAt: createdAt.toISOString(),
    changedAt: changedAt.toISOString(),
    calls: pending.map(({ callId, tool, arguments: given, agent: caller, decision }) => ({
      callId,
      tool,
      arguments: given,
      agent: caller,
      decision: decision && (decision.approve ? ('approved' as const) : ('rejected' as const)),
    })),
  };
}

/** What was used on the last days, by day and model, and of how many conversations the last change fell on each day. */
export async function usageOf({ store, tenant }: Reachable, query: Query): Promise<UsageShown> {
  const count = query.number('days', 366) ?? 30;
  const today = Math.floor(Date.now() / DAY);
  const days = Array.from({ length: count }, (_, at) => (today - count + 1 + at) * DAY);
  const used = await store.usage({ by: ['tenant', 'day', 'model'], from: new Date(days[0] ?? 0) });
  const growth: UsageShown['growth'][number][] = [];
  for (const day of days) {
    // both bounds are open
    const changed = { changedAfter: new Date(day - 1), changedBefore: new Date(day + DAY) };
    growth.push({ day: dayText(day), conversations: await store.sessions.count(changed) });
  }
  return {
    used: used
      .filter((one) => one.tenant === tenant)
      .map(({ day = '', model, requests, inputTokens, outputTokens, cachedTokens }) => ({
        day,
        model,
        requests,
        inputTokens,
        outputTokens,
        cachedTokens,
      })),
    growth,
    conversations: await store.sessions.count(),
  };
}

function dayText(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** What the doctor finds; nothing where there is none for who asks. */
export async function findingsOf({ doctor }: Reachable, signal: AbortSignal): Promise<object | undefined> {
  if (!doctor) return undefined;
  const found: ShownFinding[] = [];
  const patient = await doctor();
  try {
    for await (const finding of patient.examine({ signal })) found.push(shownFinding(finding));
  } finally {
    await patient.close();
  }
  return { data: found };
}

function shownFinding({ code, level, message, advice }: Finding): ShownFinding {
  return { code, level, message, advice };
}

/** How many conversations would be removed as they are older than some days, and from which time on. */
export async function pruneCount({ store }: Reachable, query: Query): Promise<PruneCount> {
  const days = query.number('days', 36_500);
  if (days === undefined) throw new WrongRequest('The request needs "days".');
  const before = new Date(Date.now() - days * DAY);
  return {
    before: before.toISOString(),
    conversations: await store.sessions.count({ changedBefore: before }),
  };
}

/** The time that a page was told by {@link pruneCount}. A day at least has to be over: nobody removes what goes on. */
export function pruneTime(text: string): Date {
  const before = new Date(text);
  if (!(before.getTime() <= Date.now() - DAY))
    throw new WrongRequest('"before" must be a time that is a day ago or earlier.');
  return before;
}
