import { tenantPrefix } from '../ids/tenant-id.js';
import { digestOf } from '../port/digest.js';
import { isSignal, type OptionCheck } from '../port/options.js';
import { now, startTimer } from '../port/timers.js';
import type { SessionHost } from '../session/session-host.js';
import { copyRuns } from './copy-runs.js';
import { allOf } from './export-sessions.js';
import { type ImportProgress, NOTHING_DONE, sumOf, told } from './import-progress.js';
import { recordDigest, type SessionRecord } from './session-record.js';
import { conversationsOf, WholeReading } from './whole-reading.js';
import {
  asStored,
  batchesOf,
  eachBatch,
  type PreparedRecord,
  type Written,
  writeBatch,
} from './whole-writing.js';

/** How a copy goes on until the first store is not used any more. */
export interface FollowOptions {
  /**
   * Ends it, when it is aborted: all conversations are compared once more, what is missing is moved, and the call returns. Stop what
   * writes to the first store before.
   */
  cutOver?: AbortSignal | undefined;
  /** Ends it in the same way, when for so long no conversation got a turn, in ms. */
  untilIdle?: number | undefined;
  /** The pause between two looks at what has changed, in ms. Default 1000. */
  interval?: number | undefined;
}

const isTime: OptionCheck = (value) =>
  typeof value === 'number' && value >= 0 ? undefined : 'a number of ms that is not negative';

/** The checks of {@link FollowOptions}. */
export const FOLLOW_CHECKS: Readonly<Record<keyof FollowOptions, OptionCheck>> = {
  cutOver: isSignal,
  untilIdle: isTime,
  interval: isTime,
};

