import { checkOptions, parseStoreUrl } from '@stackone/sessions-core/backend';
import type { Doctor } from '@stackone/sessions-core/doctor';
import { MYSQL_OPTION_CHECKS } from '@stackone/sessions-mysql';
import { POSTGRES_OPTION_CHECKS } from '@stackone/sessions-postgres';
import { SQLITE_OPTION_CHECKS, sqliteLocation } from '@stackone/sessions-sqlite';
import { OPEN_STORE_OPTION_CHECKS, type OpenStoreOptions, only } from '../../open-store.js';
import { UsageError } from '../usage-error.js';

/**
 * Opens a database to look at it, by the scheme of its URL.
 *
 * @throws UsageError for a database in memory. TypeError, SessionError as opening a store does.
 */
export async function openDoctor(url: string, options: OpenStoreOptions): Promise<Doctor> {
  const parsed = parseStoreUrl(url);
  checkOptions('--store', options, OPEN_STORE_OPTION_CHECKS);
  switch (parsed.scheme) {
    case 'memory':
      throw inMemory();
    case 'sqlite': {
      if (sqliteLocation(parsed) === ':memory:') throw inMemory();
      const { openDoctor: open } = await import('@stackone/sessions-sqlite/doctor');
      return open(url, only(SQLITE_OPTION_CHECKS, options));
    }
    case 'postgres': {
      const { openDoctor: open } = await import('@stackone/sessions-postgres/doctor');
      return open(url, only(POSTGRES_OPTION_CHECKS, options));
    }
    case 'mysql': {
      const { openDoctor: open } = await import('@stackone/sessions-mysql/doctor');
      return open(url, only(MYSQL_OPTION_CHECKS, options));
    }
  }
}

function inMemory(): UsageError {
  return new UsageError(
    'A store in memory has nothing to look at: it begins empty, and ends with its process.',
  );
}
