import { checkTenant } from '../ids/tenant-id.js';
import { checkOptions } from '../port/options.js';
import { exportSessions } from './export-sessions.js';
import { FOLLOW_CHECKS, type FollowOptions, followStore } from './follow-store.js';
import type { ImportProgress } from './import-progress.js';
import { IMPORT_CHECKS, type ImportOptions, importSessions } from './import-sessions.js';
import { hostOf, type SessionStore } from './store.js';

/** What `copyStore` takes. */
export interface CopyStoreOptions extends ImportOptions {
  /** Only the conversations of this tenant. Default: those of all tenants, and those without one. */
  tenant?: string | undefined;
  /**
   * Goes on when all is copied, with what changes in the first store, until it is told to end: so a system that is in use moves with a
   * pause of seconds. Nobody may write to the other store meanwhile. A conversation that has changed is written anew as a whole; one that
   * was there before, and is not the beginning of the one in the first store, is left as it is.
   */
  follow?: FollowOptions | undefined;
}

/**
 * Copies all conversations of a store to another one, between any two databases and any two formats, with and without encryption:
 * items with their order and times, titles, metadata, what models used, the operation ids that are remembered, and runs that are not
 * over: they can be decided about and resumed where they are copied to. Resume them in one of the two stores only.
 *
 * It changes nothing that is there: where it was cut off, call it again, and it goes on. The first store stays as it is; what is
 * written to it meanwhile may be in the copy or not.
 *
 * @returns What was done. `different` has what is in both stores with other items, which was left as it is.
 * @throws As `exportSessions` and `importSessions` do.
 * @example
 * ```ts
 * const { stored, different } = await copyStore(sqliteStore, postgresStore, {
 *   onProgress: ({ sessions }) => console.log(`${sessions} conversations`),
 * });
 * ```
 */
export async function copyStore(
  from: SessionStore,
  to: SessionStore,
  options: CopyStoreOptions = {},
): Promise<ImportProgress> {
  const { tenant, follow, ...rest } = options;
  checkOptions('copyStore', rest, IMPORT_CHECKS);
  if (tenant !== undefined) checkTenant(tenant);
  if (follow) checkOptions('copyStore: follow', follow, FOLLOW_CHECKS);
  const { concurrency = 4, onProgress, signal } = rest;
  return follow
    ? followStore(hostOf(from), hostOf(to), { follow, tenant, concurrency, onProgress, signal })
    : importSessions(to, exportSessions(from, { tenant, signal, runs: true }), rest);
}
