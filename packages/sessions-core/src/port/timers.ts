import * as timers from 'node:timers';

// Tests replace timers: `vi.useFakeTimers()`, Jest, Sinon, the mock timers of `node:test`. Then only the test moves the
// clock, and whatever waits for a timer in the middle of a call would wait for ever. So all packages take their timers
// from here, where the true ones are kept since this file was loaded. Where they were replaced before that, there are
// others that nobody replaces.
const { setTimeout, clearTimeout, setImmediate } = timers;

/** Node makes 1 ms of what is longer. */
const LONGEST = 2 ** 31 - 1;

/** A call that {@link startTimer} makes later. */
export interface Timer {
  /** Makes it never, unless it was made already. */
  cancel(): void;
  /** Does not keep the process alive for it. */
  unref(): this;
}

/**
 * Calls later, by true time: timers that a test replaces change nothing.
 *
 * @param ms - When, in ms. Not before the caller has gone on. After 24.8 days at the latest, which is how long a timer of Node can be.
 * @example
 * ```ts
 * const timer = startTimer(5_000, () => connection.destroy());
 * await connection.end();
 * timer.cancel();
 * ```
 */
export const startTimer: (ms: number, call: () => void) => Timer = isReplaced(setTimeout, 'setTimeout')
  ? waitForNobody
  : (ms, call) => {
      const timeout = setTimeout(call, Math.min(ms, LONGEST));
      return {
        cancel: () => clearTimeout(timeout),
        unref() {
          timeout.unref();
          return this;
        },
      };
    };

/**
 * Calls once the event loop has looked for input: what `setImmediate` does, also where a test replaces it.
 *
 * @example
 * ```ts
 * afterTick(() => sendAllThatCameMeanwhile());
 * ```
 */
export const afterTick: (call: () => void) => void = isReplaced(setImmediate, 'setImmediate')
  ? (call) => {
      const { port1, port2 } = new MessageChannel();
      port1.once('message', () => {
        port1.close();
        call();
      });
      port2.postMessage(undefined);
    }
  : (call) => void setImmediate(call);

/**
 * Waits, by true time.
 *
 * @param ms - How long, in ms.
 * @example
 * ```ts
 * await delay(10);
 * ```
 */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => startTimer(ms, resolve));
}

/**
 * The true time in ms since the process began, with fractions. It only goes forward.
 *
 * @example
 * ```ts
 * const started = now();
 * await work();
 * console.log(`${now() - started} ms`);
 * ```
 */
export function now(): number {
  return process.uptime() * 1000;
}

/** Sinon's, which Vitest and Jest use, have a `clock`; those of `node:test` another name. */
function isReplaced(timer: { name: string }, name: string): boolean {
  return 'clock' in timer || timer.name !== name;
}

/** A timer made of a wait for a value in shared memory that nobody changes. Such a wait keeps no process alive itself. */
function waitForNobody(ms: number, call: () => void): Timer {
  const { port1: hold } = new MessageChannel();
  hold.ref();
  let canceled = false;
  const { value } = Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.max(ms, 1));
  void Promise.resolve(value).then(() => {
    hold.close();
    if (!canceled) call();
  });
  return {
    cancel() {
      canceled = true;
      hold.close();
    },
    unref() {
      hold.unref();
      return this;
    },
  };
}

/**
 * Fails with the reason of a signal that was aborted, once it could be heard of: a database that answers at once, as SQLite does, leaves
 * the event loop no time to look for input.
 */
export async function throwIfAborted(signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return;
  await new Promise<void>(afterTick);
  signal.throwIfAborted();
}
