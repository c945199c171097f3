import { isOptionsObject, type OptionCheck } from '@stackone/sessions-core/backend';
import { MYSQL_OPTION_CHECKS, type MysqlDriverOption } from '@stackone/sessions-mysql';
import { POSTGRES_OPTION_CHECKS, type PostgresDriverOption } from '@stackone/sessions-postgres';
import { SQLITE_OPTION_CHECKS, type SqliteDriverOption } from '@stackone/sessions-sqlite';

/** The modules of drivers, for stores that do not import them: in bundles, say. */
export interface DriverModules {
  /** `Database`, after `import Database from 'better-sqlite3'`. */
  'better-sqlite3'?: SqliteDriverOption | undefined;
  /** `mysql`, after `import mysql from 'mysql2'`. */
  mysql2?: MysqlDriverOption | undefined;
  /** `pg`, after `import pg from 'pg'`. */
  pg?: PostgresDriverOption | undefined;
}

const DRIVER_CHECKS: Readonly<Record<keyof DriverModules, OptionCheck>> = {
  'better-sqlite3': SQLITE_OPTION_CHECKS.driver,
  mysql2: MYSQL_OPTION_CHECKS.driver,
  pg: POSTGRES_OPTION_CHECKS.driver,
};

/** Checks the `drivers` option. */
export const areDrivers: OptionCheck = (value) => {
  if (!isOptionsObject(value)) return 'an object like { pg }';
  for (const [name, module] of Object.entries(value)) {
    if (!Object.hasOwn(DRIVER_CHECKS, name))
      return `an object with some of ${Object.keys(DRIVER_CHECKS).join(', ')}`;
    const problem = module === undefined ? undefined : DRIVER_CHECKS[name as keyof DriverModules](module);
    if (problem) return `an object whose "${name}" is ${problem}`;
  }
  return undefined;
};
