import type { ItemCodec } from '../items/item-codec.js';
import type { OnCorruptItem } from '../items/row-reader.js';
import type { Awaitable } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import type { CallLimits } from '../port/call-limits.js';
import type { WarningReporter } from '../port/warnings.js';

/** What a session needs of the store it belongs to. */
export interface SessionHost {
  /** What a row that cannot be read leads to. */
  readonly onCorruptItem: OnCorruptItem;
  /** Tells the application. */
  readonly warn: WarningReporter;
  /** What is the same for all views of one store. */
  readonly store: object;
  /** The tenant whose conversations these are, where the store is limited to one. */
  readonly tenant: string | undefined;
  /** How the items of a conversation become texts. */
  codec(storedId: string): ItemCodec;
  /** Whether sessions have the methods that change what is stored: the history transactions, mutations, compaction. */
  readonly edit: boolean;
  /** Whether the backend tells the times of rows: without it sessions have no `history` and no turns. */
  readonly history: boolean;
  /** Whether the backend keeps what models used: without it sessions have no `recordUsage` and `usage`. */
  readonly usage: boolean;
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
  /** Calls `listener` after each call of the store that wrote something, until what it returns is called. */
  onWrite(listener: (storedId: string) => void): () => void;
  /**
   * Makes one call. `prepare` runs at once and looks at the arguments; the work it returns is done when its turn
   * has come, and is the only part that reaches the database.
   */
  perform<T>(operation: SessionOperation, prepare: () => PreparedCall<T>): Promise<T>;
  /**
   * Makes calls of a backend in one transaction. A backend that begins none (memory) is handed over as it is: what it does at once
   * nobody comes between.
   */
  atomically<T>(work: (inner: SessionBackend) => Awaitable<T>): Promise<T>;
}

/** A call whose arguments are right. */
export interface PreparedCall<T> {
  /** What the conversation is stored under. Calls for one id take turns. */
  readonly storedId: string;
  /** A second conversation that it works on: the call is in the order of its calls too. Only for calls that run alone. */
  readonly otherId?: string;
  /** Runs alone, because it reads before it writes. */
  readonly exclusive?: boolean;
  /** How long the caller waits for it. */
  readonly limits?: CallLimits | undefined;
  /** The length of the items that it adds. Given for calls that are refused where too much waits. */
  readonly bytes?: number | undefined;
  readonly work: (backend: SessionBackend) => Awaitable<T>;
}

/** The calls of a session, by the SDK's names, and those of `store.sessions`. */
export type SessionOperation =
  | 'getItems'
  | 'addItems'
  | 'popItem'
  | 'clearSession'
  | 'applyHistoryTransaction'
  | 'applyHistoryMutations'
  | 'replaceHistoryWithCompaction'
  | 'history'
  | 'turns'
  | 'items'
  | 'watch'
  | 'rewind'
  | 'replaceTurn'
  | 'replaceItem'
  | 'removeItem'
  | 'replaceBeginning'
  | 'recordUsage'
  | 'usage'
  | 'exportSessions'
  | 'importSessions'
  | 'sessions.list'
  | 'sessions.retrieve'
  | 'sessions.count'
  | 'sessions.update'
  | 'sessions.rename'
  | 'sessions.fork'
  | 'sessions.delete'
  | 'runs.create'
  | 'runs.read'
  | 'runs.take'
  | 'runs.write'
  | 'runs.add'
  | 'runs.settle'
  | 'runs.list'
  | 'prune'
  | 'transaction'
  | 'health';

/** Calls that change nothing. */
export const READS: ReadonlySet<SessionOperation> = new Set([
  'getItems',
  'history',
  'turns',
  'usage',
  'items',
  'watch',
  'exportSessions',
  'sessions.list',
  'sessions.retrieve',
  'sessions.count',
  'runs.read',
  'runs.list',
  'health',
]);
