/** The time of one call, in ms, and what it answered. Whatever the call needs is made ready before. */
export async function timed<T>(call: () => Promise<T>): Promise<{ ms: number; answer: T }> {
  const started = performance.now();
  const answer = await call();
  return { ms: performance.now() - started, answer };
}
