/** A pool whose connections count against a limit that it shares. */
export interface LimitedPool {
  /** Its open connections that are not in use. */
  readonly idleCount: number;
  /** Closes the one that has been idle for the longest time. */
  endOldestIdle(): void;
}

/** How many connections several pools may have together. */
export class ConnectionLimit {
  readonly #max: number;
  readonly #pools: LimitedPool[] = [];
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  join(pool: LimitedPool): void {
    this.#pools.push(pool);
  }

  /** Waits until one more may be in use. An idle connection of another pool makes room for a new one. */
  async take(pool: LimitedPool): Promise<void> {
    if (this.#taken < this.#max) this.#taken += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (pool.idleCount > 0) return;
    const idle = this.#pools.reduce((sum, { idleCount }) => sum + idleCount, 0);
    if (this.#taken + idle > this.#max) this.#pools.find(({ idleCount }) => idleCount > 0)?.endOldestIdle();
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken -= 1;
  }
}
