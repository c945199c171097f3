import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { Conversations } from '../conversations/conversations.js';
import { type EncryptionOptions, isEncryption } from '../items/encryption/encryption-options.js';
import { ItemEncryption } from '../items/encryption/item-encryption.js';
import type { ItemCodec } from '../items/item-codec.js';
import { ITEM_CODECS, ITEM_FORMATS, type ItemFormat } from '../items/responses-format/codec.js';
import type { OnCorruptItem } from '../items/row-reader.js';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import type { SessionBackend, SessionEngine, SessionSupport } from '../port/backend.js';
import { CallOrder } from '../port/call-order.js';
import { checked } from '../port/checked-backend.js';
import { isSessionError, SessionError } from '../port/errors.js';
import { type GroupCommit, GroupingBackend } from '../port/group-commit.js';
import { isBoolean, isDays, isOneOf, type OptionCheck } from '../port/options.js';
import { now } from '../port/timers.js';
import type { SessionWarning } from '../port/warnings.js';
import { StoreSession, type TenantSession } from '../session/session.js';
import type { PreparedCall, SessionHost, SessionOperation } from '../session/session-host.js';
import type { SessionOptions, TenantOf } from '../session/session-options.js';
import {
  type ReencryptionHost,
  type ReencryptionProgress,
  type ReencryptOptions,
  reencrypt,
} from './reencryption.js';
import { ScopedStore } from './scoped-store.js';
import { TransactionStore } from './transaction-store.js';

/** The options of every store. */
export interface StoreOptions {
  /**
   * What a row that is not an item leads to: `skip` it with a warning, or `throw` `CORRUPT_ITEM`. Default `skip`,
   * as the Python SDK does.
   */
  onCorruptItem?: OnCorruptItem | undefined;
  /**
   * The shape in which items are stored. `agents-js`: as they are. `responses`: as the Responses API has them, which is
   * what the Python SDK stores and reads. Rows of both shapes are read whatever is set. Default `agents-js`.
   */
  itemFormat?: ItemFormat | undefined;
  /**
   * Encrypts the items, in the format of the Python SDK's `EncryptedSession`. Ids and times of sessions stay readable.
   */
  encryption?: EncryptionOptions | undefined;
  /**
   * Turns that arrive while a commit is in flight share the next one, which multiplies what a busy store can do; a
   * turn that is alone waits for nothing. `'session'` limits a commit to one conversation, for databases whose commit
   * over several shards is not atomic. Default `true`.
   */
  groupCommit?: GroupCommit | undefined;
  /**
   * Every turn gets an operation id, so that the store itself can repeat it after a lost acknowledgement
   * (`OUTCOME_UNKNOWN`), where `maxRetries` allows: it is stored once. Costs a row more for each turn. Default
   * `false`: the caller is told, and can repeat turns that have an `operationId`.
   */
  exactlyOnce?: boolean | undefined;
  /**
   * How many days operation ids are remembered at least, fractions allowed, `Infinity` for ever. Default 90. After
   * that time a repeated call takes effect again, so it must be longer than a call may be repeated: a run that waits
   * for an approval repeats its write when it is resumed. They also go when the session is cleared.
   */
  operationRetentionDays?: number | undefined;
}

/** The checks of {@link StoreOptions}, for `checkOptions` in a package with options of its own. */
export const STORE_OPTION_CHECKS: Readonly<Record<keyof StoreOptions, OptionCheck>> = {
  onCorruptItem: isOneOf('skip', 'throw'),
  itemFormat: isOneOf(...ITEM_FORMATS),
  encryption: isEncryption,
  groupCommit: isOneOf(true, false, 'session'),
  exactlyOnce: isBoolean,
  operationRetentionDays: isDays,
};

/** Calls that change nothing. */
const READS: ReadonlySet<SessionOperation> = new Set([
  'getItems',
  'history',
  'turns',
  'items',
  'sessions.list',
  'sessions.retrieve',
  'sessions.count',
]);

/** What is published on the `node:diagnostics_channel` named {@link OPERATION_CHANNEL}, once for every call. */
export interface OperationMessage {
  /** The engine, like `sqlite`. */
  readonly engine: string;
  /** The session's method, or that of `store.sessions`, like `sessions.list`. */
  readonly operation: SessionOperation;
  /** From the call to its end in ms, waiting for its turn included. */
  readonly ms: number;
  /** The code of the error it ended with, `TypeError` for a mistake of the caller, absent if it succeeded. */
  readonly error?: string;
}

