import { isSessionError } from '../port/errors.js';
import { now, startTimer } from '../port/timers.js';

/** For how long a database that cannot be reached is asked again, in ms. */
const PATIENCE = 60_000;
/** The shortest time between two looks where something keeps waking the watch, in ms. */
const BREATH = 25;

/** What one look found. */
export interface Look<Found> {
  readonly found: readonly Found[];
  /** Whether there is more already. */
  readonly hasMore: boolean;
}

/** When it is looked again. */
export interface Looking {
  /** In ms. */
  readonly interval: number;
  readonly signal: AbortSignal | undefined;
  /** Calls after what may be news, until what it returned is called. */
  readonly onNews: (wake: () => void) => () => void;
}

/**
 * Looks again and again, and gives what each look found, until the signal or the caller ends it. Failures that may pass are waited out
 * for a minute.
 *
 * @throws What a look throws: at once where it does not help to look again.
 */
export async function* lookAgain<Found>(
  { interval, signal, onNews }: Looking,
  look: () => Promise<Look<Found>>,
): AsyncGenerator<Found, void, void> {
  const rest = new Rest(signal);
  const stop = onNews(() => rest.wake());
  try {
    for (let failingSince: number | undefined; !signal?.aborted; ) {
      rest.begin();
      let seen: Look<Found> | undefined;
      try {
        seen = await look();
        failingSince = undefined;
      } catch (error) {
        failingSince ??= now();
        if (!isSessionError(error) || !error.retryable || now() - failingSince > PATIENCE) throw error;
      }
      for (const one of seen?.found ?? []) {
        if (signal?.aborted) return;
        yield one;
      }
      if (!seen?.hasMore) await rest.end(interval);
    }
  } finally {
    stop();
    rest.leave();
  }
}

/** The time between two looks, which news make shorter. */
class Rest {
  readonly #signal: AbortSignal | undefined;
  #began = 0;
  #isNews = false;
  /** Ends what is waited for. */
  #end: (() => void) | undefined;
  #endsByNews = false;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.addEventListener('abort', this.#stop);
  }

  /** A look begins: what is news after this, it may not see. */
  begin(): void {
    this.#began = now();
    this.#isNews = false;
  }

  wake(): void {
    this.#isNews = true;
    if (this.#endsByNews) this.#end?.();
  }

  /** Waits for the time to be over, for news, or for the signal. */
  async end(interval: number): Promise<void> {
    if (!this.#isNews) await this.#wait(interval, true);
    await this.#wait(this.#began + BREATH - now(), false);
  }

  leave(): void {
    this.#signal?.removeEventListener('abort', this.#stop);
  }

  readonly #stop = () => this.#end?.();

  #wait(ms: number, endsByNews: boolean): Promise<void> {
    if (ms <= 0 || this.#signal?.aborted) return Promise.resolve();
    this.#endsByNews = endsByNews;
    return new Promise((resolve) => {
      const end = () => {
        this.#end = undefined;
        timer.cancel();
        resolve();
      };
      const timer = startTimer(ms, end);
      this.#end = end;
    });
  }
}
