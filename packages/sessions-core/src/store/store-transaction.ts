import type { Awaitable } from '../port/awaitable.js';
import type { SessionBackend } from '../port/backend.js';
import { SessionError } from '../port/errors.js';
import type { SessionHost } from '../session/session-host.js';
import { type OpenTransaction, runInside } from './open-transaction.js';
import type { StoreCalls } from './store-calls.js';
import { TransactionStore } from './transaction-store.js';

/**
 * A store inside a transaction that it began itself: what the callback of `store.transaction()` gets. It is of use until the
 * callback's promise is settled.
 *
 * @example
 * ```ts
 * await store.transaction(async (tx) => {
 *   await tx.client.query('INSERT INTO orders (id) VALUES ($1)', [7]);
 *   await tx.session('chat_123').addItems(items);
 * });
 * ```
 */
export class StoreTransaction<Client = unknown> extends TransactionStore {
  /** What statements of your own run on, in the same transaction: see `transaction` of the store. */
  readonly client: Client;

  /** Made by `store.transaction()`. */
  constructor(client: Client, ...parts: ConstructorParameters<typeof TransactionStore>) {
    super(...parts);
    this.client = client;
  }
}

/** Calls the application's callback, once. When it is done, so are all calls that it made, also those that ended early for it. */
export async function runInTransaction<Client, T>(
  calls: StoreCalls,
  host: SessionHost,
  backend: SessionBackend,
  client: Client,
  work: (tx: StoreTransaction<Client>) => Awaitable<T>,
): Promise<T> {
  const open: OpenTransaction = { owner: calls, isOver: false };
  const underWay = new Set<Promise<unknown>>();
  const waitFor = (made: Promise<unknown>) => {
    const ended = made.then(ignore, ignore).finally(() => underWay.delete(ended));
    underWay.add(ended);
  };
  const published: ConstructorParameters<typeof TransactionStore>[2] = (operation, call) => {
    const made = new Promise<Awaited<ReturnType<typeof call>>>((resolve) => {
      if (open.isOver) throw transactionIsOver();
      resolve(calls.published(operation, call) as never);
    });
    waitFor(made);
    return made;
  };
  // a call that its limits end goes on in the database: what ends the transaction must not come between its statements
  const tx = new StoreTransaction(client, backend, host, published, waitFor);
  try {
    return await runInside(open, async () => work(tx));
  } finally {
    while (underWay.size > 0) await Promise.all(underWay);
    open.isOver = true;
  }
}

function transactionIsOver(): SessionError {
  return new SessionError(
    'NOT_OPEN',
    'The transaction is over: what store.transaction() hands to its callback is of no use afterwards. Nothing was done.',
  );
}

function ignore(): void {
  // whoever made the call is told
}
