/**
 * Runs the calls for one key one after another, in the order in which they were made; calls for different keys run
 * side by side. A call for a key that is not busy starts at once, in the same tick.
 */
export class CallOrder {
  /** The last call of every busy key. A key that is not busy takes no memory. */
  readonly #last = new Map<string, Promise<void>>();

  /** Runs `call` after all earlier calls for `key`, whether those succeeded or not. */
  run<T>(key: string, call: () => T | PromiseLike<T>): Promise<T> {
    const before = this.#last.get(key);
    const result = before ? before.then(call) : new Promise<T>((resolve) => resolve(call()));
    const done = result.then(ignore, ignore);
    this.#last.set(key, done);
    done.then(() => {
      if (this.#last.get(key) === done) this.#last.delete(key);
    });
    return result;
  }

  /** Resolves when no call is under way. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }
}

function ignore(): void {
  // Whoever made the call gets its result or its error; the next one only waits for its end.
}
