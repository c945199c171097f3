import type { Awaitable } from './awaitable.js';
import { isWholeNumber } from './options.js';
import { startTimer } from './timers.js';

/** How long a call waits for a server. */
export interface TimeLimitOptions {
  /**
   * How long a server may take for one statement, and a pool to give a connection, in ms. Default 30000; 0 means for
   * ever. After it the connection is closed: a read is `CONNECTION_FAILED` and made again like after any lost
   * connection; a write is `OUTCOME_UNKNOWN`, as the server may still store it. Making tables has no limit.
   */
  timeout?: number | undefined;
}

/** The checks of {@link TimeLimitOptions}. The longest is that of Node's timers. */
export const TIME_LIMIT_OPTION_CHECKS = { timeout: isWholeNumber(0) };

/** The default of {@link TimeLimitOptions.timeout}, in ms. */
export const DEFAULT_TIMEOUT = 30_000;

/**
 * Waits for a result, but not for ever.
 *
 * @param limit - In ms; 0 means without an end.
 * @param work - What is waited for. It is not stopped: the caller closes what it works on.
 * @param tooLate - Makes the error to throw when the time is over.
 * @param afterAll - Gets a result that comes too late. A failure that comes too late is dropped.
 * @throws what `tooLate` returns, and what `work` fails with.
 * @example
 * ```ts
 * const client = await withTimeLimit(30_000, pool.connect(), () => new Error('no connection'), (late) => late.release());
 * ```
 */
export function withTimeLimit<T>(
  limit: number,
  work: Awaitable<T>,
  tooLate: () => Error,
  afterAll: (value: T) => void = () => undefined,
): Promise<T> {
  if (limit === 0) return Promise.resolve(work);
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = startTimer(limit, () => {
      over = true;
      reject(tooLate());
    });
    Promise.resolve(work).then(
      (value) => {
        timer.cancel();
        if (over) afterAll(value);
        else resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error); // does nothing when it is over
      },
    );
  });
}
