import type { AgentInputItem } from '@openai/agents-core';
import { idPages } from '../conversations/id-pages.js';
import { hasRows, NO_ROWS, sumOfRows } from '../conversations/removed-rows.js';
import type { ItemCodec } from '../items/item-codec.js';
import { RowReader, type RowReaderHost } from '../items/row-reader.js';
import type { Awaitable } from '../port/awaitable.js';
import type { SessionBackend, StoredRow } from '../port/backend.js';
import type { ConversationFilter, ConversationVerbs, Removal, RemovedRows } from '../port/conversations.js';
import { SessionError } from '../port/errors.js';
import { checkOptions, isOptionsObject, isSignal, isWholeNumber, type OptionCheck } from '../port/options.js';
import { now, throwIfAborted } from '../port/timers.js';
import { answersEarlierCall, isUserMessage, validItems } from '../window/item-partners.js';
import { PagePlan } from '../window/window-reader.js';

/** What `store.prune` takes: at least one of `olderThan` and `keep`. */
export interface PruneOptions {
  /**
   * Removes the conversations whose last turn is earlier than this, but for those with a run that is under way or waits for a decision; and
   * what is kept of runs that ended earlier.
   */
  olderThan?: Date | undefined;
  /**
   * Removes what is older than the newest so many items or turns of each conversation. More are kept where the beginning would
   * be no valid input for a model: it is always a user message, and no call is parted from its result.
   */
  keep?:
    | { items: number; turns?: undefined }
    | {
        /** A turn begins at a user message. */
        turns: number;
        items?: undefined;
      }
    | undefined;
  /** Items of one transaction at most. Writers of a conversation wait for no more than that. Default 1000. */
  batchSize?: number | undefined;
  /** Called after each transaction. If it returns a promise that is awaited, so it can slow the work down. */
  onProgress?: ((progress: PruneProgress) => unknown) | undefined;
  /** Ends the work between two transactions; the call then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** What a call of `store.prune` has done so far. */
export interface PruneProgress {
  /** Conversations that were removed. */
  readonly conversations: number;
  /** Conversations that lost their beginning, and stay. */
  readonly shortened: number;
  /** How many rows went, by table: see `DeletedSession`, and `erasures` (whose time was over). */
  readonly removed: RemovedRows & { readonly erasures: number };
}

const isCount = isWholeNumber(1);

const CHECKS: Readonly<Record<keyof PruneOptions, OptionCheck>> = {
  olderThan: (value) =>
    value instanceof Date && !Number.isNaN(value.getTime()) ? undefined : 'a valid Date',
  keep: (value) => {
    const [[key, count] = [], ...others] = isOptionsObject(value)
      ? Object.entries(value).filter(([, one]) => one !== undefined)
      : [];
    const isRight =
      (key === 'items' || key === 'turns') && others.length === 0 && isCount(count) === undefined;
    return isRight ? undefined : '{ items } or { turns }, a whole number of at least 1';
  },
  batchSize: isCount,
  onProgress: (value) => (typeof value === 'function' ? undefined : 'a function'),
  signal: isSignal,
};

/** What pruning needs of its store. */
export interface PruningHost extends RowReaderHost {
  /** The conversations that are reached. */
  readonly scope: Pick<ConversationFilter, 'prefix' | 'withoutPrefix'>;
  readonly operationRetentionDays: number;
  codec(storedId: string): ItemCodec;
  /** Does something with a conversation when it is its turn; with none if there is no id. */
  call<T>(storedId: string | undefined, work: (backend: SessionBackend) => Awaitable<T>): Promise<T>;
  /** Waits, in ms, between two transactions. */
  pause(ms: number): Promise<void>;
}

/** In ms. SQLite's own wait for a lock asks again after 1, 3 and 8 ms. */
const SHORTEST_PAUSE = 5;

/**
 * Removes what is old, in small transactions.
 *
 * @throws TypeError for options of another form. SessionError as `store.prune` says.
 */
export async function prune(host: PruningHost, options: PruneOptions): Promise<PruneProgress> {
  checkOptions('prune', options, CHECKS);
  if (options.olderThan === undefined && options.keep === undefined)
    throw new TypeError('prune: one of the options "olderThan" and "keep" must be given.');
  return new Pruning(host, { ...options }).run();
}

class Pruning {
  readonly #host: PruningHost;
  readonly #options: PruneOptions;
  readonly #atMost: number;
  #progress: PruneProgress = {
    conversations: 0,
    shortened: 0,
    removed: { ...NO_ROWS, erasures: 0 },
  };

  constructor(host: PruningHost, options: PruneOptions) {
    this.#host = host;
    this.#options = options;
    this.#atMost = options.batchSize ?? 1000;
  }

  async run(): Promise<PruneProgress> {
    const { olderThan, keep } = this.#options;
    if (olderThan) {
      const changedBefore = olderThan.getTime();
      for await (const id of this.#ids({ changedBefore })) await this.#remove(id, { changedBefore });
    }
    if (keep) for await (const id of this.#ids({})) await this.#shorten(id);
    await this.#forget();
    return this.#progress;
  }

  async *#ids(filter: Pick<ConversationFilter, 'changedBefore'>): AsyncGenerator<string> {
    const pages = idPages({ ...this.#host.scope, ...filter }, (query) => {
      this.#options.signal?.throwIfAborted();
      return this.#call(undefined, (verbs) => verbs.list(query));
    });
    for await (const ids of pages) yield* ids;
  }

  /**
   * At once, or, where there is more than one transaction may remove, step by step and so that what is left is valid each
   * time: somebody may go on with it.
   *
   * @returns Whether anything was removed.
   */
  async #remove(id: string, what: Pick<Removal, 'before' | 'changedBefore'>): Promise<boolean> {
    for (let isAny = false; ; ) {
      const all = await this.#step(id, { ...what, whole: true });
      isAny ||= all.removed.messages > 0;
      if (all.isDone) return isAny;
      const place = await this.#placeBehindTurns(id);
      const { removed } = await this.#step(id, { ...what, ...(place !== undefined && { before: place }) });
      if (removed.messages === 0) return isAny; // somebody has changed it
      isAny = true;
    }
  }

