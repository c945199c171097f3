import type { SessionInfo } from '@stackone/sessions-core';
import type { Reachable } from './access.js';
import { nextRun } from './next-run.js';
import { listOptions, type Query, windowIn } from './requests.js';
import { shownEntry } from './shown-entry.js';
import type { About, EntriesPage, NextRun, SessionDetails, SessionsPage, ShownSession } from './wire.js';

/** What a studio shows. */
export function aboutOf({ store: { supports }, tenant, readOnly, doctor }: Reachable): About {
  return {
    readOnly,
    tenant,
    titles: supports.metadata === true,
    copies: supports.copying === true,
    rewinds: supports.history === true && supports.edit,
    runs: supports.runs === true,
    usage: supports.usage === true,
    doctor: doctor !== undefined,
    prunes: supports.retention === true,
  };
}

export async function sessionsPage({ store }: Reachable, query: Query): Promise<SessionsPage> {
  const { data, nextCursor } = await store.sessions.list(listOptions(query));
  return { data: data.map(shownSession), nextCursor };
}

/** One conversation; nothing where it is not there. */
export async function sessionDetails(
  { store }: Reachable,
  query: Query,
): Promise<SessionDetails | undefined> {
  const id = query.needed('id');
  const info = await store.sessions.retrieve(id);
  if (!info) return undefined;
  const sums = store.supports.usage ? await store.session(id).usage({ by: ['turn'] }) : [];
  const usage = sums.flatMap(({ turn, inputTokens, outputTokens, totalTokens }) =>
    turn === undefined ? [] : [{ turn, inputTokens, outputTokens, totalTokens }],
  );
  return { ...shownSession(info), usage };
}

/** A part of a conversation, or one item as a whole. */
export async function entriesPage({ store }: Reachable, query: Query): Promise<EntriesPage> {
  const before = query.text('before');
  const after = query.text('after');
  const whole = query.text('whole') !== undefined;
  const limit = whole ? 1 : (query.number('limit', 200) ?? 100);
  const { data, hasMore } = await store.session(query.needed('id')).history({ before, after, limit });
  return { data: data.map((entry) => shownEntry(entry, whole)), hasMore };
}

/** What the next run is handed. */
export function nextRunOf({ store }: Reachable, query: Query): Promise<NextRun> {
  return nextRun(store, query.needed('id'), windowIn(query));
}

/** The entries that come to a conversation, as they come. */
export async function* newEntries({ store }: Reachable, query: Query, signal: AbortSignal) {
  const watch = store.session(query.needed('id')).watch({ after: query.text('after'), signal });
  for await (const entry of watch) yield shownEntry(entry);
}

/** The ids of conversations that get items, as they get them. */
export async function* changedIds({ store }: Reachable, signal: AbortSignal) {
  for await (const { id } of store.watch({ signal })) yield { id };
}

function shownSession({ id, title, metadata, createdAt, updatedAt }: SessionInfo): ShownSession {
  return { id, title, metadata, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}
