import { idPages } from '../conversations/id-pages.js';
import { checkTenant, tenantPrefix } from '../ids/tenant-id.js';
import type { SessionBackend } from '../port/backend.js';
import { SessionError } from '../port/errors.js';
import { checkOptions, type OptionCheck } from '../port/options.js';
import type { SessionHost } from '../session/session-host.js';
import { recordOf, type SessionRecord, storedIdOfRecord } from './session-record.js';
import { hostOf, type SessionStore } from './store.js';

/** What `exportSessions` takes. */
export interface ExportOptions {
  /** Only the conversations of this tenant. Default: those of all tenants, and those without one. */
  tenant?: string | undefined;
  /** Only those with these ids: of the tenant, if there is one. Those that are not there are left out. Default: all. */
  ids?: readonly string[] | undefined;
  /** Ends the reading between two conversations; it then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

const CHECKS: Readonly<Record<keyof ExportOptions, OptionCheck>> = {
  tenant: (value) => (typeof value === 'string' ? undefined : 'a text'),
  ids: (value) => (Array.isArray(value) ? undefined : 'an array of ids'),
  signal: (value) => (value instanceof AbortSignal ? undefined : 'an AbortSignal'),
};

/** Conversations that are read at the same time. */
const READ = 8;

/**
 * Reads conversations as a whole, one after the other, in the order of their ids: to keep them elsewhere, or for `importSessions` of
 * another store. One is in memory at a time, and a few more.
 *
 * @throws TypeError for options of another form. While it is read: SessionError as reading a conversation does; `UNSUPPORTED` where
 * `supports.conversations` and `supports.history` are not true.
 * @example
 * ```ts
 * for await (const { id, items } of exportSessions(store)) console.log(id, items.length);
 * ```
 */
export function exportSessions(
  store: SessionStore,
  options: ExportOptions = {},
): AsyncGenerator<SessionRecord> {
  checkOptions('exportSessions', options, CHECKS);
  const { tenant, ids, signal } = options;
  if (tenant !== undefined) checkTenant(tenant);
  const host = hostOf(store);
  const wanted =
    ids && [...new Set(ids)].map((id) => storedIdOfRecord({ id, ...(tenant !== undefined && { tenant }) }));
  return wanted
    ? records(host, inParts(wanted), signal)
    : records(host, allOf(host, tenant === undefined ? '' : tenantPrefix(tenant)), signal);
}

async function* records(
  host: SessionHost,
  parts: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
  signal: AbortSignal | undefined,
): AsyncGenerator<SessionRecord> {
  for await (const part of parts) {
    signal?.throwIfAborted();
    const found = await Promise.all(part.map((storedId) => readRecord(host, storedId)));
    for (const record of found) if (record) yield record;
  }
}

/** A conversation as a whole, in its turn; `undefined` where it is not there. */
export function readRecord(host: SessionHost, storedId: string): Promise<SessionRecord | undefined> {
  return host.perform('exportSessions', () => ({
    storedId,
    work: async (backend) => {
      const found = await verbsOf(backend).get(storedId);
      return found && recordOf(host, backend, found);
    },
  }));
}

function verbsOf({ conversations }: SessionBackend) {
  if (conversations) return conversations;
  throw new SessionError('UNSUPPORTED', 'This store cannot list its conversations.');
}

async function* allOf(host: SessionHost, prefix: string): AsyncGenerator<readonly string[]> {
  const pages = idPages({ prefix }, (query) =>
    host.perform('exportSessions', () => ({ storedId: '', work: (backend) => verbsOf(backend).list(query) })),
  );
  for await (const ids of pages) yield* inParts(ids);
}

function* inParts(ids: readonly string[]): Generator<readonly string[]> {
  for (let start = 0; start < ids.length; start += READ) yield ids.slice(start, start + READ);
}
