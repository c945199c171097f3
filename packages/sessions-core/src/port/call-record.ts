import { bytesOf } from './backlog.js';
import { isSessionError } from './errors.js';
import { now } from './timers.js';

/**
 * What became of what a call writes: `stored`; `uncommitted` (the call succeeded inside a transaction, with which it is stored or not);
 * `unwritten` (it failed, and nothing was written); `unknown` (it failed, and may be stored).
 */
export type WriteOutcome = 'stored' | 'uncommitted' | 'unwritten' | 'unknown';

/** What is counted of one call, for the diagnostics. */
export interface CallCounts {
  /** From the call to its end in ms, waiting for its turn included. */
  readonly ms: number;
  /**
   * How many of these ms passed before it was sent to the database: it waited for the calls before it, for the store to open, for the
   * commit of others, and for a connection. All of them where it was never sent.
   */
  readonly waiting: number;
  /** How often it was sent again: after a lost connection or a deadlock, or because other turns of its commit were refused. */
  readonly retries: number;
  /** Rows that the database answered with: items, and conversations, runs with their steps or sums where the call is about those. */
  readonly rowsRead: number;
  /** Rows that it was to store: added, and changed. */
  readonly rowsWritten: number;
  /** The length of the texts in the rows that were read, in bytes of UTF-8. */
  readonly bytesRead: number;
  /** The length of the texts in the rows that were to be stored, in bytes of UTF-8. */
  readonly bytesWritten: number;
  /** How many turns of this store were sent in one commit, this one included. Absent for what shares no commit. */
  readonly groupSize?: number;
  /**
   * Of a call that the options `maxWaitingTurns` and `maxWaitingBytes` bound: how many turns waited in the store, or were on their way,
   * when it came, without itself.
   */
  readonly waitingTurns?: number;
  /** Absent for calls that only read. */
  readonly outcome?: WriteOutcome;
  /** The code of the error it ended with, `TypeError` for a mistake of the caller, absent if it succeeded. */
  readonly error?: string;
}

/** Counts what one call does. It exists only where somebody is told. */
export class CallRecord {
  /** What the conversation is stored under, or what the call takes turns by. */
  storedId = '';
  /** Whether it is inside a transaction that is still open. */
  isInside = false;
  /** Whether it is a transaction, of which nothing is left when the application's part of it fails. */
  isTransaction = false;
  retries = 0;
  groupSize: number | undefined;
  waitingTurns: number | undefined;
  #rowsRead = 0;
  #bytesRead = 0;
  #rowsWritten = 0;
  #bytesWritten = 0;
  readonly #began = now();
  #sent: number | undefined;

  /** It was sent: for the first time, as far as is known. */
  sent(): void {
    this.#sent ??= now();
  }

  /** It was not sent after all: it waits for something else. */
  unsent(): void {
    this.#sent = undefined;
  }

  read(texts: readonly string[]): void {
    this.#rowsRead += texts.length;
    this.#bytesRead += bytesOf(texts);
  }

  written(texts: readonly string[]): void {
    this.#rowsWritten += texts.length;
    this.#bytesWritten += bytesOf(texts);
  }

  /** What was counted by now. @param thrown - What the call failed with, if it did. */
  counts(writes: boolean, thrown?: { readonly error: unknown }): CallCounts {
    const end = now();
    return {
      ms: end - this.#began,
      waiting: (this.#sent ?? end) - this.#began,
      retries: this.retries,
      rowsRead: this.#rowsRead,
      rowsWritten: this.#rowsWritten,
      bytesRead: this.#bytesRead,
      bytesWritten: this.#bytesWritten,
      ...(this.groupSize !== undefined && { groupSize: this.groupSize }),
      ...(this.waitingTurns !== undefined && { waitingTurns: this.waitingTurns }),
      ...(writes && { outcome: this.#outcome(thrown) }),
      ...(thrown && { error: nameOf(thrown.error) }),
    };
  }

  #outcome(thrown: { readonly error: unknown } | undefined): WriteOutcome {
    if (!thrown) return this.isInside ? 'uncommitted' : 'stored';
    const { error } = thrown;
    if (isSessionError(error)) return error.code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'unwritten';
    // a mistake in the arguments is told before anything is sent
    return this.#sent === undefined || this.isTransaction ? 'unwritten' : 'unknown';
  }
}

/** What is told of something that was thrown, whatever it is. */
function nameOf(thrown: unknown): string {
  if (isSessionError(thrown)) return thrown.code;
  return thrown instanceof Error ? thrown.name : 'Error';
}
