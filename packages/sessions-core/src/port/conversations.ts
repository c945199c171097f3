import type { Awaitable } from './awaitable.js';
import { SessionError } from './errors.js';
import type {
  KeptConversations,
  RestoreOutcome,
  StoredDescription,
  WholeConversation,
} from './whole-conversations.js';

/** Which conversations are meant. */
export interface ConversationFilter {
  /** What their stored ids begin with, byte for byte; every id begins with the empty text. */
  readonly prefix: string;
  /** What their stored ids do not begin with. */
  readonly withoutPrefix?: string | undefined;
  /** Only those whose last change is later, in ms since 1970. */
  readonly changedAfter?: number | undefined;
  /** Only those whose last change is earlier, in ms since 1970. */
  readonly changedBefore?: number | undefined;
  /** Only those whose description has all of these texts somewhere, byte for byte. */
  readonly described?: readonly string[] | undefined;
}

/**
 * Decides what becomes of a description, under the conversation's lock. It is pure and may be called more than once, where a
 * transaction is repeated. What it throws cancels the change and reaches the caller unchanged.
 *
 * @returns What is to be stored, or nothing if all is to stay as it is.
 */
export type DecideDescription = (current: StoredDescription | undefined) => StoredDescription | undefined;

/** A place in an order: where a page ends. */
export interface ConversationPosition {
  /** `time` of the last conversation of a page. */
  readonly time: string;
  readonly id: string;
}

/** Which conversations are listed, in which order. */
export interface ConversationQuery extends ConversationFilter {
  /** What they are sorted by. Those of one time are sorted by their ids, in whichever order of texts the database has. */
  readonly by: 'changed' | 'created' | 'id';
  /** The greatest first. */
  readonly descending: boolean;
  /** Only those that stand behind this place, whether what stood there is still there or not. */
  readonly after?: ConversationPosition | undefined;
  /** How many at most, a positive integer. */
  readonly limit: number;
}

/** A conversation, without its items. */
export interface StoredConversation {
  readonly id: string;
  /** In whole ms since 1970. The database tells it, as only that knows what its column means. */
  readonly createdAt: number;
  /** In whole ms since 1970. */
  readonly updatedAt: number;
  /**
   * The time that it was sorted by, as exact as the database holds it, for the `after` of the next page. Opaque; empty
   * in the order of ids.
   */
  readonly time: string;
  /** What {@link ConversationVerbs.describe} stored last; absent if it never did. */
  readonly description?: StoredDescription | undefined;
}

/** How many rows of each table a removal took away. */
export interface RemovedRows {
  readonly sessions: number;
  readonly messages: number;
  readonly operations: number;
  /** Of the table of descriptions. */
  readonly metadata: number;
  /** Of what responses used. Absent where the backend keeps no usage. */
  readonly usage?: number | undefined;
  /** Of runs and their steps. Absent where the backend keeps no runs. */
  readonly runs?: number | undefined;
}

/** How much of a conversation is removed at once. */
export interface Removal {
  /** How many items at most, the oldest ones: a positive integer. The conversation itself goes with the last of them. */
  readonly atMost: number;
  /** Nothing is removed where there are more: then the answer has no rows and is not done. */
  readonly whole?: boolean | undefined;
  /** The id of a row: only items that stand before it. The conversation stays. */
  readonly before?: string | undefined;
  /**
   * In ms since 1970: nothing is removed of a conversation that is not there, whose last change is not earlier, or that has a run which is
   * under way or waits.
   */
  readonly changedBefore?: number | undefined;
}

/** What is forgotten because its time is over. */
export interface Forgetting extends ConversationFilter {
  /** Of conversations that match: operations that were recorded longer ago than so many seconds. None if absent. */
  readonly operationsOlderThan?: number | undefined;
  /** In ms since 1970, by the clock of the database: runs of conversations that match and ended earlier, with their steps. None if absent. */
  readonly runsEndedBefore?: number | undefined;
  /** How many rows of a table at most, and how many runs: a positive integer. */
  readonly atMost: number;
}

/** What one step of a removal did. */
export interface RemovalStep {
  readonly removed: RemovedRows;
  /** Whether there is nothing more to remove. */
  readonly isDone: boolean;
}

/** How a conversation becomes another one. */
export interface ConversationCopy {
  /** How many items are taken along, the oldest ones; all if absent. */
  readonly upTo?: number | undefined;
  /** Whether the first one is removed: then times and operations go along too, and it only has another id. */
  readonly move: boolean;
  /**
   * The text under the new id, of each item and of the description: where texts are encrypted, their keys depend on the id.
   * What it throws cancels the copy and reaches the caller unchanged. Absent where texts stay as they are.
   */
  readonly rewrite?: ((text: string) => string) | undefined;
}

