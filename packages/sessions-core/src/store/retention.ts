import { isSessionError } from '../port/errors.js';
import { checkOptions, isDays, isOptionsObject, isWholeNumber, type OptionCheck } from '../port/options.js';
import { now, startTimer, type Timer } from '../port/timers.js';
import type { WarningReporter } from '../port/warnings.js';
import type { PruneOptions, PruneProgress } from './pruning.js';

/** What a store removes by itself. */
export interface RetentionOptions {
  /** How many days a conversation is kept after its last turn, fractions allowed. */
  days: number;
  /** How often it is looked for old ones, in ms, at least 1000; by one process of all. Default one hour. */
  every?: number | undefined;
}

const CHECKS: Readonly<Record<keyof RetentionOptions, OptionCheck>> = {
  days: (value) => (value === Number.POSITIVE_INFINITY ? 'a number of days above 0' : isDays(value)),
  every: isWholeNumber(1000),
};

/** Checks the option `retention`. */
export const isRetention: OptionCheck = (value) => {
  if (!isOptionsObject(value)) return 'an object with "days"';
  try {
    checkOptions('retention', value, CHECKS);
  } catch (error) {
    return `one with right options (${(error as Error).message})`;
  }
  return value.days === undefined ? 'an object with "days"' : undefined;
};

const HOUR = 3_600_000;
const DAY = 86_400_000;

/** No digest of an id is like it. */
const LEASE = 'retention';

/** In ms. A process that dies holds the lease so long; one that works renews it in time. */
const LEASE_TIME = 60_000;

/** A program that has nothing else to do ends here. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void startTimer(ms, resolve).unref());
}

/** What retention needs of its store. */
interface RetentionHost {
  readonly warn: WarningReporter;
  /** Takes or renews a lease: see the port. */
  lease(name: string, milliseconds: number, held: boolean): Promise<boolean>;
  prune(options: PruneOptions, pause: (ms: number) => Promise<void>): Promise<PruneProgress>;
}

/**
 * Removes old conversations of all tenants from time to time. A lease in the database lets one process of all do it, and
 * tells the others when it was done: no connection is held for it, and who dies loses it.
 */
export class Retention {
  readonly #host: RetentionHost;
  readonly #days: number;
  readonly #every: number;
  readonly #end = new AbortController();
  #timer: Timer | undefined;

  constructor(host: RetentionHost, { days, every = HOUR }: RetentionOptions) {
    this.#host = host;
    this.#days = days;
    this.#every = every;
  }

  /** Looks at once, and then from time to time. The process is not kept alive for it. */
  begin(): void {
    this.#timer = startTimer(0, () => {
      void this.#round().then(() => {
        if (!this.#end.signal.aborted) this.#timer = startTimer(this.#every, () => this.begin()).unref();
      });
    }).unref();
  }

  /** Nothing begins any more; what is under way ends after its transaction. */
  end(): void {
    this.#end.abort();
    this.#timer?.cancel();
  }

  async #round(): Promise<void> {
    try {
      if (!(await this.#host.lease(LEASE, LEASE_TIME, false))) return;
      let renewed = now();
      const options: PruneOptions = {
        olderThan: new Date(Date.now() - this.#days * DAY),
        signal: this.#end.signal,
        onProgress: async () => {
          if (now() - renewed < LEASE_TIME / 3) return;
          await this.#host.lease(LEASE, LEASE_TIME, true);
          renewed = now();
        },
      };
      await this.#host.prune(options, pause);
      await this.#host.lease(LEASE, this.#every, true);
    } catch (error) {
      if (this.#end.signal.aborted) return;
      const why = isSessionError(error)
        ? `${error.code}: ${error.message}`
        : 'an error that did not come from the database';
      this.#host.warn({
        code: 'RETENTION',
        message: `Old conversations could not be removed (${why}). It is tried again.`,
      });
    }
  }
}