/** What the work is told. */
export interface FollowWork {
  readonly follow: FollowOptions;
  readonly tenant: string | undefined;
  readonly concurrency: number;
  readonly onProgress: ((progress: ImportProgress) => unknown) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Rows that are looked at at once. */
const LOOKED = 1000;

/** Copies all conversations, and then what changes in them, until it is to end. */
export async function followStore(
  from: SessionHost,
  to: SessionHost,
  work: FollowWork,
): Promise<ImportProgress> {
  const following = new Following(from, to, work);
  const { cutOver, untilIdle = Infinity, interval = 1000 } = work.follow;
  let place = await following.place();
  await following.all();
  for (let changed = now(); !cutOver?.aborted && now() - changed < untilIdle; ) {
    await pause(interval, [cutOver, work.signal]);
    work.signal?.throwIfAborted();
    const before = following.progress.stored;
    const next = await following.changedSince(place);
    await following.some(next.ids);
    if (following.progress.stored > before) changed = now();
    place = next.place;
  }
  // what removes and changes items, titles and usage leaves no mark: all of it is compared
  await following.all();
  const { tenant, signal } = work;
  return copyRuns(from, to, following.progress, { tenant, signal, again: true });
}

async function pause(milliseconds: number, signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  const ending = AbortSignal.any(signals.filter((signal) => signal !== undefined));
  if (ending.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const timer = startTimer(milliseconds, wake);
  ending.addEventListener('abort', wake, { once: true });
  await promise;
  timer.cancel();
  ending.removeEventListener('abort', wake);
}

/** What is known of a conversation that is the same in both. */
interface Moved {
  /** A digest of all that the first store has of it. */
  readonly all: string;
  /** The digest of its record, as the other store has it. */
  readonly said: string;
}

class Following {
  progress = NOTHING_DONE;
  readonly #from: SessionHost;
  readonly #to: SessionHost;
  readonly #work: FollowWork;
  readonly #reading: WholeReading;
  /** By stored ids. */
  readonly #moved = new Map<string, Moved>();
  /** What was there before, and is left as it is. */
  readonly #others = new Set<string>();

  constructor(from: SessionHost, to: SessionHost, work: FollowWork) {
    this.#from = from;
    this.#to = to;
    this.#work = work;
    this.#reading = new WholeReading(from);
  }

  get #prefix(): string {
    return this.#work.tenant === undefined ? '' : tenantPrefix(this.#work.tenant);
  }

  /** Where the rows of the first store end. */
  async place(): Promise<string | undefined> {
    return (await this.#changes(undefined))?.last;
  }

  /** Which conversations got rows since, and where rows end now. All of them, where the first store cannot tell. */
  async changedSince(
    place: string | undefined,
  ): Promise<{ readonly ids: readonly string[]; readonly place: string | undefined }> {
    const ids = new Set<string>();
    let last = place;
    for (let isLast = last === undefined; !isLast; ) {
      const changes = await this.#changes(last);
      if (!changes) break;
      for (const { id } of changes.sessions) if (id.startsWith(this.#prefix)) ids.add(id);
      ({ last, isLast } = changes);
    }
    return { ids: [...ids], place: last };
  }

  /** Moves what has changed among these. */
  some(storedIds: readonly string[]): Promise<void> {
    return this.#move(this.#changed(storedIds, new Set()));
  }

  /** Moves what has changed among all, and removes what was removed. */
  async all(): Promise<void> {
    const seen = new Set<string>();
    await this.#move(this.#changedOfAll(seen));
    for (const storedId of this.#moved.keys()) if (!seen.has(storedId)) await this.#remove(storedId);
  }

  #changes(after: string | undefined) {
    return this.#from.perform('exportSessions', () => ({
      storedId: '',
      work: async ({ supports, conversations }) =>
        supports.watching ? await conversations?.changes?.(after, LOOKED) : undefined,
    }));
  }

  async *#changedOfAll(seen: Set<string>): AsyncGenerator<SessionRecord> {
    for await (const page of allOf(this.#from, this.#prefix)) yield* this.#changed(page, seen);
  }

  async *#changed(storedIds: readonly string[], seen: Set<string>): AsyncGenerator<SessionRecord> {
    for await (const [storedId, record] of this.#reading.entries(storedIds, this.#work.signal)) {
      seen.add(storedId);
      if (this.#others.has(storedId)) continue;
      const moved = this.#moved.get(storedId);
      if (!moved || moved.all !== digestOfAll(record)) yield record;
    }
  }

  #move(records: AsyncIterable<SessionRecord>): Promise<void> {
    return eachBatch(batchesOf(this.#to, records), this.#work, async (batch) => {
      const again: PreparedRecord[] = [];
      for (const written of await writeBatch(this.#to, batch)) {
        const replacing = this.#replacing(written);
        if (replacing) again.push(replacing);
        else this.#tell(written);
      }
      if (again.length > 0) for (const written of await writeBatch(this.#to, again)) this.#tell(written);
      await this.#work.onProgress?.(this.progress);
    });
  }

  /** The conversation in the place of what the other store has of it, if nothing is lost by that. */
  #replacing({ prepared, outcome, there }: Written): PreparedRecord | undefined {
    if (!there || (outcome !== 'same' && outcome !== 'different')) return undefined;
    const { record, whole } = prepared;
    const isAll = outcome === 'same' && digestOfAll(there) === digestOfAll(record);
    const isOurs = this.#moved.get(whole.id)?.said === recordDigest(there);
    if (isAll || !(isOurs || isBeginning(there, asStored(record, this.#to.codec(whole.id)))))
      return undefined;
    return { ...prepared, whole: { ...whole, replaces: there.updatedAt.getTime() } };
  }

  #tell(written: Written): void {
    const { whole, record } = written.prepared;
    this.progress = sumOf(this.progress, told(written));
    if (written.outcome === 'stored' || written.outcome === 'same') {
      const said = recordDigest(asStored(record, this.#to.codec(whole.id)));
      this.#moved.set(whole.id, { all: digestOfAll(record), said });
    } else this.#others.add(whole.id);
  }

  /** As long as the other store has what was moved to it. */
  async #remove(storedId: string): Promise<void> {
    const said = this.#moved.get(storedId)?.said;
    this.#moved.delete(storedId);
    for await (const [, there] of new WholeReading(this.#to).entries([storedId]))
      if (recordDigest(there) === said)
        await this.#to.perform('sessions.delete', () => ({
          storedId,
          work: (backend) => conversationsOf(backend).remove(storedId),
        }));
  }
}

/** Whether a conversation is what the other one was before: its first items, and a title that is not newer. */
function isBeginning(before: SessionRecord, after: SessionRecord): boolean {
  const { length } = before.items;
  if (before.version > after.version || length > after.items.length) return false;
  // the title of before: it may have changed
  return recordDigest({ ...before, items: after.items.slice(0, length) }) === recordDigest(before);
}

function digestOfAll(record: SessionRecord): string {
  const { createdAt, updatedAt, version, operations = [], usage = [] } = record;
  const ids = operations.map(({ id }) => id);
  return digestOf(JSON.stringify([recordDigest(record), createdAt, updatedAt, version, ids, usage]));
}