/**
 * The copy, without a `time`, as it was read in the same transaction. `missing`: the first one is not there. `taken`: the other
 * one is, or has a description still. Then nothing changed.
 */
export type CopyOutcome = StoredConversation | 'missing' | 'taken';

/** Which sessions got rows behind a place in the order of the ids of all rows. */
export interface SessionChanges {
  /** Each session that has rows among those that were looked at, once, with the id of the newest of them. */
  readonly sessions: readonly { readonly id: string; readonly newest: string }[];
  /** The last row that was looked at, to look on from; where there was none, the place itself. */
  readonly last: string;
  /** Whether there were no more rows. */
  readonly isLast: boolean;
}

/** The verbs on conversations as a whole, without their items. A backend may lack them. */
export interface ConversationVerbs {
  /** A page of conversations. */
  list(query: ConversationQuery): Awaitable<readonly StoredConversation[]>;
  /** How many there are. */
  count(filter: ConversationFilter): Awaitable<number>;
  /** One of them; `undefined` where it is not there. Its `time` is empty. */
  get(sessionId: string): Awaitable<StoredConversation | undefined>;
  /** Removes all rows of all tables under the conversation's lock, in one transaction. */
  remove(sessionId: string): Awaitable<RemovedRows>;
  /**
   * Changes the description of a conversation under its lock, in one transaction. The time of its last change stays. A
   * description outlives `clear` and goes with {@link remove} alone. Absent where `supports.metadata`
   * never is.
   *
   * @param make - Whether a conversation that is not there is made, if `decide` returns something to store.
   * @returns The conversation as it is afterwards, without a `time`; `undefined` where it is not there.
   */
  describe?(
    sessionId: string,
    decide: DecideDescription,
    make: boolean,
  ): Awaitable<StoredConversation | undefined>;
  /**
   * Copies a conversation to an id that nobody uses, with its description, in one transaction under the locks of both, taken
   * in the order of the bytes of their ids. Items keep their order and times. What responses used goes along where it is moved:
   * by turns too, whose rows may have other ids then. Absent where `supports.copying` never is.
   */
  copy?(from: string, to: string, how: ConversationCopy): Awaitable<CopyOutcome>;
  /**
   * Removes a part of a conversation under its lock, in one transaction: at most so many of its oldest items, and in the step in
   * which none is left also all rows of all other tables. The time of its last change stays.
   */
  removeSome?(sessionId: string, removal: Removal): Awaitable<RemovalStep>;
  /**
   * For a while nobody makes a conversation with this id: `append`, `edit`, {@link describe} and {@link copy} fail with
   * {@link sessionErased} where they would make it, and change nothing. Kept are a digest of the id and a time of the
   * database's clock, in a table of its own. A longer time that was set before stays. When this has returned, whatever could
   * still make it holds its lock: a removal that begins then is final. Absent where `supports.erasure` never is.
   *
   * @param milliseconds - For how long, a positive integer.
   * @throws SessionError `UNSUPPORTED` where the table is not there; `BUSY` where something that began before does not end.
   */
  refuse?(sessionId: string, milliseconds: number): Awaitable<void>;
  /**
   * Removes operations, runs and refusals whose time is over, by the clock of the database. Absent where `supports.retention`
   * never is.
   *
   * @returns How many rows of each table. As many as `atMost` mean that there may be more.
   */
  forget?(forgetting: Forgetting): Awaitable<{
    readonly operations: number;
    readonly erasures: number;
    /** Absent where the backend keeps no runs. */
    readonly runs?: number | undefined;
  }>;
  /**
   * Takes a lease of a name, which one process of all has at a time, until its time is over, by the clock of the database.
   * Absent where `supports.retention` never is.
   *
   * @param held - Whether the caller has it: then it gets the new time in any case.
   * @returns Whether the caller has it now.
   */
  lease?(name: string, milliseconds: number, held: boolean): Awaitable<boolean>;
  /**
   * Makes conversations as they were elsewhere, with their times and all that is kept of them, in one transaction: each of them whole,
   * or not at all. Never changes one that is there, unless it is told to replace it. What there is no table for is left out.
   * Absent where `supports.restoring` is.
   *
   * @param conversations - With different ids.
   * @returns One outcome for each, in the same order.
   */
  restore?(conversations: readonly WholeConversation[]): Awaitable<readonly RestoreOutcome[]>;
  /**
   * Conversations with all that is kept of them, each as it was at one moment: what {@link restore} takes. Those that are not
   * there are left out. Absent where `supports.restoring` is.
   *
   * @param sessionIds - Different ones.
   * @param atMost - How many items of all of them are read at most, a positive integer: of conversations for which there is no
   * room nothing is answered but their ids. All if absent.
   */
  wholes?(sessionIds: readonly string[], atMost?: number): Awaitable<KeptConversations>;
  /**
   * Which sessions got rows: looks at the rows behind a place, in the order of their ids, those of all sessions together. One read, which
   * costs as much as there is behind the place. Absent where `supports.watching` is.
   *
   * @param after - The id of a row, which need not be there any more. Where it is absent no session is told, and `last` is a place from
   * which rows can be looked at that may not be committed yet: {@link beforeNewest}.
   * @param limit - How many rows are looked at: a positive integer. A backend may look at more.
   * @throws SessionError `NOT_FOUND` for an `after` that cannot be the id of a row.
   */
  changes?(after: string | undefined, limit: number): Awaitable<SessionChanges>;
}

