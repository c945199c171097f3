/** A pool whose connections count against a limit that it shares. */
export interface Tenant {
  /** Its open connections that are not in use. */
  readonly idleCount: number;
  /** Closes the one that has been idle for the longest time. */
  endOldestIdle(): void;
}

/** The connections that several pools may have together. */
export class Places {
  readonly #max: number;
  readonly #tenants: Tenant[] = [];
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  join(tenant: Tenant): void {
    this.#tenants.push(tenant);
  }

  /** Waits for a place. An idle connection of another pool makes room for a new one. */
  async take(tenant: Tenant): Promise<void> {
    if (this.#taken < this.#max) this.#taken += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (tenant.idleCount > 0) return;
    const idle = this.#tenants.reduce((sum, { idleCount }) => sum + idleCount, 0);
    if (this.#taken + idle > this.#max) this.#tenants.find(({ idleCount }) => idleCount > 0)?.endOldestIdle();
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken -= 1;
  }
}
