import { CallOrder } from './call-order.js';

const orders = new WeakMap<object, CallOrder>();

/**
 * Makes calls over one connection one after another, also those of several stores over it, so that none lands in
 * another's transaction. Connections that are shared out by a pool need no turns.
 *
 * @param connection - The driver's own object, the same for every wrapper of it.
 * @param call - Begins when the calls before it have ended, whether they succeeded or not.
 * @returns What `call` returns.
 * @example
 * ```ts
 * await inTurn(client, async () => {
 *   await client.query('BEGIN');
 *   // ...
 *   await client.query('COMMIT');
 * });
 * ```
 */
export function inTurn<T>(connection: object, call: () => T | PromiseLike<T>): Promise<T> {
  let order = orders.get(connection);
  if (!order) {
    order = new CallOrder();
    orders.set(connection, order);
  }
  return order.run('', call);
}
