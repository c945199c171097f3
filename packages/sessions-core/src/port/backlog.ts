import { SessionError } from './errors.js';
import { isWholeNumber } from './options.js';

/** How much may wait to be stored. */
export interface BacklogOptions {
  /**
   * How many turns may wait to be stored, or be on their way, in this store. Past it `addItems`, `applyHistoryTransaction` and
   * `replaceHistoryWithCompaction` fail at once with `OVERLOADED`: nothing is written, and the same call may be made again. Reads are not
   * refused, nor are imports and the steps of runs, of which each import and each run has one under way. Default 100000; 0 means without a limit.
   */
  maxWaitingTurns?: number | undefined;
  /**
   * How many bytes of items (as JSON in UTF-8) may wait so. A turn that is longer than that is taken where no other waits. Default
   * 268435456, which is 256 MiB; 0 means without a limit.
   */
  maxWaitingBytes?: number | undefined;
}

/** The checks of {@link BacklogOptions}. */
export const BACKLOG_OPTION_CHECKS = { maxWaitingTurns: isWholeNumber(0), maxWaitingBytes: isWholeNumber(0) };

/** The length of texts in UTF-8. */
export function bytesOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** The turns that wait to be stored, or are on their way. */
export class Backlog {
  readonly #maxTurns: number;
  readonly #maxBytes: number;
  #turns = 0;
  #bytes = 0;

  /** How many turns wait. */
  get turns(): number {
    return this.#turns;
  }

  constructor({ maxWaitingTurns = 100_000, maxWaitingBytes = 256 * 1024 * 1024 }: BacklogOptions) {
    this.#maxTurns = maxWaitingTurns || Infinity;
    this.#maxBytes = maxWaitingBytes || Infinity;
  }

  /**
   * Takes a turn.
   *
   * @returns What is to be called when it waits no more.
   * @throws SessionError `OVERLOADED`
   */
  enter(bytes: number): () => void {
    const isTooMuch = this.#bytes + bytes > this.#maxBytes && this.#turns > 0;
    if (this.#turns >= this.#maxTurns || isTooMuch) throw overloaded(this.#turns, this.#bytes);
    this.#turns++;
    this.#bytes += bytes;
    return () => {
      this.#turns--;
      this.#bytes -= bytes;
    };
  }
}

function overloaded(turns: number, bytes: number): SessionError {
  return new SessionError(
    'OVERLOADED',
    `${turns} turns with ${bytes} bytes wait to be stored already, and the store takes no more (maxWaitingTurns, maxWaitingBytes). ` +
      'Nothing was written. Take fewer requests, and repeat it after a wait.',
  );
}
