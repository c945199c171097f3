import type { Awaitable } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import { currentCall, withinLimits } from '../port/call-limits.js';
import type { CallRecord } from '../port/call-record.js';
import { StoreSession, type TenantSession } from '../session/session.js';
import { READS, type SessionHost, type SessionOperation } from '../session/session-host.js';
import type { SessionOptions, TenantOf } from '../session/session-options.js';

/**
 * A store inside a transaction of the application: made by `store.with(tx)`, of use until that transaction ends.
 *
 * On a synchronous driver (better-sqlite3) its sessions do their work before they return and throw at once when
 * it fails, so that the transaction's synchronous callback fails with them and the database rolls back.
 *
 * @example
 * ```ts
 * await db.transaction(async (tx) => {
 *   await tx.insert(orders).values(order);
 *   await store.with(tx).session('chat_123').addItems(items);
 * });
 * ```
 */
export class TransactionStore {
  readonly #host: SessionHost;

  /**
   * @param published - Makes a call, and tells the diagnostics channel of its end.
   * @param onWork - Gets what the database is asked to do, which may go on when the call has ended for its caller.
   */
  constructor(
    backend: SessionBackend,
    host: SessionHost,
    published: <T>(
      operation: SessionOperation,
      call: (record: CallRecord | undefined) => Awaitable<T>,
    ) => Awaitable<T>,
    onWork: (work: Promise<unknown>) => void = ignore,
  ) {
    this.#host = {
      ...host,
      edit: backend.supports.edit,
      history: backend.supports.history === true,
      usage: backend.supports.usage === true,
      operations: backend.supports.operations,
      exactlyOnce: false, // nothing is repeated here
      joined: true,
      atomically: async (work) => work(backend),
      perform: (operation, prepare) =>
        Promise.resolve(
          published(operation, (record) => {
            if (record) record.isInside = true;
            const { limits, work, storedId } = prepare();
            if (record) record.storedId = storedId;
            const begin = () => {
              currentCall()?.handedOver();
              const result = work(backend);
              if (result instanceof Promise) onWork(result);
              return result;
            };
            return withinLimits(limits, !READS.has(operation), begin, record);
          }),
        ),
    };
  }

  /** The conversation with this id, inside the transaction: as `session` of the store that it was made from. */
  session<Context = unknown>(
    sessionId: string,
    options: SessionOptions<Context> & { tenant: TenantOf<Context> },
  ): TenantSession;
  session<Context = unknown>(sessionId: string, options?: SessionOptions<Context>): StoreSession;
  session<Context = unknown>(sessionId: string, options?: SessionOptions<Context>): StoreSession {
    return new StoreSession(sessionId, this.#host, options);
  }
}

function ignore(): void {
  // the application ends its transaction by itself
}