/** The name of the diagnostics channel that carries an {@link OperationMessage} for every call of every session. */
export const OPERATION_CHANNEL = 'stackone:sessions:operation';

const operations = channel(OPERATION_CHANNEL);

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
  readonly #engine: SessionEngine;
  readonly #groupCommit: GroupCommit;
  readonly #onCorruptItem: OnCorruptItem;
  /** Makes the texts that are stored or, where the store encrypts, the texts that are encrypted. */
  readonly #plainCodec: ItemCodec;
  readonly #encryption: ItemEncryption | undefined;
  readonly #exactlyOnce: boolean;
  readonly #operationRetentionDays: number;
  readonly #events = new EventEmitter();
  readonly #order = new CallOrder();
  readonly #host: SessionHost;
  #sessions: Conversations | undefined;
  #backend: SessionBackend | undefined;
  #opening: Promise<SessionBackend> | undefined;
  #closing: Promise<void> | undefined;

  /** No I/O: the engine is opened at the first call, or by {@link open}. */
  constructor(engine: SessionEngine, options: StoreOptions = {}) {
    this.#engine = engine;
    this.#groupCommit = options.groupCommit ?? true;
    this.#onCorruptItem = options.onCorruptItem ?? 'skip';
    this.#plainCodec = ITEM_CODECS[options.itemFormat ?? 'agents-js'];
    this.#encryption = options.encryption && new ItemEncryption(options.encryption);
    this.#exactlyOnce = options.exactlyOnce ?? false;
    this.#operationRetentionDays = options.operationRetentionDays ?? 90;
    this.#host = this.#hostOf(undefined);
    Object.defineProperty(this, HOST, { value: this.#host });
  }

  /** What this store can do. Before it is open: what its engine can do at best. */
  get supports(): SessionSupport {
    return this.#backend?.supports ?? this.#engine.supports;
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
   * This store, limited to the conversations of one tenant. It shares the connections, and works until this store
   * is closed. No I/O.
   *
   * @param tenant - A text that is not blank, compared byte for byte.
   * @throws TypeError for any other tenant.
   */
  scoped(tenant: string): ScopedStore<Parameters<this['with']>[0]> {
    const host = this.#hostOf(tenant);
    const supports = () => this.supports;
    return new ScopedStore(tenant, {
      host,
      get supports() {
        return supports();
      },
      with: (transaction) => this.#join(transaction, host),
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

  #join(transaction: unknown, host: SessionHost): TransactionStore {
    if (this.#closing) throw closed();
    // what is true however often the store is opened comes first
    const can = this.#backend ? this.#backend.with !== undefined : this.supports.transactions;
    if (!can) {
      throw new SessionError('UNSUPPORTED', `A store on "${this.#engine.name}" cannot join a transaction.`);
    }
    if (!this.#backend?.with) {
      throw new SessionError('NOT_OPEN', 'Open the store before the transaction begins: await store.open()');
    }
    return new TransactionStore(this.#backend.with(transaction), host, (operation, call) =>
      this.#published(operation, call),
    );
  }

  /** Calls `listener` for every warning. Without a listener, the first of each kind goes to `process.emitWarning`. */
  on(event: 'warning', listener: (warning: SessionWarning) => void): this {
    // Node's own refusal would repeat what it got
    if (typeof listener !== 'function') throw new TypeError('store.on() takes an event and a function.');
    this.#events.on(event, listener);
    return this;
  }

  /** Takes a listener away that {@link on} added. */
  off(event: 'warning', listener: (warning: SessionWarning) => void): this {
    if (typeof listener !== 'function') throw new TypeError('store.off() takes an event and a function.');
    this.#events.off(event, listener);
    return this;
  }

  /**
   * Connects and makes what has to be made. Need not be called: the first call of a session does the same. A
   * failure is forgotten, so the next call tries again.
   *
   * @throws SessionError as the engine says; `CLOSED` after {@link close}.
   */
  async open(): Promise<this> {
    if (this.#closing) throw closed();
    await this.#opened();
    return this;
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
    this.#closing ??= this.#end();
    return this.#closing;
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What sessions reach this store by; all of them, or those of one tenant. */
  #hostOf(tenant: string | undefined): SessionHost {
    const supports = () => this.supports;
    return {
      get edit() {
        return supports().edit;
      },
      get history() {
        return supports().history === true;
      },
      get operations() {
        return supports().operations;
      },
      exactlyOnce: this.#exactlyOnce,
      operationRetentionDays: this.#operationRetentionDays,
      joined: false,
      tenant,
      onCorruptItem: this.#onCorruptItem,
      warn: (warning) => this.#warn(warning),
      codec: (storedId) => this.#encryption?.codec(storedId, this.#plainCodec) ?? this.#plainCodec,
      perform: (operation, prepare) => this.#perform(operation, prepare),
    };
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
    const host: ReencryptionHost = {
      open: () => this.open().then(() => this.#opened()),
      call: (storedId, work) => this.#inTurn(storedId, work),
      codec: (storedId) => encryption.codec(storedId, this.#plainCodec),
    };
    return reencrypt(host, options);
  }

  #perform<T>(operation: SessionOperation, prepare: () => PreparedCall<T>): Promise<T> {
    return this.#published(operation, () => this.#start(operation, prepare)) as Promise<T>;
  }

  /** Makes a call, and tells the diagnostics channel of its end: at once where it is done at once. */
  #published<T>(operation: SessionOperation, call: () => Awaitable<T>): Awaitable<T> {
    if (!operations.hasSubscribers) return call();
    const started = now();
    const publish = (error?: string) => {
      const message = { engine: this.#engine.name, operation, ms: now() - started };
      operations.publish(error === undefined ? message : { ...message, error });
    };
    const fail = (thrown: unknown): never => {
      publish(nameOf(thrown));
      throw thrown;
    };
    const succeed = (result: T): T => {
      publish();
      return result;
    };
    let result: Awaitable<T>;
    try {
      result = call();
    } catch (thrown) {
      return fail(thrown);
    }
    return result instanceof Promise ? result.then(succeed, fail) : whenReady(result, succeed);
  }

  #start<T>(operation: SessionOperation, prepare: () => PreparedCall<T>): Promise<T> {
    if (this.#closing) return Promise.reject(closed());
    let call: PreparedCall<T>;
    try {
      call = prepare();
    } catch (error) {
      return Promise.reject(error);
    }
    const { storedId, otherId, work, exclusive } = call;
    if (otherId !== undefined && otherId !== storedId)
      return this.#order.runOnBoth(storedId, otherId, () => this.#begin(work));
    return this.#inTurn(storedId, work, exclusive ? undefined : this.#overlap(operation));
  }

  /** Does something with a conversation after the calls before it, but for those of the same kind. */
  #inTurn<T>(storedId: string, work: PreparedCall<T>['work'], kind?: string): Promise<T> {
    if (this.#closing) return Promise.reject(closed());
    return this.#order.run(storedId, () => this.#begin(work), kind);
  }

  #begin<T>(work: PreparedCall<T>['work']): Awaitable<T> {
    return this.#backend ? work(this.#backend) : this.#opened().then(work);
  }

  #opened(): Promise<SessionBackend> {
    if (!this.#opening) {
      this.#opening = this.#connect();
      // The first to hear of it: calls that waited begin before any later one finds the backend.
      this.#opening.then(
        (backend) => {
          this.#backend = backend;
        },
        () => {
          this.#opening = undefined;
        },
      );
    }
    return this.#opening;
  }

  async #connect(): Promise<SessionBackend> {
    const backend = checked(await this.#engine.open((warning) => this.#warn(warning)));
    return this.#groupCommit === false ? backend : new GroupingBackend(backend, this.#groupCommit);
  }

  /** Calls of one conversation that need not wait for each other: reads, and turns that are put in order later. */
  #overlap(operation: SessionOperation): SessionOperation | undefined {
    const groups = operation === 'addItems' && this.#groupCommit !== false;
    return READS.has(operation) || groups ? operation : undefined;
  }

  async #end(): Promise<void> {
    await this.#order.idle();
    await this.#opening?.catch(() => undefined); // the caller of open() is told; there is nothing to close then
    await this.#backend?.close();
  }

  readonly #told = new Set<string>();

  /** In a microtask, so that a listener never runs inside a transaction of ours and its failure is its own. */
  #warn(warning: SessionWarning): void {
    void Promise.resolve().then(() => {
      if (this.#events.emit('warning', warning) || this.#told.has(warning.code)) return;
      this.#told.add(warning.code);
      process.emitWarning(warning.message, { type: 'SessionStoreWarning', code: warning.code });
    });
  }
}

/** What is published of something that was thrown, whatever it is. */
function nameOf(thrown: unknown): string {
  if (isSessionError(thrown)) return thrown.code;
  return thrown instanceof Error ? thrown.name : 'Error';
}

function closed(): SessionError {
  return new SessionError('CLOSED', 'The store is closed. Open a new one.');
}
