import { checkOptions, isSignal, type OptionCheck } from '../port/options.js';
import type { SessionName, SessionRecord } from './session-record.js';
import { hostOf, type SessionStore } from './store.js';
import { batchesOf, eachBatch, type Written, writeBatch } from './whole-writing.js';

/** How far an import or a copy has come. Counts are of this call. */
export interface ImportProgress {
  /** Conversations that were looked at. */
  readonly sessions: number;
  /** Those that were written. */
  readonly stored: number;
  /** Items that were written. */
  readonly items: number;
  /** Those that were there already, with the same items, title and metadata. */
  readonly same: number;
  /** Those that are there with something else. They were left as they are. */
  readonly different: readonly SessionName[];
  /** Those that were erased there a short time ago, and may not come back yet. */
  readonly erased: readonly SessionName[];
  /** Rows that were left out where the conversations were read: no items, or no key opens them. */
  readonly unread: number;
  /**
   * What could not be kept of those that were written: usage and operation ids that the store has no table for, and operation ids that
   * it could not tell apart, because they are of a store with other keys. `copyStore` adds the runs of the first store that are not over.
   */
  readonly unkept: number;
}

/** What `importSessions` takes. */
export interface ImportOptions {
  /** How many transactions are under way at the same time, 1 to 64. Default 4. */
  concurrency?: number | undefined;
  /** Called after each transaction. If it returns a promise that is awaited, so it can slow the work down. */
  onProgress?: ((progress: ImportProgress) => unknown) | undefined;
  /** Ends the work between two transactions; the call then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The checks of {@link ImportOptions}. */
export const IMPORT_CHECKS: Readonly<Record<keyof ImportOptions, OptionCheck>> = {
  concurrency: (value) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 64
      ? undefined
      : 'a whole number from 1 to 64',
  onProgress: (value) => (typeof value === 'function' ? undefined : 'a function'),
  signal: isSignal,
};

/**
 * Writes conversations as they were elsewhere: with their times, titles, metadata, usage and operation ids. One that is there already is never changed:
 * it is told apart whether it is the same. So where it was cut off, call it again with all of them: it goes on.
 *
 * @param records - As `exportSessions` gives them.
 * @returns What was done.
 * @throws TypeError for a record or an option of another form. SessionError `UNSUPPORTED` (`supports.restoring` is not true), or as the
 * database says. What was written before stays.
 * @example
 * ```ts
 * const { stored, different } = await importSessions(store, exportSessions(other));
 * console.log(`${stored} were written, ${different.length} are there with something else`);
 * ```
 */
export async function importSessions(
  store: SessionStore,
  records: Iterable<SessionRecord> | AsyncIterable<SessionRecord>,
  options: ImportOptions = {},
): Promise<ImportProgress> {
  checkOptions('importSessions', options, IMPORT_CHECKS);
  const { concurrency = 4, onProgress, signal } = options;
  const host = hostOf(store);
  let progress = NOTHING_DONE;
  await eachBatch(batchesOf(host, records), { concurrency, signal }, async (batch) => {
    for (const written of await writeBatch(host, batch)) progress = sumOf(progress, told(written));
    await onProgress?.(progress);
  });
  return progress;
}

/** The beginning of a count. */
export const NOTHING_DONE: ImportProgress = {
  sessions: 0,
  stored: 0,
  items: 0,
  same: 0,
  different: [],
  erased: [],
  unread: 0,
  unkept: 0,
};

/** One conversation, as progress. */
export function told({ prepared: { record }, outcome, unkept }: Written): ImportProgress {
  const { id, tenant, unread = 0 } = record;
  const name = { id, ...(tenant !== undefined && { tenant }) };
  const looked = { ...NOTHING_DONE, sessions: 1, unread, unkept };
  if (outcome === 'stored') return { ...looked, stored: 1, items: record.items.length };
  if (outcome === 'same') return { ...looked, same: 1 };
  return { ...looked, [outcome]: [name] };
}

/** Both together. */
export function sumOf(one: ImportProgress, other: ImportProgress): ImportProgress {
  return {
    sessions: one.sessions + other.sessions,
    stored: one.stored + other.stored,
    items: one.items + other.items,
    same: one.same + other.same,
    different: other.different.length > 0 ? [...one.different, ...other.different] : one.different,
    erased: other.erased.length > 0 ? [...one.erased, ...other.erased] : one.erased,
    unread: one.unread + other.unread,
    unkept: one.unkept + other.unkept,
  };
}
