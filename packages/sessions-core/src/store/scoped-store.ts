import { Conversations } from '../conversations/conversations.js';
import { checkTenant } from '../ids/tenant-id.js';
import type { Awaitable } from '../port/awaitable.js';
import type { SessionSupport } from '../port/backend.js';
import type { UsageCounts } from '../port/usage.js';
import { Runs } from '../runs/runs.js';
import { StoreSession } from '../session/session.js';
import type { SessionHost } from '../session/session-host.js';
import type { SessionOptions } from '../session/session-options.js';
import type { Grouped, StoreUsageOptions, UsagePeriod, UsageSum } from '../usage/usage-sums.js';
import type { SessionChanged, StoreWatchOptions } from '../watch/watch-options.js';
import type { PruneOptions, PruneProgress } from './pruning.js';
import type { StoreTransaction } from './store-transaction.js';
import { sumUsage } from './store-usage.js';
import { watchSessions } from './store-watch.js';
import type { TransactionStore } from './transaction-store.js';

/** What a {@link ScopedStore} needs of the store it is a view of. */
export interface ScopedStoreParent<Transaction> {
  readonly host: SessionHost;
  readonly supports: SessionSupport;
  with(transaction: Transaction): TransactionStore;
  prune(options: PruneOptions): Promise<PruneProgress>;
  transaction<T>(work: (tx: StoreTransaction) => Awaitable<T>): Promise<T>;
}

/**
 * A store limited to one tenant: made by `store.scoped(tenant)`. Code that has only this view can reach no
 * conversation outside it. It uses the connections of the store, and is neither opened nor closed itself: it works
 * until that store is closed.
 *
 * @example
 * ```ts
 * const acme = store.scoped('acme');
 * await run(agent, 'Where is my order?', { session: acme.session('chat_123') });
 * ```
 */
export class ScopedStore<Transaction = object> {
  /** The tenant. */
  readonly tenant: string;
  readonly #parent: ScopedStoreParent<Transaction>;

  /** @throws TypeError for a tenant that is blank, or that some database could not keep exactly. */
  constructor(tenant: string, parent: ScopedStoreParent<Transaction>) {
    checkTenant(tenant);
    this.tenant = tenant;
    this.#parent = parent;
  }

  /** What the store can do. */
  get supports(): SessionSupport {
    return this.#parent.supports;
  }

  /**
   * The tenant's conversation with this id. No I/O.
   *
   * @param sessionId - As for `store.session`, but any beginning is allowed, and the 255 characters are those of
   * the stored id, `tenantSessionId(tenant, sessionId)`.
   * @param options - Those of `store.session`, without `tenant`.
   * @throws TypeError for another id, and for an unknown option.
   */
  session(sessionId: string, options?: Omit<SessionOptions, 'tenant'>): StoreSession {
    return new StoreSession(sessionId, this.#parent.host, options);
  }

  /**
   * The tenant's conversations as objects, without their items: see `store.sessions`. No I/O.
   *
   * @example
   * ```ts
   * const page = await store.scoped('acme').sessions.list({ limit: 50 });
   * ```
   */
  get sessions(): Conversations {
    return new Conversations(this.#parent.host);
  }

  /**
   * The runs of the tenant's conversations: see `store.runs`. Ids of runs are those of the tenant.
   *
   * @example
   * ```ts
   * const { data } = await store.scoped('acme').runs.pending();
   * ```
   */
  get runs(): Runs {
    return new Runs(this.#parent.host, () => this.#parent.host);
  }

  /**
   * Removes what is old of the tenant's conversations: see `store.prune`.
   *
   * @throws As `store.prune` does.
   * @example
   * ```ts
   * await store.scoped('acme').prune({ keep: { turns: 200 } });
   * ```
   */
  prune(options: PruneOptions): Promise<PruneProgress> {
    return this.#parent.prune(options);
  }

  /**
   * What models used in the tenant's conversations: see `store.usage`.
   *
   * @example
   * ```ts
   * const { totalTokens } = await store.scoped('acme').usage({ from: new Date('2026-11-01') });
   * ```
   */
  usage(options?: UsagePeriod & { by?: undefined }): Promise<UsageCounts>;
  usage(options: Grouped<StoreUsageOptions>): Promise<UsageSum[]>;
  usage(options: StoreUsageOptions = {}): Promise<UsageCounts | UsageSum[]> {
    return sumUsage(this.#parent.host, options);
  }

  /**
   * Tells which of the tenant's conversations get items: see `store.watch`.
   *
   * @throws As `store.watch` does.
   * @example
   * ```ts
   * for await (const { id } of store.scoped('acme').watch({ signal })) console.log(`${id} has news`);
   * ```
   */
  watch(options: StoreWatchOptions = {}): AsyncGenerator<SessionChanged, void, void> {
    return watchSessions(this.#parent.host, options);
  }

  /**
   * The same view inside a transaction of yours: see `store.with`.
   *
   * @throws SessionError as `store.with` does.
   */
  with(transaction: Transaction): TransactionStore {
    return this.#parent.with(transaction);
  }

  /**
   * Begins a transaction in which the tenant's conversations can be reached, and no others: see `store.transaction`. Its `client`
   * reaches the whole database.
   *
   * @throws SessionError as `store.transaction` does.
   */
  transaction<T>(work: (tx: StoreTransaction) => Awaitable<T>): Promise<T> {
    return this.#parent.transaction(work);
  }
}