/** How many rows that are not committed yet may stand before one that is. */
const UNCOMMITTED = 1000n;

/**
 * Where a backend whose ids are numbers lets a watch begin: a little before the newest row, as other rows that are not committed yet have
 * lower ids.
 *
 * @param newest - The id of the newest row of all; nothing where there is none.
 * @example
 * ```ts
 * beforeNewest('2500'); // '1500'
 * ```
 */
export function beforeNewest(newest: string | null | undefined): SessionChanges {
  const row = BigInt(newest ?? 0) - UNCOMMITTED;
  return { sessions: [], last: String(row > 0n ? row : 0n), isLast: true };
}

/**
 * What `changes` of a backend answers whose ids are numbers.
 *
 * @param found - For each session the id of its newest row, and how many of its rows were looked at (`n`).
 * @param after - Behind which row.
 * @param limit - How many rows were looked at, at most.
 * @example
 * ```ts
 * changesIn([{ id: 'chat_123', newest: '17', n: 2 }], '15', 1000); // last: '17', isLast: true
 * ```
 */
export function changesIn(
  found: readonly { readonly id: string; readonly newest: string; readonly n: number | string }[],
  after: string,
  limit: number,
): SessionChanges {
  const looked = found.reduce((sum, { n }) => sum + Number(n), 0);
  const last = found.map(({ newest }) => BigInt(newest)).reduce(greater, BigInt(after));
  return {
    sessions: found.map(({ id, newest }) => ({ id, newest })),
    last: String(last),
    isLast: looked < limit,
  };
}

function greater(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}

/**
 * What a backend throws for a conversation that was erased and takes no turns yet.
 *
 * @example
 * ```ts
 * if (await isRefused(sessionId)) throw sessionErased();
 * ```
 */
export function sessionErased(): SessionError {
  return new SessionError(
    'SESSION_ERASED',
    'The conversation was erased, and takes no turns until the time is over that was set with its erasure. Nothing was written.',
  );
}

/**
 * What `refuse` of a backend throws where the table of erased ids is not there.
 *
 * @example
 * ```ts
 * if (!supports.erasure) throw erasuresMissing();
 * ```
 */
export function erasuresMissing(): SessionError {
  return new SessionError(
    'UNSUPPORTED',
    'The table for ids that were erased does not exist, or may not be read, so late turns cannot be refused. Nothing was removed. ' +
      'Pass refuseFor: 0, open the store with createTables: true, or run the statements of schemaSql().',
  );
}

/**
 * What `describe` of a backend throws where the table of titles and metadata is not there.
 *
 * @param statement - What makes it.
 * @example
 * ```ts
 * throw metadataMissing('CREATE TABLE agent_sessions_metadata (...)');
 * ```
 */
export function metadataMissing(statement: string): SessionError {
  return new SessionError(
    'UNSUPPORTED',
    `The table for titles and metadata does not exist. Open the store with createTables: true, or run: ${statement}`,
  );
}

/**
 * Ids, each once, in the order in which everybody takes locks, so that two calls for the same conversations never wait for each
 * other: that of their bytes.
 *
 * @example
 * ```ts
 * inByteOrder(['b', 'a', 'b']); // ['a', 'b']
 * ```
 */
export function inByteOrder(sessionIds: readonly string[]): string[] {
  return [...new Set(sessionIds)].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
}

/**
 * The first text behind all texts that begin with a prefix, in the order of code points, which is that of UTF-8 bytes.
 *
 * @returns Nothing where every later text begins so.
 * @example
 * ```ts
 * behindPrefix('chat_'); // 'chat`': an id begins with 'chat_' if it is >= 'chat_' and < 'chat`'
 * ```
 */
export function behindPrefix(prefix: string): string | undefined {
  const characters = Array.from(prefix);
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const next = (last.codePointAt(0) ?? 0) + 1;
    if (next <= 0x10ffff) {
      // surrogates are no characters
      return characters.join('') + String.fromCodePoint(next === 0xd800 ? 0xe000 : next);
    }
  }
  return undefined;
}
