import type { Conversations, SessionOptions, SessionStore } from '@stackone/sessions-core';

/** Which conversations the cases of a suite have opened, so that they can be removed. */
export class UsedConversations {
  /** By tenant, or by none. */
  readonly #ids = new Map<string | undefined, Set<string>>();

  /** The same store, whose sessions are remembered from now on. */
  of(store: SessionStore): SessionStore {
    const session = store.session.bind(store);
    const scoped = store.scoped.bind(store);
    this.#watch(store.sessions, undefined);
    this.#watchTransactions(store, undefined);
    return Object.assign(store, {
      session: (id: string, options: SessionOptions<never> = {}) => {
        const made = session(id, this.#asked(id, options));
        if (!options.tenant) this.#add(undefined, id);
        return made;
      },
      scoped: (tenant: string) => {
        const view = scoped(tenant);
        const sessionOf = view.session.bind(view);
        const { sessions } = view;
        this.#watch(sessions, tenant);
        this.#watchTransactions(view, tenant);
        Object.defineProperty(view, 'sessions', { value: sessions });
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
      const view = tenant === undefined ? store : store.scoped(tenant);
      for (const id of ids) {
        if (store.supports.conversations) await view.sessions.delete(id);
        else await view.session(id).clearSession();
      }
    }
  }

  /** Remembers the sessions that are made inside transactions. */
  #watchTransactions(store: Pick<SessionStore, 'transaction'>, tenant: string | undefined): void {
    const { transaction } = store;
    const watched: SessionStore['transaction'] = (work) =>
      transaction.call(store, (tx) => {
        const session = tx.session.bind(tx);
        const made = (id: string, options?: SessionOptions<never>) => {
          this.#add(tenant, id);
          return session(id, options);
        };
        Object.defineProperty(tx, 'session', { value: made });
        return work(tx);
      }) as Promise<Awaited<ReturnType<typeof work>>>;
    Object.defineProperty(store, 'transaction', { value: watched });
  }

  /** Remembers the ids that conversations are given without a session. */
  #watch(conversations: Conversations, tenant: string | undefined): void {
    const { update, fork, rename } = conversations;
    for (const [name, method] of Object.entries({ update, fork, rename })) {
      const watched = async (...given: unknown[]): Promise<unknown> => {
        const result: unknown = await Reflect.apply(method, conversations, given);
        for (const id of given.slice(0, 2)) if (typeof id === 'string') this.#add(tenant, id);
        return result;
      };
      Object.defineProperty(conversations, name, { value: watched });
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
