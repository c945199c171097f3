import { handedOver, loadFailure, type OptionCheck, requireNode } from '@stackone/sessions-core/backend';
import type { SqliteDatabase } from './driver-types.js';

/**
 * What `better-sqlite3` exports, as far as a store uses it. Written out so that the driver's types need not be
 * installed to compile against this package.
 */
export type SqliteDriver = new (
  file: string,
  options: { timeout: number; fileMustExist: boolean },
) => SqliteDatabase;

/** What an application may hand over: the driver, or its namespace, as `import('better-sqlite3')` gives it. */
export type SqliteDriverOption = SqliteDriver | { readonly default: SqliteDriver };

/** Checks the `driver` option. */
export const isDriver: OptionCheck = (value) =>
  typeof handedOver(Object(value) as SqliteDriverOption) === 'function'
    ? undefined
    : 'what "better-sqlite3" exports, the class Database';

/** The oldest Node that better-sqlite3 13 runs on; older ones crash when they load it. */
const LEAST_NODE = 22;

/**
 * The driver that was handed over, or else the one that is installed.
 *
 * @throws SessionError `DRIVER_MISSING`, `DRIVER_FAILED`, `UNSUPPORTED_RUNTIME`
 */
export async function sqliteDriver(given: SqliteDriverOption | undefined): Promise<SqliteDriver> {
  if (given !== undefined) return handedOver(given);
  requireNode('better-sqlite3', LEAST_NODE);
  try {
    return (await import('better-sqlite3')).default;
  } catch (cause) {
    throw loadFailure('better-sqlite3', cause);
  }
}
