import type { ItemCodec } from '../items/item-codec.js';
import type { RestoreOutcome, WholeConversation } from '../port/conversations.js';
import { SessionError } from '../port/errors.js';
import { checkOptions, type OptionCheck } from '../port/options.js';
import type { SessionHost } from '../session/session-host.js';
import { readRecord } from './export-sessions.js';
import { recordDigest, type SessionName, type SessionRecord, wholeOf } from './session-record.js';
import { hostOf, type SessionStore } from './store.js';

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
  signal: (value) => (value instanceof AbortSignal ? undefined : 'an AbortSignal'),
};

/** A transaction has so many items, or conversations, or characters, if there is more than one conversation in it. */
const MOST = { items: 1000, sessions: 50, characters: 1_000_000 } as const;

/**
 * Writes conversations as they were elsewhere: with their times, titles and metadata. One that is there already is never changed:
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
  const source = batchesOf(host, records);
  let progress = NOTHING_DONE;
  const work = async () => {
    for (;;) {
      signal?.throwIfAborted();
      const { value: batch, done } = await source.next();
      if (done || !batch) return;
      const written = await write(host, batch);
      progress = sum(progress, written);
      await onProgress?.(progress);
    }
  };
  const ends = await Promise.allSettled(
    Array.from({ length: concurrency }, () =>
      work().catch(async (error: unknown) => {
        await source.return(); // the others end after what they do now
        throw error;
      }),
    ),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return progress;
}

const NOTHING_DONE: ImportProgress = {
  sessions: 0,
  stored: 0,
  items: 0,
  same: 0,
  different: [],
  erased: [],
  unread: 0,
};

/** A conversation as it was read, and as it is written. */
interface Prepared {
  readonly record: SessionRecord;
  readonly whole: WholeConversation;
}

async function* batchesOf(
  host: SessionHost,
  records: Iterable<SessionRecord> | AsyncIterable<SessionRecord>,
): AsyncGenerator<readonly Prepared[], void, void> {
  let batch: Prepared[] = [];
  let items = 0;
  let characters = 0;
  for await (const record of records) {
    const whole = wholeOf(host, record);
    const size = whole.rows.reduce((sum, { text }) => sum + text.length, 0);
    const isFull =
      batch.length >= MOST.sessions ||
      items + record.items.length > MOST.items ||
      characters + size > MOST.characters;
    // an id twice: the second one finds the first
    if (batch.length > 0 && (isFull || batch.some((one) => one.whole.id === whole.id))) {
      yield batch;
      [batch, items, characters] = [[], 0, 0];
    }
    batch.push({ record, whole });
    items += record.items.length;
    characters += size;
  }
  if (batch.length > 0) yield batch;
}

let calls = 0;

/** In one transaction. */
async function write(host: SessionHost, batch: readonly Prepared[]): Promise<ImportProgress> {
  const wholes = batch.map(({ whole }) => whole);
  const outcomes = await host.perform('importSessions', () => ({
    // an id that no conversation has: batches wait for nothing
    storedId: `\0import ${++calls}`,
    work: (backend) => {
      const restore = backend.supports.restoring ? backend.conversations?.restore : undefined;
      if (restore && backend.conversations) return restore.call(backend.conversations, wholes);
      throw new SessionError(
        'UNSUPPORTED',
        'This store cannot write conversations with the times that they had.',
      );
    },
  }));
  let progress = NOTHING_DONE;
  for (const [index, { record, whole }] of batch.entries()) {
    progress = sum(progress, await told(host, record, whole.id, outcomes[index]));
  }
  return progress;
}

async function told(
  host: SessionHost,
  record: SessionRecord,
  storedId: string,
  outcome: RestoreOutcome | undefined,
): Promise<ImportProgress> {
  const { id, tenant, unread = 0 } = record;
  const name = { id, ...(tenant !== undefined && { tenant }) };
  const looked = { ...NOTHING_DONE, sessions: 1, unread };
  if (outcome === 'stored') return { ...looked, stored: 1, items: record.items.length };
  if (outcome === 'erased') return { ...looked, erased: [name] };
  const there = await readRecord(host, storedId);
  const isSame =
    there !== undefined && recordDigest(there) === recordDigest(asStored(record, host.codec(storedId)));
  return isSame ? { ...looked, same: 1 } : { ...looked, different: [name] };
}

/** The record as the store reads it: its format may say an item in other words. */
function asStored(record: SessionRecord, codec: ItemCodec): SessionRecord {
  const items = codec.asRead?.(record.items.map(({ item }) => item));
  if (!items) return record;
  const timed = record.items.map((one, index) => ({ ...one, item: items[index] ?? one.item }));
  return { ...record, items: timed };
}

function sum(one: ImportProgress, other: ImportProgress): ImportProgress {
  return {
    sessions: one.sessions + other.sessions,
    stored: one.stored + other.stored,
    items: one.items + other.items,
    same: one.same + other.same,
    different: other.different.length > 0 ? [...one.different, ...other.different] : one.different,
    erased: other.erased.length > 0 ? [...one.erased, ...other.erased] : one.erased,
    unread: one.unread + other.unread,
  };
}
