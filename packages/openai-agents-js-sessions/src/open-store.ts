import type { SessionStore } from '@stackone/sessions-core';
import {
  checkOptions,
  type OptionCheck,
  parseStoreUrl,
  readUrlParameters,
} from '@stackone/sessions-core/backend';
import { MEMORY_OPTION_CHECKS, MemorySessionStore, type MemoryStoreOptions } from '@stackone/sessions-memory';
import { MYSQL_OPTION_CHECKS, MysqlSessionStore, type MysqlStoreOptions } from '@stackone/sessions-mysql';
import {
  POSTGRES_OPTION_CHECKS,
  PostgresSessionStore,
  type PostgresStoreOptions,
} from '@stackone/sessions-postgres';
import { SQLITE_OPTION_CHECKS, SqliteSessionStore, type SqliteStoreOptions } from '@stackone/sessions-sqlite';
import { areDrivers, type DriverModules } from './driver-modules.js';

type Omitted = 'ssl' | 'driver';

/** The options of {@link openSessionStore}: those of every store. `ssl` holds what the server's store knows. */
export type OpenStoreOptions = MemoryStoreOptions &
  Omit<SqliteStoreOptions, Omitted> &
  Omit<PostgresStoreOptions, Omitted> &
  Omit<MysqlStoreOptions, Omitted> & {
    ssl?: PostgresStoreOptions['ssl'] | MysqlStoreOptions['ssl'] | undefined;
    /**
     * The modules of drivers themselves: `{ pg }` after `import pg from 'pg'`. The store of the URL takes its own.
     * Default: it imports that when it first connects.
     */
    drivers?: DriverModules | undefined;
  };

const { driver: _ofEachStore, ...STORE_CHECKS } = ofAnyStore(
  MEMORY_OPTION_CHECKS,
  SQLITE_OPTION_CHECKS,
  MYSQL_OPTION_CHECKS,
  POSTGRES_OPTION_CHECKS,
);

/** The checks of {@link OpenStoreOptions}: what one of the stores takes. The store of the URL checks its own again. */
export const OPEN_STORE_OPTION_CHECKS = { ...STORE_CHECKS, drivers: areDrivers };

function ofAnyStore(
  ...tables: readonly Readonly<Record<string, OptionCheck>>[]
): Record<string, OptionCheck> {
  const names = new Set(tables.flatMap(Object.keys));
  return Object.fromEntries(
    [...names].map((name) => {
      const checks = new Set(tables.flatMap((table) => table[name] ?? []));
      return [name, anyOf([...checks])];
    }),
  );
}

/** Right is what one of the checks calls right. */
function anyOf(checks: readonly OptionCheck[]): OptionCheck {
  return (value) => {
    const problems = checks.map((check) => check(value));
    return problems.includes(undefined) ? undefined : [...new Set(problems)].join(', or ');
  };
}

/**
 * Opens the store that a URL names: `postgres://` and `postgresql://`, `mysql://` and `mariadb://`,
 * `sqlite::memory:`, `sqlite:./a.db`, `sqlite:///abs/a.db`, `file:`, `memory:`. The store is yours to close.
 * Options that the store of the URL does not have are not used, so that the URL can name another store elsewhere.
 * Parameters of the URL are honoured or refused by name: docs/url-parameters.md.
 *
 * @throws SessionError `UNSUPPORTED_URL` for any other scheme, else whatever opening that store throws.
 * @throws TypeError for an option that no store has.
 * @example
 * ```ts
 * const store = await openSessionStore(process.env.SESSIONS_URL ?? 'sqlite:./sessions.db');
 * await run(agent, 'Hello', { session: store.session('chat_123') });
 * await store.close();
 * ```
 */
export async function openSessionStore(url: string, options: OpenStoreOptions = {}): Promise<SessionStore> {
  const parsed = parseStoreUrl(url);
  checkOptions('openSessionStore', options, OPEN_STORE_OPTION_CHECKS);
  const { drivers = {}, ...rest } = options;
  switch (parsed.scheme) {
    case 'memory':
      readUrlParameters(parsed, {});
      return new MemorySessionStore(only(MEMORY_OPTION_CHECKS, rest)).open();
    case 'sqlite':
      return SqliteSessionStore.fromUrl(
        url,
        only(SQLITE_OPTION_CHECKS, { ...rest, driver: drivers['better-sqlite3'] }),
      );
    case 'postgres':
      return PostgresSessionStore.fromUrl(url, only(POSTGRES_OPTION_CHECKS, { ...rest, driver: drivers.pg }));
    case 'mysql':
      return MysqlSessionStore.fromUrl(url, only(MYSQL_OPTION_CHECKS, { ...rest, driver: drivers.mysql2 }));
  }
}

/** The options that are among the checked ones. */
export function only(checks: object, options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(checks, name)));
}
