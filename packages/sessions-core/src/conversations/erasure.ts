import { checkTenant, tenantPrefix } from '../ids/tenant-id.js';
import type { Awaitable } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import type { ConversationVerbs, RemovedRows } from '../port/conversations.js';
import { SessionError } from '../port/errors.js';
import {
  checkOptions,
  isList,
  isOptionsObject,
  isSignal,
  isWholeNumber,
  type OptionCheck,
} from '../port/options.js';
import { throwIfAborted } from '../port/timers.js';
import { hasRows, NO_ROWS, sumOfRows } from './removed-rows.js';

/** How conversations are erased. */
interface SessionErasureOptions {
  /**
   * For how long nobody can begin one of them again, in ms: a run that is under way then fails at its end with `SESSION_ERASED`
   * instead of bringing it back. 0 is for conversations that have no runs. Default one hour.
   */
  refuseFor?: number | undefined;
  /** Called after each transaction. If it returns a promise that is awaited, so it can slow the work down. */
  onProgress?: ((erased: ErasedSessions) => unknown) | undefined;
  /** Ends the work between two transactions; the call then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Which conversations `store.sessions.delete` erases: those with these ids, or all of a tenant. */
export type SessionErasure = SessionErasureOptions &
  (
    | {
        /** As for `session(id)` of the same store. */
        ids: readonly string[];
        tenant?: undefined;
      }
    | {
        /** Of a scoped store only its own. */
        tenant: string;
        ids?: undefined;
      }
  );

/** What an erasure has removed. */
export interface ErasedSessions {
  /** How many conversations there were, those that were cleared and had a title still among them. */
  readonly conversations: number;
  /** How many rows went, by table: see `DeletedSession`. */
  readonly removed: RemovedRows;
}

const HOUR = 3_600_000;

/** Items of one transaction. */
const ITEMS = 1000;

/** Ids that are read at once. */
const IDS = 500;

const CHECKS: Readonly<Record<'ids' | 'tenant' | keyof SessionErasureOptions, OptionCheck>> = {
  ids: (value) => (isList(value) ? undefined : 'an array of ids'),
  tenant: (value) => (typeof value === 'string' ? undefined : 'a text'),
  refuseFor: isWholeNumber(0),
  onProgress: (value) => (typeof value === 'function' ? undefined : 'a function'),
  signal: isSignal,
};

/** What an erasure needs of its store. */
export interface ErasureHost {
  /** The tenant that the store is limited to. */
  readonly tenant: string | undefined;
  /** @throws TypeError for an id that no conversation can have. */
  storedId(id: string): string;
  /** Does something with a conversation when it is its turn; with none if there is no id. */
  call<T>(
    storedId: string | undefined,
    work: (verbs: ConversationVerbs, backend: SessionBackend) => Awaitable<T>,
  ): Promise<T>;
}

/** Tells the two forms of `store.sessions.delete` apart. */
export function isErasure(value: unknown): value is SessionErasure {
  return isOptionsObject(value);
}

/** Keeps a conversation from being made for a while. @throws SessionError `UNSUPPORTED` where nothing can. */
export function refusal(verbs: ConversationVerbs, storedId: string, milliseconds: number): Awaitable<void> {
  if (verbs.refuse) return verbs.refuse(storedId, milliseconds);
  throw new SessionError(
    'UNSUPPORTED',
    'This store cannot refuse late turns of conversations that were erased. Nothing was removed. Pass refuseFor: 0.',
  );
}

/** Erases conversations, one after the other. */
export async function erase(host: ErasureHost, erasure: SessionErasure): Promise<ErasedSessions> {
  const { ids, prefix, refuseFor, onProgress, signal } = checked(host, erasure);
  let erased: ErasedSessions = { conversations: 0, removed: NO_ROWS };
  for await (const storedId of ids ?? allOf(host, prefix)) {
    let found = false;
    for (let isDone = false, isFirst = true; !isDone; isFirst = false) {
      await throwIfAborted(signal);
      const step = await host.call(storedId, async (verbs) => {
        if (isFirst && refuseFor > 0) await refusal(verbs, storedId, refuseFor);
        if (verbs.removeSome) return verbs.removeSome(storedId, { atMost: ITEMS });
        return { removed: await verbs.remove(storedId), isDone: true };
      });
      isDone = step.isDone;
      found ||= hasRows(step.removed);
      erased = {
        conversations: erased.conversations + Number(isDone && found),
        removed: sumOfRows(erased.removed, step.removed),
      };
      await onProgress?.(erased);
    }
  }
  return erased;
}

/** @throws TypeError */
function checked(host: ErasureHost, erasure: SessionErasure) {
  checkOptions('sessions.delete', erasure, CHECKS);
  const { ids, tenant, refuseFor = HOUR, onProgress, signal } = erasure;
  if ((ids === undefined) === (tenant === undefined))
    throw new TypeError('sessions.delete: either "ids" or "tenant" must be given.');
  if (tenant !== undefined && host.tenant !== undefined && tenant !== host.tenant)
    throw new TypeError('sessions.delete: a scoped store erases its own tenant only.');
  const stored = ids && [...new Set(ids.map((id) => host.storedId(id)))];
  return { ids: stored, prefix: tenant === undefined ? '' : prefixOf(tenant), refuseFor, onProgress, signal };
}

function prefixOf(tenant: string): string {
  checkTenant(tenant);
  return tenantPrefix(tenant);
}

/** From page to page. What is removed meanwhile is behind. */
async function* allOf(host: ErasureHost, prefix: string): AsyncGenerator<string> {
  for (let after: string | undefined; ; ) {
    const page = await host.call(
      undefined,
      (_, backend) => backend.sessionIds?.(after, IDS, prefix) ?? unlisted(),
    );
    yield* page.filter((id) => id.startsWith(prefix));
    if (page.length < IDS) return;
    after = page.at(-1);
  }
}

function unlisted(): never {
  throw new SessionError('UNSUPPORTED', 'This store cannot list its sessions: give their "ids".');
}
