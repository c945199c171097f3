import type { Awaitable } from './awaitable.js';
import type { SessionBackend } from './backend.js';
import type { ItemCodec } from './item-codec.js';
import type { WarningReporter } from './warnings.js';

/** What a session needs of the store it belongs to. */
export interface SessionHost {
  /** What a row that cannot be read leads to. */
  readonly onCorruptItem: OnCorruptItem;
  /** Tells the application. */
  readonly warn: WarningReporter;
  /** The tenant whose conversations these are, where the store is limited to one. */
  readonly tenant: string | undefined;
  /** How the items of a conversation become texts. */
  codec(storedId: string): ItemCodec;
  /** Whether sessions have the methods that change what is stored: the history transactions, mutations, compaction. */
  readonly edit: boolean;
  /** Whether operation ids are remembered: without it sessions have no `applyHistoryTransaction`. */
  readonly operations: boolean;
  /** How many days operation ids are remembered. */
  readonly operationRetentionDays: number;
  /** Whether a turn without an operation id of the caller gets one, for the store's own repetition. */
  readonly exactlyOnce: boolean;
  /**
   * Whether the session is inside a transaction of the application. It has no `applyHistoryTransaction` there, which
   * waits for the SDK to be loaded: a synchronous transaction would be over by then.
   */
  readonly joined: boolean;
  /**
   * Makes one call. `prepare` runs at once and looks at the arguments; the work it returns is done when its turn
   * has come, and is the only part that reaches the database.
   */
  perform<T>(operation: SessionOperation, prepare: () => PreparedCall<T>): Promise<T>;
}

/** A call whose arguments are right. */
export interface PreparedCall<T> {
  /** What the conversation is stored under. Calls for one id take turns. */
  readonly storedId: string;
  /** Runs alone, because it reads before it writes. */
  readonly exclusive?: boolean;
  readonly work: (backend: SessionBackend) => Awaitable<T>;
}

/**
 * What to do about a row that is not an item. `skip`: reading leaves it out, popping removes it on the way, and
 * the application gets a warning. `throw`: both fail with `CORRUPT_ITEM` and change nothing.
 *
 * In a store that encrypts, a row that does not open among others that do: `skip` leaves it out with a warning and
 * never removes it; with `throw` calls fail with `DECRYPTION_FAILED`. If no row opens they do so in any case.
 */
export type OnCorruptItem = 'skip' | 'throw';

/** The calls of a session, by the SDK's names. */
export type SessionOperation =
  | 'getItems'
  | 'addItems'
  | 'popItem'
  | 'clearSession'
  | 'applyHistoryTransaction'
  | 'applyHistoryMutations'
  | 'replaceHistoryWithCompaction';