  async #shorten(id: string): Promise<void> {
    const before = await this.#beginningToKeep(id);
    if (before === undefined || !(await this.#remove(id, { before }))) return;
    this.#progress = { ...this.#progress, shortened: this.#progress.shortened + 1 };
  }

  /** The id of the row that a conversation is to begin with; `undefined` where it stays as it is. */
  async #beginningToKeep(id: string): Promise<string | undefined> {
    const { items: wantedItems = 0, turns: wantedTurns = 0 } = this.#options.keep ?? {};
    const reader = this.#reader(id);
    const plan = new PagePlan();
    const kept: AgentInputItem[] = [];
    let turns = 0;
    for (let before: string | undefined; ; ) {
      await throwIfAborted(this.#options.signal);
      const limit = plan.next();
      const oldest = before;
      const rows = await this.#host.call(id, (backend) => backend.read(id, limit, oldest));
      plan.note(rows);
      for (const [index, row] of [...rows.entries()].reverse()) {
        const item = reader.item(row);
        if (!item) continue;
        kept.unshift(item);
        if (!isUserMessage(item)) continue;
        turns++;
        const isEnough = wantedItems > 0 ? kept.length >= wantedItems : turns >= wantedTurns;
        if (!isEnough || answersEarlierCall(kept)) continue;
        reader.check();
        const isFirst = index === 0 && rows.length < limit;
        return isFirst ? undefined : row.id;
      }
      if (rows.length < limit) return undefined;
      before = rows[0]?.id;
    }
  }

  /** A row among the oldest before which all may go: a user message, with no call before it that could still get a result. */
  async #placeBehindTurns(id: string): Promise<string | undefined> {
    const query = { oldest: true, limit: this.#atMost };
    const rows: readonly StoredRow[] = await this.#host.call(
      id,
      (backend) => backend.history?.(id, query) ?? [],
    );
    const reader = this.#reader(id);
    const found = rows.flatMap((row) => {
      const item = reader.item(row);
      return item ? [{ id: row.id, item }] : [];
    });
    reader.check();
    const items = found.map(({ item }) => item);
    for (let at = found.length - 1; at > 0; at--) {
      if (!isUserMessage(items[at] as AgentInputItem)) continue;
      const [gone, left] = [items.slice(0, at), items.slice(at)];
      if (!answersEarlierCall(left) && validItems(gone, false).every(Boolean)) return found[at]?.id;
    }
    return undefined;
  }

  async #step(id: string, removal: Omit<Removal, 'atMost'>) {
    this.#options.signal?.throwIfAborted();
    const step = await this.#inTurns(id, ({ removeSome }) =>
      removeSome ? removeSome(id, { ...removal, atMost: this.#atMost }) : unsupported(),
    );
    await this.#tell(step.removed);
    return step;
  }

  /** What is remembered for a time that is over. */
  async #forget(): Promise<void> {
    const { scope, operationRetentionDays: days } = this.#host;
    const operationsOlderThan = Number.isFinite(days) ? Math.ceil(days * 86_400) : undefined;
    for (let isDone = false; !isDone; ) {
      this.#options.signal?.throwIfAborted();
      const runsEndedBefore = this.#options.olderThan?.getTime();
      const forgetting = { ...scope, atMost: this.#atMost, operationsOlderThan, runsEndedBefore };
      const forgotten = await this.#inTurns(
        undefined,
        ({ forget }) => forget?.(forgetting) ?? NOTHING_FORGOTTEN,
      );
      const { operations, erasures, runs = 0 } = forgotten;
      isDone = Math.max(operations, erasures, runs) < this.#atMost;
      await this.#tell(forgotten);
    }
  }

  async #tell(rows: Partial<PruneProgress['removed']>): Promise<void> {
    const { conversations, removed } = this.#progress;
    const { erasures = 0, ...others } = rows;
    this.#progress = {
      ...this.#progress,
      conversations: conversations + (rows.sessions ?? 0),
      removed: { ...sumOfRows(removed, { ...NO_ROWS, ...others }), erasures: removed.erasures + erasures },
    };
    if (hasRows({ ...NO_ROWS, ...rows })) await this.#options.onProgress?.(this.#progress);
  }

  /** A transaction, and then at least as long without one: SQLite lets in one writer at a time, and not the one who waits longest. */
  async #inTurns<T>(id: string | undefined, work: (verbs: ConversationVerbs) => Awaitable<T>): Promise<T> {
    const began = now();
    const result = await this.#call(id, work);
    await this.#host.pause(Math.max(now() - began, SHORTEST_PAUSE));
    return result;
  }

  #reader(id: string): RowReader {
    return new RowReader(this.#host.codec(id), this.#host);
  }

  #call<T>(id: string | undefined, work: (verbs: ConversationVerbs) => Awaitable<T>): Promise<T> {
    return this.#host.call(id, ({ supports, conversations }) =>
      conversations && supports.retention ? work(conversations) : unsupported(),
    );
  }
}

const NOTHING_FORGOTTEN = { operations: 0, erasures: 0, runs: 0 };

/** @throws SessionError `UNSUPPORTED` */
export function unsupported(): never {
  throw new SessionError(
    'UNSUPPORTED',
    'This store cannot remove what is old: see store.supports.retention.',
  );
}
