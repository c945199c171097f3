import type { Awaitable } from '../port/awaitable.js';
import type { SessionBackend, SessionEngine, SessionSupport } from '../port/backend.js';
import type { Backlog } from '../port/backlog.js';
import { currentCall, withinLimits } from '../port/call-limits.js';
import { CallOrder } from '../port/call-order.js';
import type { CallRecord } from '../port/call-record.js';
import { checked } from '../port/checked-backend.js';
import { SessionError } from '../port/errors.js';
import { type GroupCommit, GroupingBackend } from '../port/group-commit.js';
import type { WarningReporter } from '../port/warnings.js';
import { type PreparedCall, READS, type SessionOperation } from '../session/session-host.js';
import { published } from './diagnostics.js';
import { refuseInside } from './open-transaction.js';

/**
 * The calls of one store, from its opening to its end: the engine is opened by the first of them, the calls of one
 * conversation take turns, and after the end there are no more.
 */
export class StoreCalls {
  readonly #engine: SessionEngine;
  readonly #groupCommit: GroupCommit;
  readonly #backlog: Backlog;
  readonly #warn: WarningReporter;
  readonly #order = new CallOrder();
  #backend: SessionBackend | undefined;
  #opening: Promise<SessionBackend> | undefined;
  #closing: Promise<void> | undefined;
  #whenOpen: (() => void) | undefined;
  /** What calls are doing with the backend now. */
  readonly #underWay = new Set<Promise<unknown>>();
  /** The end of the transaction that holds the one connection there is. */
  #held: Promise<void> | undefined;
  #transactions = 0;
  readonly #listeners = new Set<(storedId: string) => void>();

  constructor(engine: SessionEngine, groupCommit: GroupCommit, backlog: Backlog, warn: WarningReporter) {
    this.#engine = engine;
    this.#groupCommit = groupCommit;
    this.#backlog = backlog;
    this.#warn = warn;
  }

  /** What the engine can do; before it is open: at best. */
  get supports(): SessionSupport {
    return this.#backend?.supports ?? this.#engine.supports;
  }

  /** Calls once the engine is open. */
  whenOpened(call: () => void): void {
    this.#whenOpen = call;
  }

  /** A failure is forgotten, so that the next call tries again. */
  async open(): Promise<SessionBackend> {
    this.#refuseWhenClosed();
    return this.#opened();
  }

