import { Conversations } from '../conversations/conversations.js';
import { NO_CONVERSATION, TENANT_MARK } from '../ids/session-id.js';
import { tenantPrefix } from '../ids/tenant-id.js';
import { ItemEncryption } from '../items/encryption/item-encryption.js';
import type { ItemCodec } from '../items/item-codec.js';
import { ITEM_CODECS } from '../items/responses-format/codec.js';
import type { Awaitable } from '../port/awaitable.js';
import type { SessionEngine, SessionSupport } from '../port/backend.js';
import { Backlog } from '../port/backlog.js';
import { delay } from '../port/timers.js';
import type { UsageCounts } from '../port/usage.js';
import type { SessionWarning } from '../port/warnings.js';
import { Runs } from '../runs/runs.js';
import { StoreSession, type TenantSession } from '../session/session.js';
import type { SessionHost } from '../session/session-host.js';
import type { SessionOptions, TenantOf } from '../session/session-options.js';
import type { Grouped, StoreUsageOptions, UsagePeriod, UsageSum } from '../usage/usage-sums.js';
import type { SessionChanged, StoreWatchOptions } from '../watch/watch-options.js';
import { Health, type HealthOptions, type StoreHealth } from './health.js';
import type { StoreOptions } from './options.js';
import { type PruneOptions, type PruneProgress, type PruningHost, prune, unsupported } from './pruning.js';
import { type ReencryptionProgress, type ReencryptOptions, reencrypt } from './reencryption.js';
import { Retention } from './retention.js';
import { ScopedStore } from './scoped-store.js';
import { StoreCalls } from './store-calls.js';
import { runInTransaction, type StoreTransaction } from './store-transaction.js';
import { sumUsage } from './store-usage.js';
import { watchSessions } from './store-watch.js';
import { TransactionStore } from './transaction-store.js';
import { WarningListeners } from './warning-listeners.js';

// A symbol of the global registry: a store of the CommonJS copy may be handed to a session of the ESM copy.
const HOST = Symbol.for('@stackone/sessions-core/host');

/**
 * What sessions reach a store by, for classes derived from {@link StoreSession}; applications call `store.session`.
 *
 * @example
 * ```ts
 * class MySession extends StoreSession {
 *   constructor(id: string, store: SessionStore) {
 *     super(id, hostOf(store));
 *   }
 * }
 * ```
 */
export function hostOf(store: SessionStore): SessionHost {
  return (store as unknown as { readonly [HOST]: SessionHost })[HOST];
}

/**
 * One database with any number of conversations.
 *
 * Backend packages derive their stores from it. To write a backend of your own, implement {@link SessionBackend}
 * and hand a {@link SessionEngine} to this class.
 *
 * @example
 * ```ts
 * const store = new SessionStore({ name: 'mine', supports, open: () => new MyBackend() });
 * await run(agent, 'Hello', { session: store.session('chat_123') });
 * await store.close();
 * ```
 */
export class SessionStore implements AsyncDisposable {
  readonly #settings: Pick<SessionHost, 'exactlyOnce' | 'onCorruptItem' | 'operationRetentionDays'>;
  /** Makes the texts that are stored or, where the store encrypts, the texts that are encrypted. */
  readonly #plainCodec: ItemCodec;
  readonly #encryption: ItemEncryption | undefined;
  readonly #warnings = new WarningListeners();
  readonly #calls: StoreCalls;
  readonly #host: SessionHost;
  readonly #retention: Retention | undefined;
  readonly #health: Health;
  #sessions: Conversations | undefined;
  #runs: Runs | undefined;

