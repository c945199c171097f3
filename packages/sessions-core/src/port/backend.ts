import type { Awaitable } from './awaitable.js';
import type { ConversationVerbs } from './conversations.js';
import type { RunVerbs } from './runs.js';
import type { UsageVerbs } from './usage.js';
import type { WarningReporter } from './warnings.js';

/**
 * One stored item: its text and where it stands.
 *
 * `id` is opaque: ids may exceed 2^53, and only the backend that made one knows what it means.
 */
export interface StoredRow {
  readonly id: string;
  readonly text: string;
}

/** A row with its time. */
export interface TimedRow extends StoredRow {
  /** When it was stored, in whole ms since 1970. The database tells it, as only that knows what its column means. */
  readonly createdAt: number;
}

/** Which rows of a session are wanted: those that stand between two rows, which need not be there any more. */
export interface HistoryQuery {
  /** How many at most, a positive integer. */
  readonly limit: number;
  /** Whether they are the oldest of those that are meant, and not the newest. */
  readonly oldest: boolean;
  /** The id of a row: only rows that stand before it. */
  readonly before?: string | undefined;
  /** The id of a row: only rows that stand after it. */
  readonly after?: string | undefined;
}

/**
 * The name of a change that must take effect once, and a digest that tells other changes apart: both short texts of
 * letters, digits, `-` and `_`, made of what the caller gave.
 */
export interface Operation {
  readonly id: string;
  readonly digest: string;
  /**
   * In seconds. Where it is given, recording the operation also forgets the others of its session that were recorded
   * longer ago, by the clock of the database. The store gives it to one operation in sixteen.
   */
  readonly forgetOlderThan?: number | undefined;
}

/** The rows that one call adds to one session. */
export interface AppendBatch {
  readonly sessionId: string;
  /** The items' texts, oldest first. */
  readonly texts: readonly string[];
  /** Recorded with the rows, so that a repeated call stores nothing twice. */
  readonly operation?: Operation | undefined;
}

/**
 * What became of a batch: `stored`; `repeated` (its operation was recorded before with the same digest, nothing
 * was stored again); `conflict` (its operation was recorded with another digest, nothing was stored).
 */
export type AppendOutcome = 'stored' | 'repeated' | 'conflict';

/** Changes to one session's rows, applied in this order: `clear`, `remove`, `update`, `append`. */
export interface HistoryPatch {
  /** Removes all rows of the session. Operations stay recorded. */
  readonly clear?: boolean;
  /** Ids of rows to remove. */
  readonly remove?: readonly string[];
  /** Rows that get a new text and keep their position and time. */
  readonly update?: readonly StoredRow[];
  /** Texts to add at the end, oldest first. */
  readonly append?: readonly string[];
}

/**
 * Decides what happens to a session, under its lock: looks at the newest rows (oldest first) and at the digest
 * that was recorded earlier under the operation's id, and answers with a patch, or with `need` to be asked again
 * with more rows. It is pure and may be called more than once, also from the beginning, where a transaction is
 * repeated. What it throws cancels the edit and reaches the caller unchanged.
 *
 * @param asked - How many rows were asked for: `last`, or the latest `need`. Where there are fewer, they are all.
 */
export type Decide = (
  rows: readonly StoredRow[],
  recordedDigest: string | undefined,
  asked: number | 'all',
) => HistoryPatch | { readonly need: number | 'all' };

/** What a store can do. The conformance suite reads it, and reports what it therefore did not cover. */
export interface SessionSupport {
  /** Conversations outlive the process. */
  readonly durable: boolean;
  /** Several stores, also of several processes, can work on the same conversations at once. */
  readonly shared: boolean;
  /**
   * `edit` works. Without it (databases that have no interactive transactions) sessions have the five methods
   * alone, and refuse `popItem` with `UNSUPPORTED` where they must look at an item before they remove it: in stores with
   * `encryption` or `onCorruptItem: 'throw'`.
   */
  readonly edit: boolean;
  /** Operation ids are remembered, so that a repeated change takes effect once. */
  readonly operations: boolean;
  /** `store.with(tx)` joins a transaction of the application. */
  readonly transactions: boolean;
  /** Absent where the conversations cannot be listed. */
  readonly listing?: boolean | undefined;
  /** `store.sessions` works: conversations can be listed, counted, described and deleted. Absent where they cannot. */
  readonly conversations?: boolean | undefined;
  /** Sessions have `history`, `turns` and what changes them: the backend tells the times of rows. Absent where it does not. */
  readonly history?: boolean | undefined;
  /** `store.sessions.update` works: conversations can have a title and metadata. Absent where they cannot. */
  readonly metadata?: boolean | undefined;
  /** `store.transaction(work)` works: the store begins transactions by itself. Absent where it does not. */
  readonly ownTransactions?: boolean | undefined;
  /** `store.sessions.fork` and `rename` work. Absent where they do not. */
  readonly copying?: boolean | undefined;
  /** Sessions have `recordUsage` and `usage`, and the store has sums. Absent where they do not. */
  readonly usage?: boolean | undefined;
  /** `store.runs` works: runs are kept and go on in another process. Absent where they cannot. */
  readonly runs?: boolean | undefined;
  /** `importSessions` and `copyStore` can write to it: conversations can be made with the times that they had. Absent where they cannot. */
  readonly restoring?: boolean | undefined;
  /** What `store.sessions.delete` erased can be kept from coming back for a while. Absent where it cannot. */
  readonly erasure?: boolean | undefined;
  /** `store.prune` and the option `retention` work. Absent where they do not. */
  readonly retention?: boolean | undefined;
  /** `store.watch` works: the backend tells which conversations got items. Absent where it does not. */
  readonly watching?: boolean | undefined;
}

