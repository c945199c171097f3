import { handedOver, loadFailure, type OptionCheck } from '@stackone/sessions-core/backend';

/**
 * The module `pg`, as far as a store uses it. Written out so that the driver's types need not be installed to compile
 * against this package.
 */
export interface PostgresDriver {
  readonly Client: new (...parameters: never[]) => object;
  readonly Pool: new (...parameters: never[]) => object;
}

/** What an application may hand over: the module, or its namespace, as a dynamic import gives it. */
export type PostgresDriverOption = PostgresDriver | { readonly default: PostgresDriver };

type Pg = typeof import('pg')['default'];

/** Checks the `driver` option. */
export const isDriver: OptionCheck = (value) => {
  const { Client, Pool } = handedOver(Object(value) as PostgresDriverOption) ?? {};
  return typeof Client === 'function' && typeof Pool === 'function' ? undefined : 'the module "pg"';
};

/**
 * The driver that was handed over, or else the one that is installed.
 *
 * @throws SessionError `DRIVER_MISSING`, `DRIVER_FAILED`
 */
export async function postgresDriver(given: PostgresDriverOption | undefined): Promise<Pg> {
  if (given !== undefined) return handedOver(given) as Pg;
  try {
    return (await import('pg')).default;
  } catch (cause) {
    throw loadFailure('pg', cause);
  }
}
