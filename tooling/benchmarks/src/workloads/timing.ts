import { median } from '../statistics.ts';

/**
 * The median time of some calls, one after the other, in ms.
 *
 * @param prepare - Makes ready what the call needs, outside of the time, and returns the call.
 * @param check - Looks at the answer, outside of the time.
 */
export async function medianTime<T>(
  calls: number,
  prepare: (call: number) => (() => Promise<T>) | Promise<() => Promise<T>>,
  check: (answer: T, call: number) => void = () => undefined,
): Promise<number> {
  const times: number[] = [];
  for (let number = 0; number < calls; number++) {
    const call = await prepare(number);
    const started = performance.now();
    const answer = await call();
    times.push(performance.now() - started);
    check(answer, number);
  }
  return median(times);
}
