import type { SessionChanges } from '../port/conversations.js';
import { now } from '../port/timers.js';

/** How many rows are looked at in one statement. */
const PAGE = 1000;

/** Reads which sessions got rows behind a place; without one, tells where to begin. */
export type ReadChanges = (after: string | undefined, limit: number) => Promise<SessionChanges>;

/**
 * Finds out which sessions got rows, by looking again and again.
 *
 * Ids of rows are drawn before their transactions commit, so those of another session may show up before a place that was read
 * already. Each look therefore begins where all that stands before has been committed, as so long a time has passed since; of the
 * sessions behind that place it remembers the newest row. The rows of one session are committed in the order of their ids.
 */
export class ChangedSessions {
  readonly #read: ReadChanges;
  /** In ms. */
  readonly #longestTransaction: number;
  /** Where the next look begins. */
  #begin: string | undefined;
  /** The newest row of each session behind that place. */
  #known: ReadonlyMap<string, string> = new Map();
  /** Up to where looks came, and when they began, oldest first. */
  readonly #looks: { readonly at: number; readonly last: string }[] = [];

  constructor(read: ReadChanges, after: string | undefined, longestTransaction: number) {
    this.#read = read;
    this.#begin = after;
    this.#longestTransaction = longestTransaction;
  }

  /** @returns The sessions that got rows since the look before, and from where on a later watch is told of them again. */
  async look(): Promise<{ readonly changed: readonly string[]; readonly cursor: string }> {
    this.#begin ??= (await this.#read(undefined, PAGE)).last;
    const cursor = this.#begin;
    return { changed: await this.#next(cursor), cursor };
  }

  async #next(begin: string): Promise<readonly string[]> {
    const at = now();
    const newest = new Map<string, string>();
    let last = begin;
    for (let isLast = false; !isLast; ) {
      const page = await this.#read(last, PAGE);
      for (const one of page.sessions) newest.set(one.id, one.newest);
      ({ last, isLast } = page);
    }
    const changed = [...newest].filter(([id, row]) => this.#known.get(id) !== row).map(([id]) => id);
    this.#known = newest;
    this.#looks.push({ at, last });
    for (
      let [first] = this.#looks;
      first && first.at <= at - this.#longestTransaction;
      [first] = this.#looks
    ) {
      this.#begin = first.last;
      this.#looks.shift();
    }
    return changed;
  }
}
