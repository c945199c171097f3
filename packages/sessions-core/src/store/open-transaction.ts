import { AsyncLocalStorage } from 'node:async_hooks';
import { SessionError } from '../port/errors.js';

/** A transaction that a store began, as long as its callback runs. */
export interface OpenTransaction {
  /** The calls of the store. */
  readonly owner: object;
  isOver: boolean;
}

/** The innermost transaction of a store that the code now running was called by. */
const current = new AsyncLocalStorage<OpenTransaction>();

/** Calls the callback of a transaction, and remembers for all that it calls that it is inside. */
export function runInside<T>(open: OpenTransaction, callback: () => Promise<T>): Promise<T> {
  return current.run(open, callback);
}

/**
 * Refuses what would wait for the end of the transaction by whose callback it was called.
 *
 * @throws SessionError `TRANSACTION_OPEN`
 */
export function refuseInside(owner: object): void {
  const open = current.getStore();
  if (open?.owner !== owner || open.isOver) return;
  throw new SessionError(
    'TRANSACTION_OPEN',
    'This was called inside store.transaction(), and would wait for its end for ever. Use tx.session(id) there; begin no ' +
      'other transaction of the same store, and close the store afterwards.',
  );
}
