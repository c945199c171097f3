/** What can close the connections that it does not use. */
export interface IdleEnding {
  endIdle(): void;
}

// of the global registry, so that a reloaded or a second copy of this package sees the pools of the others
const POOLS = Symbol.for('@stackone/sessions-core/pools');

/**
 * Closes the idle connections of other pools to the same target. In development each reload of a module opens its store
 * again, and the one before stays behind with its connections; a store that is still in use opens new ones at its next
 * call.
 *
 * @param target - The server, the user and the database, as one text that no other target has.
 * @param pool - The new one. It is not kept alive for this.
 * @example
 * ```ts
 * endIdleOfOthers(JSON.stringify(['mine', host, port, user, database]), pool);
 * ```
 */
export function endIdleOfOthers(target: string, pool: IdleEnding): void {
  const targets = (Reflect.get(globalThis, POOLS) ?? new Map()) as Map<string, Set<WeakRef<IdleEnding>>>;
  Reflect.set(globalThis, POOLS, targets);
  const pools = targets.get(target) ?? new Set();
  targets.set(target, pools);
  for (const reference of pools) {
    const other = reference.deref();
    if (other) other.endIdle();
    else pools.delete(reference);
  }
  pools.add(new WeakRef(pool));
}
