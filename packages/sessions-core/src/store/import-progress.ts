import type { SessionName } from './session-record.js';
import type { Written } from './whole-writing.js';

/** How far an import or a copy has come. Counts are of this call. */
export interface ImportProgress {
  /** Conversations that were looked at. */
  readonly sessions: number;
  /** Those that were written. */
  readonly stored: number;
  /** Items that were written. */
  readonly items: number;
  /** Runs that are not over, that were written. */
  readonly runs: number;
  /** Those that were there already, with the same items, title and metadata. */
  readonly same: number;
  /** Those that are there with something else, or with another run. They were left as they are. */
  readonly different: readonly SessionName[];
  /** Those that were erased there a short time ago, and may not come back yet. */
  readonly erased: readonly SessionName[];
  /** Rows that were left out where the conversations were read: no items, or no key opens them. */
  readonly unread: number;
  /**
   * What could not be kept of those that were written: usage, operation ids and runs that the store has no table for, and operation ids
   * that it could not tell apart, because they are of a store with other keys. Runs of conversations that were not written, too.
   */
  readonly unkept: number;
}

/** The beginning of a count. */
export const NOTHING_DONE: ImportProgress = {
  sessions: 0,
  stored: 0,
  items: 0,
  runs: 0,
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
    runs: one.runs + other.runs,
    same: one.same + other.same,
    different: other.different.length > 0 ? [...one.different, ...other.different] : one.different,
    erased: other.erased.length > 0 ? [...one.erased, ...other.erased] : one.erased,
    unread: one.unread + other.unread,
    unkept: one.unkept + other.unkept,
  };
}
