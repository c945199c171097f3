import { delay } from '../port/timers.js';

/** Waits between two looks at a run that somebody else works on. */
export class Pause {
  readonly #signal: AbortSignal | undefined;
  #ms = 25;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  async next(): Promise<void> {
    this.#signal?.throwIfAborted();
    await delay(this.#ms);
    this.#signal?.throwIfAborted();
    this.#ms = Math.min(2 * this.#ms, 1000);
  }
}
