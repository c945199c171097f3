/** The calls for one key that are under way. */
interface Latest {
  /** The kind that may join the latest calls. */
  readonly kind: string | undefined;
  /** What the latest calls waited for before they began. */
  readonly before: Promise<unknown> | undefined;
  /** The end of all calls so far. */
  readonly done: Promise<unknown>;
}

/**
 * Runs the calls for one key one after another, in the order in which they were made; calls for different keys run
 * side by side. A call for a key that is not busy starts at once, in the same tick.
 *
 * Calls of the same kind that follow each other do not wait for each other's end: they only begin in order.
 *
 * @example
 * ```ts
 * const order = new CallOrder();
 * order.run('chat_123', () => first());
 * await order.run('chat_123', () => second()); // begins when first() has ended
 * ```
 */
export class CallOrder {
  /** The latest calls of every busy key. A key that is not busy takes no memory. */
  readonly #latest = new Map<string, Latest>();

  /**
   * Runs `call` after all earlier calls for `key`, whether those succeeded or not.
   *
   * @param kind - Calls with the same kind, one after the other, run at the same time.
   */
  run<T>(key: string, call: () => T | PromiseLike<T>, kind?: string): Promise<T> {
    const latest = this.#latest.get(key);
    const joins = latest !== undefined && kind !== undefined && latest.kind === kind;
    const before = joins ? latest.before : latest?.done;
    const result = before ? before.then(call) : new Promise<T>((resolve) => resolve(call()));
    const end = result.then(ignore, ignore);
    const done = joins ? latest.done.then(() => end) : end;
    this.#latest.set(key, { kind, before, done });
    done.then(() => {
      if (this.#latest.get(key)?.done === done) this.#latest.delete(key);
    });
    return result;
  }

  /**
   * Runs `call` after all earlier calls for either key, and before all later ones. No two such calls wait for each other: both
   * keys are taken at once, when it is asked for.
   */
  runOnBoth<T>(key: string, other: string, call: () => T | PromiseLike<T>): Promise<T> {
    const before = [key, other].map((one) => this.#latest.get(one)?.done);
    const result = Promise.all(before).then(call);
    const done = result.then(ignore, ignore);
    for (const [index, one] of [key, other].entries()) {
      this.#latest.set(one, { kind: undefined, before: before[index], done });
      done.then(() => {
        if (this.#latest.get(one)?.done === done) this.#latest.delete(one);
      });
    }
    return result;
  }

  /** Resolves when no call is under way. */
  async idle(): Promise<void> {
    while (this.#latest.size > 0) await Promise.all([...this.#latest.values()].map(({ done }) => done));
  }
}

function ignore(): void {
  // the caller gets the result or the error; the next call only waits for the end
}
