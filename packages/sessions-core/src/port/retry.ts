import type { Awaitable } from './awaitable.js';
import { repeatsCall } from './call-limits.js';
import { isSessionError, SessionError, type SessionErrorCode } from './errors.js';
import { isWholeNumber } from './options.js';
import { delay } from './timers.js';

/** How often and how patiently a call to a server is tried again. */
export interface RetryOptions {
  /**
   * How often a call is repeated after a connection could not be made or was lost, and nothing was written.
   * Default 3. With 0 nothing is ever repeated, not even after a deadlock.
   */
  maxRetries?: number | undefined;
  /** The longest wait before such a repetition, in ms; a random half of it is left out. Default 1000. */
  retryDelay?: number | undefined;
}

/** The checks of {@link RetryOptions}. */
export const RETRY_OPTION_CHECKS = { maxRetries: isWholeNumber(0), retryDelay: isWholeNumber(0) };

/** Deadlocks and serialization failures clear up quickly, if the contenders do not come back at the same time. */
const CONFLICT_RETRIES = 10;
const FIRST_CONFLICT_DELAY = 10;

/**
 * What only `decide` throws, under the conversation's lock: it was shown whether the operation is recorded, so this is
 * known for all earlier attempts too. No answer of a database is turned into these codes.
 */
const DECIDED: ReadonlySet<SessionErrorCode> = new Set([
  'CORRUPT_ITEM',
  'DECRYPTION_FAILED',
  'INVALID_TRANSACTION',
  'OPERATION_CONFLICT',
  'SUFFIX_MISMATCH',
]);

/**
 * Makes a call, and makes it again where nothing can have been written and it may succeed: after
 * `CONNECTION_FAILED`, and after `TRANSACTION_CONFLICT` (the database rolled back: at most 10 times, after short
 * waits). Whatever else is thrown reaches the caller at once. The first attempt starts in the same tick.
 *
 * Once the outcome of an attempt is unknown, a later failure says nothing about it: it is thrown as `OUTCOME_UNKNOWN`
 * too, with that failure as its cause, unless `decide` refused under the lock.
 *
 * @param attempt - The whole call, from taking a connection to its COMMIT.
 * @param repeatable - Whether the call takes effect once, however often it is made, because all of it is recorded
 * under operation ids. Then it is also made again after `OUTCOME_UNKNOWN`.
 * @example
 * ```ts
 * const rows = await retry(() => pool.query('SELECT ...'), { maxRetries: 3, retryDelay: 1000 });
 * ```
 */
export async function retry<T>(
  attempt: () => Awaitable<T>,
  options: RetryOptions = {},
  repeatable = false,
): Promise<T> {
  const { maxRetries = 3, retryDelay = 1000 } = options;
  const done: Partial<Record<SessionErrorCode, number>> = {};
  let mayBeStored = false;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!isSessionError(error)) throw mayBeStored ? stillUnknown(error) : error;
      const { code } = error;
      const tried = done[code] ?? 0;
      if (
        (code === 'CONNECTION_FAILED' || (repeatable && code === 'OUTCOME_UNKNOWN')) &&
        tried < maxRetries
      ) {
        await delay(retryDelay * (1 - Math.random() / 2));
      } else if (code === 'TRANSACTION_CONFLICT' && maxRetries > 0 && tried < CONFLICT_RETRIES) {
        await delay(Math.random() * Math.min(retryDelay, FIRST_CONFLICT_DELAY * 2 ** tried));
      } else {
        throw mayBeStored && !DECIDED.has(code) ? stillUnknown(error) : error;
      }
      mayBeStored ||= code === 'OUTCOME_UNKNOWN';
      done[code] = tried + 1;
      repeatsCall();
    }
  }
}

/**
 * Makes a call whose beginning may be tried again, as {@link retry} does, and of which nothing is repeated once it has begun.
 *
 * @param attempt - Calls `begun` when it is past what may be tried again.
 * @example
 * ```ts
 * await retryUntilBegun((begun) => inTransaction((client) => { begun(); return work(client); }), options);
 * ```
 */
export async function retryUntilBegun<T>(
  attempt: (begun: () => void) => Promise<T>,
  options: RetryOptions | undefined,
): Promise<T> {
  let hasBegun = false;
  const begun = () => {
    hasBegun = true;
  };
  const once = async () => {
    try {
      return { value: await attempt(begun) };
    } catch (error) {
      if (hasBegun) return { error };
      throw error;
    }
  };
  const end = await retry(once, options);
  if ('error' in end) throw end.error;
  return end.value;
}

function stillUnknown(error: unknown): SessionError {
  if (isSessionError(error) && error.code === 'OUTCOME_UNKNOWN') return error;
  return new SessionError(
    'OUTCOME_UNKNOWN',
    'The answer to a write was lost, and repeating it failed (see the cause), so it may have been stored or not. ' +
      'Repeat it with the same operation id, or read the conversation first.',
    { cause: error },
  );
}