  /** No I/O: the engine is opened at the first call, or by {@link open}. */
  constructor(engine: SessionEngine, options: StoreOptions = {}) {
    this.#settings = {
      exactlyOnce: options.exactlyOnce ?? false,
      onCorruptItem: options.onCorruptItem ?? 'skip',
      operationRetentionDays: options.operationRetentionDays ?? 90,
    };
    this.#plainCodec = ITEM_CODECS[options.itemFormat ?? 'agents-js'];
    this.#encryption = options.encryption && new ItemEncryption(options.encryption);
    this.#calls = new StoreCalls(engine, options.groupCommit ?? true, new Backlog(options), (warning) =>
      this.#warnings.warn(warning),
    );
    const { retention } = options;
    this.#retention =
      retention &&
      new Retention(
        {
          warn: (warning) => this.#warnings.warn(warning),
          lease: (...lease) =>
            this.#calls.perform('prune', () => ({
              storedId: NO_CONVERSATION,
              work: ({ conversations }) => conversations?.lease?.(...lease) ?? unsupported(),
            })),
          prune: (...pruning) => this.#prune({ prefix: '' }, ...pruning),
        },
        retention,
      );
    this.#calls.whenOpened(() => this.#retention?.begin());
    this.#host = this.#hostOf(undefined);
    this.#health = new Health(this.#host.perform);
    Object.defineProperty(this, HOST, { value: this.#host });
  }

  /** What this store can do. Before it is open: what its engine can do at best. */
  get supports(): SessionSupport {
    return this.#calls.supports;
  }

  /**
   * The conversation with this id. Cheap and without I/O: call it as often as you like.
   *
   * @param sessionId - 1 to 255 characters, without NUL and lone surrogates, and not beginning with `$tenant:`. Ids
   * are compared byte for byte.
   * @param options - With `tenant` the id is one of the tenant that the run belongs to, and what counts is the
   * length of the stored id, `tenantSessionId(tenant, sessionId)`.
   * @throws TypeError for any other id, and for an unknown option.
   * @example
   * ```ts
   * const tenant = (runContext: RunContext<{ tenant: string }>) => runContext.context.tenant;
   * await run(agent, 'Hello', { session: store.session('chat_123', { tenant }), context: { tenant: 'acme' } });
   * ```
   */
  session<Context = unknown>(
    sessionId: string,
    options: SessionOptions<Context> & { tenant: TenantOf<Context> },
  ): TenantSession;
  session<Context = unknown>(sessionId: string, options?: SessionOptions<Context>): StoreSession;
  session<Context = unknown>(sessionId: string, options?: SessionOptions<Context>): StoreSession {
    return new StoreSession(sessionId, this.#host, options);
  }

  /**
   * The conversations of this store as objects, without their items: to list, describe, count and delete them. Those of
   * tenants are in `store.scoped(tenant).sessions`. No I/O.
   *
   * @example
   * ```ts
   * for await (const { id, updatedAt } of store.sessions.list()) console.log(id, updatedAt);
   * ```
   */
  get sessions(): Conversations {
    this.#sessions ??= new Conversations(this.#host);
    return this.#sessions;
  }

  /**
   * Runs that outlive their process: they go on elsewhere after a crash, wait for approvals, and are one where a request comes twice.
   * No I/O. Its calls fail with `UNSUPPORTED` where `supports.runs` is not true.
   *
   * @example
   * ```ts
   * const result = await store.runs.start(agent, 'Where is my order?', { session: store.session('chat_123') });
   * ```
   */
  get runs(): Runs {
    this.#runs ??= new Runs(this.#host, (tenant) => this.#hostOf(tenant));
    return this.#runs;
  }

  /**
   * What models used in all conversations of this store, those of tenants included, as `session.recordUsage` kept it: all of it,
   * or by conversation, tenant, model or day (of UTC). Reads what was recorded in the time that is asked for.
   *
   * @throws TypeError for an unknown option. SessionError `UNSUPPORTED` (`supports.usage` is not true), or as the database says.
   * @example
   * ```ts
   * const from = new Date('2026-11-01');
   * for (const { tenant, model, totalTokens } of await store.usage({ by: ['tenant', 'model'], from }))
   *   console.log(tenant, model, totalTokens);
   * ```
   */
  usage(options?: UsagePeriod & { by?: undefined }): Promise<UsageCounts>;
  usage(options: Grouped<StoreUsageOptions>): Promise<UsageSum[]>;
  usage(options: StoreUsageOptions = {}): Promise<UsageCounts | UsageSum[]> {
    return sumUsage(this.#host, options);
  }

  /**
   * This store, limited to the conversations of one tenant. It shares the connections, and works until this store
   * is closed. No I/O.
   *
   * @param tenant - A text that is not blank, compared byte for byte.
   * @throws TypeError for any other tenant.
   */
  scoped(tenant: string): ScopedStore<Parameters<this['with']>[0]> {
    const host = this.#hostOf(tenant);
    const calls = this.#calls;
    return new ScopedStore(tenant, {
      host,
      get supports() {
        return calls.supports;
      },
      with: (transaction) => this.#join(transaction, host),
      prune: (options) => this.#prune({ prefix: tenantPrefix(tenant) }, options),
      transaction: (work) => this.#transact(work, host),
    });
  }

  /**
   * The same store inside a transaction of yours, so that a turn and your own rows commit or roll back together.
   * Use what it returns only until the transaction ends. The store must be open.
   *
   * @param transaction - What Drizzle's `db.transaction(callback)` hands to its callback.
   * @throws SessionError `NOT_OPEN` before {@link open}, `UNSUPPORTED` where the database has no transactions,
   * `CLOSED` after {@link close}.
   */
  with(transaction: object): TransactionStore {
    return this.#join(transaction, this.#host);
  }

  /**
   * Begins a transaction, calls `work` with this store inside it, and commits when its promise is resolved: turns, and your own
   * rows in the same database through `tx.client`, are stored together or not at all. What `work` throws rolls everything
   * back, and reaches you unchanged. `work` is called once: nothing is repeated that it did.
   *
   * Only what goes through `tx` is inside. Locks are held until the end, so do in `work` what belongs to the transaction alone.
   *
   * @param work - Gets the store inside the transaction, with `tx.session(id)` and `tx.client`.
   * @returns What `work` returns.
   * @throws SessionError `UNSUPPORTED` where `supports.ownTransactions` is not true, `TRANSACTION_OPEN` inside another one of this
   * store, `OUTCOME_UNKNOWN` where the answer to the COMMIT was lost: read what is there. `CLOSED` after {@link close}.
   * @example
   * ```ts
   * await store.transaction(async (tx) => {
   *   const session = tx.session('chat_123');
   *   const last = await session.popItem();
   *   if (last) await tx.session('archive').addItems([last]);
   * });
   * ```
   */
  transaction<T>(work: (tx: StoreTransaction) => Awaitable<T>): Promise<T> {
    return this.#transact(work, this.#host);
  }

  #transact<T>(work: (tx: StoreTransaction) => Awaitable<T>, host: SessionHost): Promise<T> {
    return this.#calls.transaction((inner, client) =>
      runInTransaction(this.#calls, host, inner, client, work),
    );
  }

  #join(transaction: unknown, host: SessionHost): TransactionStore {
    return new TransactionStore(this.#calls.join(transaction), host, (operation, call) =>
      this.#calls.published(operation, call),
    );
  }

  /**
   * Tells which conversations get items, as these are committed, whoever adds them: to keep a list of conversations or a search up to
   * date. Those of tenants are told by `store.scoped(tenant).watch()`. It goes on until the signal ends it or the loop is left, and holds
   * the process meanwhile. The database is asked every `interval`: one statement, which reads what was added lately.
   *
   * A conversation is told at least once after each of its turns; turns that follow each other quickly are told together. It begins with
   * the conversations of the newest items, see `after`. Not told are titles, and what is removed.
   *
   * @throws TypeError for an unknown option. SessionError `UNSUPPORTED` where `supports.watching` is not true; `NOT_FOUND` for an `after`
   * that no watch gave out; `CLOSED` when the store is closed; as the database says where it cannot be reached for a minute.
   * @example
   * ```ts
   * for await (const { id } of store.watch({ signal })) console.log(`${id} has news`);
   * ```
   */
  watch(options: StoreWatchOptions = {}): AsyncGenerator<SessionChanged, void, void> {
    return watchSessions(this.#host, options);
  }

  /** Calls `listener` for every warning. Without a listener, the first of each kind goes to `process.emitWarning`. */
  on(event: 'warning', listener: (warning: SessionWarning) => void): this {
    this.#warnings.on(event, listener);
    return this;
  }

  /** Takes a listener away that {@link on} added. */
  off(event: 'warning', listener: (warning: SessionWarning) => void): this {
    this.#warnings.off(event, listener);
    return this;
  }

  /**
   * Connects and makes what has to be made. Need not be called: the first call of a session does the same. A
   * failure is forgotten, so the next call tries again.
   *
   * @throws SessionError as the engine says; `CLOSED` after {@link close}.
   */
  async open(): Promise<this> {
    await this.#calls.open();
    return this;
  }

  /**
   * Whether the database answers, for a readiness probe: connects where no connection is there, and reads a conversation that is not
   * there, with one statement. It does not show that the database takes writes. Never fails because of the database.
   *
   * @param options - `timeout`: how long it may take, in ms. Default 5000.
   * @returns `ok`; how many `ms` it took; and where it is not ok the `error`, as a call of a session would fail.
   * @throws TypeError for options of another form.
   * @example
   * ```ts
   * app.get('/ready', async (c) => c.text('', (await store.health({ timeout: 1000 })).ok ? 200 : 503));
   * ```
   */
  health(options: HealthOptions = {}): Promise<StoreHealth> {
    return this.#health.ask(options);
  }

  /**
   * Waits for the calls under way, then ends what the store opened. Every later call fails with `CLOSED`: a run that is not over
   * could not store its turn, so wait for your runs first.
   *
   * @example
   * ```ts
   * // `on`, not `once`: the SDK ends the process when no listener but its own is left
   * process.on('SIGTERM', async () => {
   *   await Promise.all(runs);
   *   await store.close();
   * });
   * ```
   */
  close(): Promise<void> {
    this.#retention?.end();
    return this.#calls.close();
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Encrypts with the newest key what is not, in the background of an application that goes on: after a new key was
   * put before the others, or, with `acceptPlaintext`, in a store that was not encrypted before. Rows are rewritten
   * in their places, 100 in a transaction; rows that no key opens are left as they are. It can be ended and begun
   * again at any time: what is done is not done again.
   *
   * @param options - Which conversations, and who is told of the progress. By default all of the store.
   * @returns What was done.
   * @throws SessionError `DECRYPTION_FAILED` if there were rows and no key opened any; `UNSUPPORTED` where the database
   * has no transactions or cannot list its sessions. TypeError for a store without `encryption`.
   * @example
   * ```ts
   * const { reencrypted, unopened } = await store.reencrypt({
   *   onProgress: ({ sessions, rows }) => console.log(`${sessions} conversations, ${rows} rows`),
   * });
   * ```
   */
  async reencrypt(options: ReencryptOptions = {}): Promise<ReencryptionProgress> {
    const encryption = this.#encryption;
    if (!encryption) throw new TypeError('reencrypt() is for stores with the option "encryption".');
    return reencrypt(
      {
        open: () => this.#calls.open(),
        call: (storedId, work) => this.#calls.inTurn(storedId, work),
        codec: (storedId) => encryption.codec(storedId, this.#plainCodec),
      },
      options,
    );
  }

  /**
   * Removes what is old: conversations whose last turn is earlier than `olderThan`, and what is older than the newest items or
   * turns of each (`keep`). So it does for the conversations of this store; those of tenants are pruned by
   * `store.scoped(tenant).prune()`. Also forgets operation ids whose time is over (`operationRetentionDays`), and erasures.
   *
   * In small transactions, with as long a pause after each, so that no other call waits for long. A conversation that gets a turn
   * meanwhile is not removed. It can be ended at any time, and be called again: it goes on with what is left.
   *
   * @returns What was done.
   * @throws TypeError for options of another form. SessionError `UNSUPPORTED` (`supports.retention` is not true);
   * `DECRYPTION_FAILED`, `CORRUPT_ITEM` as `getItems` (with `keep`); or as the database says. What was removed before stays removed.
   * @example
   * ```ts
   * const { conversations, removed } = await store.prune({ olderThan: new Date(Date.now() - 90 * 86_400_000) });
   * console.log(`${conversations} conversations with ${removed.messages} items are gone`);
   * ```
   */
  prune(options: PruneOptions): Promise<PruneProgress> {
    return this.#prune({ prefix: '', withoutPrefix: TENANT_MARK }, options);
  }

  #prune(scope: PruningHost['scope'], options: PruneOptions, pause = delay): Promise<PruneProgress> {
    const { operationRetentionDays, onCorruptItem, warn, codec, perform } = this.#host;
    const call: PruningHost['call'] = (storedId = NO_CONVERSATION, work) =>
      perform('prune', () => ({ storedId, work }));
    return prune({ scope, operationRetentionDays, onCorruptItem, warn, codec, call, pause }, options);
  }

  /** What sessions reach this store by; all of them, or those of one tenant. */
  #hostOf(tenant: string | undefined): SessionHost {
    const calls = this.#calls;
    return {
      get edit() {
        return calls.supports.edit;
      },
      get history() {
        return calls.supports.history === true;
      },
      get usage() {
        return calls.supports.usage === true;
      },
      get operations() {
        return calls.supports.operations;
      },
      ...this.#settings,
      joined: false,
      store: calls,
      tenant,
      warn: (warning) => this.#warnings.warn(warning),
      codec: (storedId) => this.#encryption?.codec(storedId, this.#plainCodec) ?? this.#plainCodec,
      onWrite: (listener) => calls.onWrite(listener),
      perform: (operation, prepare) => calls.perform(operation, prepare),
      atomically: (work) => calls.atomically(work),
    };
  }
}