  /** Waits for the calls under way, then closes the engine. */
  async close(): Promise<void> {
    if (!this.#closing) refuseInside(this);
    this.#closing ??= this.#end();
    return this.#closing;
  }

  /** Makes a call of a session or of `store.sessions`: its arguments are checked at once, its work is done in turn. */
  perform<T>(operation: SessionOperation, prepare: () => PreparedCall<T>): Promise<T> {
    return this.published(operation, (record) => this.#start(operation, prepare, record)) as Promise<T>;
  }

  /** Calls `listener` after each call that wrote something, until what it returns is called. */
  onWrite(listener: (storedId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Makes a call that need not be put in order, and tells the diagnostics channel of it. */
  published<T>(
    operation: SessionOperation,
    call: (record: CallRecord | undefined) => Awaitable<T>,
  ): Awaitable<T> {
    return published(this.#engine, operation, call);
  }

  /** Does something with a conversation after the calls before it, but for those of the same kind. */
  inTurn<T>(storedId: string, work: PreparedCall<T>['work'], kind?: string): Promise<T> {
    this.#refuseWhenClosed();
    return this.#order.run(storedId, () => this.#work(work), kind);
  }

  /** The backend inside a transaction of the application. The store must be open. */
  join(transaction: unknown): SessionBackend {
    this.#refuseWhenClosed();
    // what is true however often the store is opened comes first
    const can = this.#backend ? this.#backend.with !== undefined : this.supports.transactions;
    if (!can) {
      throw new SessionError('UNSUPPORTED', `A store on "${this.#engine.name}" cannot join a transaction.`);
    }
    if (!this.#backend?.with) {
      throw new SessionError('NOT_OPEN', 'Open the store before the transaction begins: await store.open()');
    }
    return this.#backend.with(transaction);
  }

  /** Begins a transaction, waits for `work` and ends it. Where there is one connection, other calls wait meanwhile. */
  transaction<T>(work: (inner: SessionBackend, client: unknown) => Promise<T>): Promise<T> {
    const transact = async (record: CallRecord | undefined) => {
      if (record) record.isTransaction = true;
      return withinLimits({}, true, () => this.#transact(work), record);
    };
    return this.published('transaction', transact) as Promise<T>;
  }

  async #transact<T>(work: (inner: SessionBackend, client: unknown) => Promise<T>): Promise<T> {
    this.#refuseWhenClosed();
    refuseInside(this);
    // an id that no conversation has: it is in nobody's way, and close() waits for it
    return this.#order.run(`\0transaction ${++this.#transactions}`, async () => {
      const backend = this.#backend ?? (await this.#opened());
      if (!backend.transaction) {
        throw new SessionError(
          'UNSUPPORTED',
          `A store on "${this.#engine.name}" cannot begin transactions by itself here: see supports.ownTransactions.`,
        );
      }
      const begin = backend.transaction.bind(backend);
      currentCall()?.handedOver();
      return backend.hasOneConnection ? this.#alone(() => begin(work)) : begin(work);
    });
  }

  /** Makes calls of the backend in one transaction; where it begins none, at once. */
  async atomically<T>(work: (inner: SessionBackend) => Awaitable<T>): Promise<T> {
    const backend = await this.open();
    if (!backend.transaction) return work(backend);
    return this.transaction(async (inner) => work(inner));
  }

  /** Waits for what is under way, and lets all else wait. */
  async #alone<T>(call: () => Promise<T>): Promise<T> {
    while (this.#held) await this.#held;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    try {
      await Promise.allSettled(this.#underWay);
      return await call();
    } finally {
      this.#held = undefined;
      resolve();
    }
  }

  #start<T>(
    operation: SessionOperation,
    prepare: () => PreparedCall<T>,
    record: CallRecord | undefined,
  ): Promise<T> {
    try {
      this.#refuseWhenClosed();
      const call = prepare();
      if (record) record.storedId = call.storedId;
      const begin = () => this.#begin(operation, call);
      return Promise.resolve(withinLimits(call.limits, !READS.has(operation), begin, record));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #begin<T>(operation: SessionOperation, call: PreparedCall<T>): Promise<T> {
    const { storedId, otherId, work, exclusive, bytes } = call;
    const record = currentCall()?.record;
    if (record && bytes !== undefined) record.waitingTurns = this.#backlog.turns;
    const leave = bytes === undefined ? undefined : this.#backlog.enter(bytes);
    const result =
      otherId !== undefined && otherId !== storedId
        ? this.#order.runOnBoth(storedId, otherId, () => this.#work(work))
        : this.inTurn(storedId, work, exclusive ? undefined : this.#overlap(operation));
    if (leave) result.then(leave, leave);
    if (this.#listeners.size > 0 && !READS.has(operation)) {
      result.then(() => this.#tell(storedId, otherId), ignore);
    }
    return result;
  }

  #tell(...storedIds: (string | undefined)[]): void {
    for (const listener of this.#listeners) {
      for (const storedId of storedIds) if (storedId !== undefined) listener(storedId);
    }
  }

  #work<T>(work: PreparedCall<T>['work']): Awaitable<T> {
    const backend = this.#backend;
    const call = currentCall();
    if (!backend) {
      call?.connecting();
      return this.#opened().then(() => this.#work(work));
    }
    call?.waiting();
    if (!backend.transaction || !backend.hasOneConnection) {
      call?.handedOver();
      return work(backend);
    }
    if (this.#held) {
      refuseInside(this);
      return this.#held.then(() => this.#work(work));
    }
    call?.handedOver();
    const result = work(backend);
    if (!(result instanceof Promise)) return result;
    const ended = result.then(ignore, ignore).finally(() => this.#underWay.delete(ended));
    this.#underWay.add(ended);
    return result;
  }

  /** Calls of one conversation that need not wait for each other: reads, and turns that are put in order later. */
  #overlap(operation: SessionOperation): SessionOperation | undefined {
    const groups = operation === 'addItems' && this.#groupCommit !== false;
    return READS.has(operation) || groups ? operation : undefined;
  }

  #opened(): Promise<SessionBackend> {
    if (!this.#opening) {
      this.#opening = this.#connect();
      // The first to hear of it: calls that waited begin before any later one finds the backend.
      this.#opening.then(
        (backend) => {
          this.#backend = backend;
          this.#whenOpen?.();
        },
        () => {
          this.#opening = undefined;
        },
      );
    }
    return this.#opening;
  }

  async #connect(): Promise<SessionBackend> {
    const backend = checked(await this.#engine.open(this.#warn));
    return this.#groupCommit === false ? backend : new GroupingBackend(backend, this.#groupCommit);
  }

  async #end(): Promise<void> {
    await this.#order.idle();
    await this.#opening?.catch(() => undefined); // the caller of open() is told; there is nothing to close then
    await this.#backend?.close();
  }

  #refuseWhenClosed(): void {
    if (this.#closing) throw new SessionError('CLOSED', 'The store is closed. Open a new one.');
  }
}

function ignore(): void {
  // whoever made the call is told
}
