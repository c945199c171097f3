import { isSignal, isWholeNumber, type OptionCheck } from '../port/options.js';

/** What `session.watch` takes. */
export interface WatchOptions {
  /** The `id` of an entry, of `history` or of an earlier watch: only items that stand after it. All items if absent. */
  after?: string | undefined;
  /** Ends the watch. */
  signal?: AbortSignal | undefined;
  /**
   * How often the database is asked for what other processes added, in ms, at least 10. Default 500. What this store added shows
   * at once.
   */
  interval?: number | undefined;
}

/** What `store.watch` takes. */
export interface StoreWatchOptions {
  /**
   * The `cursor` of an earlier watch, also of another process: what changed since then. If absent it begins a little before now, with the
   * conversations of the newest 1,000 items, so that nothing is lost between it and a list that is read meanwhile.
   */
  after?: string | undefined;
  /** Ends the watch. */
  signal?: AbortSignal | undefined;
  /** As for `session.watch`. */
  interval?: number | undefined;
  /**
   * How long a transaction may take from its first item to its commit for its turns to be told, in ms. Each look reads where the items of
   * so long a time stand, so it costs more with more. Default 10,000.
   */
  longestTransaction?: number | undefined;
}

/** A conversation that got items. */
export interface SessionChanged {
  /** What `session(id)` of the same store opens it by. */
  readonly id: string;
  /** To be given as `after`, also in another process, to go on from here. Some changes may then be told again, none is lost. */
  readonly cursor: string;
}

/** In ms. */
export const DEFAULT_INTERVAL = 500;
/** In ms. */
export const DEFAULT_LONGEST_TRANSACTION = 10_000;

const isPlace: OptionCheck = (value) =>
  typeof value === 'string' && value !== '' ? undefined : 'a text that was given out as an "id" or "cursor"';

/** The checks of {@link WatchOptions}. */
export const WATCH_CHECKS: Readonly<Record<keyof WatchOptions, OptionCheck>> = {
  after: isPlace,
  signal: isSignal,
  interval: isWholeNumber(10),
};

/** The checks of {@link StoreWatchOptions}. */
export const STORE_WATCH_CHECKS: Readonly<Record<keyof StoreWatchOptions, OptionCheck>> = {
  ...WATCH_CHECKS,
  longestTransaction: isWholeNumber(0),
};
