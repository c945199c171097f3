/** A value, or the promise of one. Synchronous drivers answer at once, others later; a backend may do either. */
export type Awaitable<T> = T | PromiseLike<T>;

/**
 * Goes on with a value as soon as it is there: at once if it is no promise, so that a chain of steps over a
 * synchronous driver stays inside the caller's synchronous transaction.
 *
 * @example
 * ```ts
 * whenReady(backend.read('chat_123'), (rows) => rows.length); // a number, or the promise of one
 * ```
 */
export function whenReady<T, U>(value: Awaitable<T>, next: (value: T) => Awaitable<U>): Awaitable<U> {
  return isPromiseLike(value) ? value.then(next) : next(value);
}

function isPromiseLike<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
