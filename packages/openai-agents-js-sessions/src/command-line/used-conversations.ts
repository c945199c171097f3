import type { SessionOptions, SessionStore } from '@stackone/sessions-core';

/** Which conversations the cases of a suite have opened, so that they can be removed. */
export class UsedConversations {
  /** By tenant, or by none. */
  readonly #ids = new Map<string | undefined, Set<string>>();

  /** The same store, whose sessions are remembered from now on. */
  of(store: SessionStore): SessionStore {
    const session = store.session.bind(store);
    const scoped = store.scoped.bind(store);
    return Object.assign(store, {
      session: (id: string, options: SessionOptions<never> = {}) => {
        const made = session(id, this.#asked(id, options));
        if (!options.tenant) this.#add(undefined, id);
        return made;
      },
      scoped: (tenant: string) => {
        const view = scoped(tenant);
        const sessionOf = view.session.bind(view);
        return Object.assign(view, {
          session: (id: string) => {
            const made = sessionOf(id);
            this.#add(tenant, id);
            return made;
          },
        });
      },
    });
  }

  /** Removes them all, by way of another store on the same database. */
  async clear(store: SessionStore): Promise<void> {
    for (const [tenant, ids] of this.#ids) {
      const sessions = tenant === undefined ? store : store.scoped(tenant);
      for (const id of ids) await sessions.session(id).clearSession();
    }
  }

  /** Options whose tenant is remembered as soon as a call has one. */
  #asked(id: string, { tenant: tenantOf, ...options }: SessionOptions<never>): SessionOptions<never> {
    if (!tenantOf) return options;
    return {
      ...options,
      tenant: (runContext) => {
        const tenant = tenantOf(runContext);
        if (typeof tenant === 'string' && tenant.trim() !== '') this.#add(tenant, id);
        return tenant;
      },
    };
  }

  #add(tenant: string | undefined, id: string): void {
    const ids = this.#ids.get(tenant) ?? new Set();
    this.#ids.set(tenant, ids.add(id));
  }
}