/**
 * The port: what a database has to do behind a {@link SessionStore}. A class with these methods gets everything
 * else (ids, limits, codecs, corrupt rows, call order, errors) from the store.
 *
 * Ids are checked and items are encoded before a backend sees them. Every method is atomic, may answer at once or
 * with a promise, and throws `SessionError` only. One store never calls methods for one session at the same time,
 * but for several `read`s; other stores and processes may be at work on the same database.
 */
export interface SessionBackend {
  readonly supports: SessionSupport;

  /**
   * For synchronous drivers, whose commits block the process so that nothing can arrive meanwhile: the store hands
   * over all turns of one tick of the event loop in one {@link append}.
   */
  readonly gathersByTick?: boolean;

  /**
   * For tables that are split over nodes by their conversation: no {@link append} of the store holds turns of two, whatever its option
   * `groupCommit` says, as a commit over several nodes may be done by half.
   */
  readonly gathersBySession?: boolean;

  /**
   * Adds the rows of one or more sessions in one transaction. Each batch stays contiguous and in order, and its
   * rows come after every row that was committed to its session before. A session that is not there is made.
   *
   * @returns One outcome for each batch, in the order of the batches.
   */
  append(batches: readonly AppendBatch[]): Awaitable<readonly AppendOutcome[]>;

  /**
   * Reads the newest rows of a session.
   *
   * @param limit - How many at most, a positive integer; all when absent.
   * @param before - The id of a row: only rows that stand before it. For reading page by page.
   * @returns Rows, oldest first; none for an unknown session.
   */
  read(sessionId: string, limit?: number, before?: string): Awaitable<readonly StoredRow[]>;

  /** Removes the newest row and returns it; `undefined` when there is none. No row is ever given to two callers. */
  pop(sessionId: string): Awaitable<StoredRow | undefined>;

  /**
   * Changes a session under its lock, in one transaction: shows `decide` the newest `last` rows and applies the
   * patch it returns. With an `operation` that was not recorded before, records it with the patch. The session
   * is made only if the patch appends or an operation is recorded.
   *
   * @param last - How many of the newest rows `decide` sees first, or `'all'`.
   */
  edit(sessionId: string, last: number | 'all', decide: Decide, operation?: Operation): Awaitable<void>;

  /** Removes the rows, the operations and the session itself. Does nothing for an unknown session. */
  clear(sessionId: string): Awaitable<void>;

  /**
   * The ids of sessions, page by page, for work on all of them: in ascending order, as the database orders
   * texts. Absent where `supports.listing` is.
   *
   * @param after - The last id of the page before; from the beginning when absent.
   * @param limit - How many at most, a positive integer. Fewer mean that there are no more.
   * @param prefix - What the ids begin with, byte for byte, if only those are wanted. A backend may give others too.
   */
  sessionIds?(
    after: string | undefined,
    limit: number,
    prefix?: string | undefined,
  ): Awaitable<readonly string[]>;

  /**
   * Reads a part of a session with times, for people to look at. Absent where `supports.history` is.
   *
   * @returns Rows, oldest first; none for an unknown session.
   * @throws SessionError `NOT_FOUND` for a `before` or `after` that cannot be the id of a row.
   */
  history?(sessionId: string, query: HistoryQuery): Awaitable<readonly TimedRow[]>;

  /** The verbs on conversations as a whole. Absent where `supports.conversations` is. */
  readonly conversations?: ConversationVerbs;

  /** The verbs on what model responses used. Absent where `supports.usage` never is. */
  readonly usage?: UsageVerbs;

  /** The verbs on runs. Absent where `supports.runs` never is. */
  readonly runs?: RunVerbs;

  /** Ends what the backend opened itself; leaves open what the caller handed over. */
  close(): Awaitable<void>;

  /**
   * The same backend inside a transaction of the application, without retries and without a COMMIT of its own.
   * Absent where `supports.transactions` is false.
   */
  with?(transaction: unknown): SessionBackend;

  /**
   * Begins a transaction on a connection of the backend, waits for `work`, and commits. Where `work` throws it rolls back, and what
   * was thrown reaches the caller unchanged. What comes before `work` may be tried again; `work` itself is called once. Absent where
   * `supports.ownTransactions` is.
   *
   * @param work - Gets a backend as {@link with} makes it, and what the application runs statements of its own on.
   * @throws SessionError `OUTCOME_UNKNOWN` where the answer to the COMMIT was lost.
   */
  transaction?<T>(work: (inner: SessionBackend, client: unknown) => Promise<T>): Promise<T>;

  /**
   * Whether there is one connection for all calls, which a {@link transaction} holds until it ends: the store then lets its
   * other calls wait.
   */
  readonly hasOneConnection?: boolean | undefined;
}

/** Makes a {@link SessionBackend} when a store is opened. */
export interface SessionEngine {
  /** What the engine is called in diagnostics, like `sqlite`. */
  readonly name: string;
  /** What the table of items is called, for the diagnostics. Absent where there is none. */
  readonly table?: string | undefined;
  /** What its backends can do, before one is open. */
  readonly supports: SessionSupport;
  /** Connects, and makes what has to be made. Called again after a failure. */
  open(warn: WarningReporter): Awaitable<SessionBackend>;
}
