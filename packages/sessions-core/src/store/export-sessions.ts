import { idPages } from '../conversations/id-pages.js';
import { checkTenant, tenantPrefix } from '../ids/tenant-id.js';
import { checkOptions, isBoolean, isList, isSignal, type OptionCheck } from '../port/options.js';
import { keepsRuns, openRuns, type RunRecord, runRecord } from '../runs/run-records.js';
import type { SessionHost } from '../session/session-host.js';
import { type ConversationsClient, conversationRecords } from './conversation-records.js';
import { type SessionRecord, storedIdOfRecord } from './session-record.js';
import { hostOf, type SessionStore } from './store.js';
import { conversationsOf, WholeReading } from './whole-reading.js';

/** What `exportSessions` takes. */
export interface ExportOptions {
  /** Only the conversations of this tenant. Default: those of all tenants, and those without one. */
  tenant?: string | undefined;
  /** Only those with these ids: of the tenant, if there is one. Those that are not there are left out. Default: all. */
  ids?: readonly string[] | undefined;
  /** Whether runs that are not over come too, behind all conversations: also of conversations that have no items yet. Default false. */
  runs?: boolean | undefined;
  /** Ends the reading between two conversations; it then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const CHECKS: Readonly<Record<keyof ExportOptions, OptionCheck>> = {
  tenant: (value) => (typeof value === 'string' ? undefined : 'a text'),
  ids: (value) => (isList(value) ? undefined : 'an array of ids'),
  runs: isBoolean,
  signal: isSignal,
};

/**
 * Reads conversations as a whole, one after the other, in the order of their ids: to keep them elsewhere, or for `importSessions` of
 * another store. Each is as it was at one moment. In memory are some of about a million characters together, or a longer one.
 *
 * @param from - A store; or a client of the package `openai`, `new OpenAI()`, for conversations of the OpenAI Conversations API: then `ids`
 * are needed, and `tenant` is the one that they are to belong to. The API does not tell when an item was made: each has the time of its
 * conversation.
 * @throws TypeError for options of another form. While it is read: SessionError as reading a conversation does; `UNSUPPORTED` where
 * `supports.conversations` and `supports.history` are not true.
 * @example
 * ```ts
 * for await (const { id, items } of exportSessions(store)) console.log(id, items.length);
 * ```
 */
export function exportSessions(
  from: SessionStore | ConversationsClient,
  options: ExportOptions & { runs: true },
): AsyncGenerator<SessionRecord | RunRecord>;
export function exportSessions(
  from: SessionStore | ConversationsClient,
  options?: ExportOptions & { runs?: false | undefined },
): AsyncGenerator<SessionRecord>;
export function exportSessions(
  from: SessionStore | ConversationsClient,
  options: ExportOptions = {},
): AsyncGenerator<SessionRecord | RunRecord> {
  checkOptions('exportSessions', options, CHECKS);
  const { tenant, ids, runs = false, signal } = options;
  if (tenant !== undefined) checkTenant(tenant);
  if ('conversations' in from) {
    if (ids) return conversationRecords(from, { ids, tenant, signal });
    throw new TypeError(
      'exportSessions: the Conversations API has no list of conversations: say which "ids".',
    );
  }
  const host = hostOf(from);
  const storedIds =
    ids && [...new Set(ids)].map((id) => storedIdOfRecord({ id, ...(tenant !== undefined && { tenant }) }));
  const pages = storedIds ? [storedIds] : allOf(host, tenant === undefined ? '' : tenantPrefix(tenant));
  const all = records(host, pages, signal);
  return runs ? withRuns(host, all, { tenant, storedIds, signal }) : all;
}

async function* withRuns(
  host: SessionHost,
  conversations: AsyncGenerator<SessionRecord>,
  {
    tenant,
    storedIds,
    signal,
  }: {
    tenant: string | undefined;
    storedIds: readonly string[] | undefined;
    signal: AbortSignal | undefined;
  },
): AsyncGenerator<SessionRecord | RunRecord> {
  yield* conversations;
  if (!(await keepsRuns(host))) return;
  for (const sessionId of storedIds ?? [undefined])
    for await (const found of openRuns(host, { tenant, sessionId, signal })) yield runRecord(host, found);
}

async function* records(
  host: SessionHost,
  pages: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<SessionRecord> {
  const reading = new WholeReading(host);
  for await (const page of pages) for await (const [, record] of reading.entries(page, signal)) yield record;
}

/** The stored ids of all conversations whose ids begin so, in pages. */
export async function* allOf(host: SessionHost, prefix: string): AsyncGenerator<readonly string[]> {
  yield* idPages({ prefix }, (query) =>
    host.perform('exportSessions', () => ({
      storedId: '',
      work: (backend) => conversationsOf(backend).list(query),
    })),
  );
}
