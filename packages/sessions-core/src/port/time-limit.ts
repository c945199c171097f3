import { startTimer, type Timer } from './timers.js';

/**
 * Waits for a promise, but not for ever.
 *
 * @param ms - The limit, in ms, by true time. 0: none.
 * @param promise - What is waited for. What it brings after the limit counts for nothing, a failure included.
 * @param onExpired - Called at the limit: ends what is going on, and returns or throws what becomes of the call.
 * @returns What `promise` brings, or what `onExpired` returns.
 * @throws What `promise` is rejected with, or what `onExpired` throws.
 * @example
 * ```ts
 * const rows = await withTimeLimit(60_000, client.query(sql), () => {
 *   client.destroy();
 *   throw new SessionError('CONNECTION_FAILED', 'The server did not answer within 60 s.');
 * });
 * ```
 */
export async function withTimeLimit<T>(
  ms: number,
  promise: PromiseLike<T>,
  onExpired: () => T | PromiseLike<T>,
): Promise<T> {
  if (ms === 0) return promise;
  let timer: Timer | undefined;
  const expired = new Promise<T>((resolve, reject) => {
    timer = startTimer(ms, () => {
      try {
        resolve(onExpired());
      } catch (error) {
        reject(error);
      }
    });
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    timer?.cancel();
  }
}
