import { checkOptions } from '../port/options.js';
import { exportSessions } from './export-sessions.js';
import { IMPORT_CHECKS, type ImportOptions, type ImportProgress, importSessions } from './import-sessions.js';
import type { SessionStore } from './store.js';

/** What `copyStore` takes. */
export interface CopyStoreOptions extends ImportOptions {
  /** Only the conversations of this tenant. Default: those of all tenants, and those without one. */
  tenant?: string | undefined;
}

/**
 * Copies all conversations of a store to another one, between any two databases and any two formats, with and without encryption:
 * items with their order and times, titles and metadata. What models used and remembered operation ids stay behind.
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
  const { tenant, ...rest } = options;
  checkOptions('copyStore', rest, IMPORT_CHECKS);
  return importSessions(to, exportSessions(from, { tenant, signal: rest.signal }), rest);
}
