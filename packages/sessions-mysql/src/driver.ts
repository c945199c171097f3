import { handedOver, loadFailure, type OptionCheck } from '@stackone/sessions-core/backend';
import type { MysqlPool } from './driver-types.js';

/**
 * The module `mysql2`, or `mysql2/promise`, as far as a store uses it. Written out so that the driver's types need not
 * be installed to compile against this package.
 */
export interface MysqlDriver {
  createPool(...parameters: never[]): MysqlPool;
}

/** What an application may hand over: the module, or its namespace, as `import('mysql2')` gives it. */
export type MysqlDriverOption = MysqlDriver | { readonly default: MysqlDriver };

/** Checks the `driver` option. */
export const isDriver: OptionCheck = (value) => {
  const { createPool } = handedOver(Object(value) as MysqlDriverOption) ?? {};
  return typeof createPool === 'function' ? undefined : 'the module "mysql2"';
};

/**
 * The driver that was handed over, or else the one that is installed.
 *
 * @throws SessionError `DRIVER_MISSING`, `DRIVER_FAILED`
 */
export async function mysqlDriver(given: MysqlDriverOption | undefined): Promise<typeof import('mysql2')> {
  if (given !== undefined) return handedOver(given) as typeof import('mysql2');
  try {
    return await import('mysql2');
  } catch (cause) {
    throw loadFailure('mysql2', cause);
  }
}
