import { setImmediate } from 'node:timers/promises';

/** What comes at once, as one: the items of a turn are shown together. */
export async function* together<One>(
  ones: AsyncGenerator<One, void, void>,
): AsyncGenerator<One[], void, void> {
  let next = ones.next();
  for (;;) {
    const first = await next;
    if (first.done) return;
    const batch = [first.value];
    for (;;) {
      next = ones.next();
      const another = await Promise.race([next, setImmediate(undefined)]);
      if (!another || another.done) break;
      batch.push(another.value);
    }
    yield batch;
  }
}
