import { normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SessionError } from '@stackone/sessions-core';
import { readUrlParameters, type StoreUrl } from '@stackone/sessions-core/backend';
import { SQLITE_URL_PARAMETERS } from './url-parameters.js';

/** The name of a database that lives in memory, for the driver. */
export const IN_MEMORY = ':memory:';

/** What a URL says, checked. */
export interface SqliteUrl {
  /** The file, or `:memory:`. */
  readonly location: string;
  /** Why the file has to be there already; absent where it is made. */
  readonly mustExist?: string | undefined;
}

/**
 * Reads a URL. Nothing is opened.
 *
 * @throws SessionError `UNSUPPORTED_URL`
 */
export function readSqliteUrl(url: StoreUrl): SqliteUrl {
  const { mode } = readUrlParameters(url, SQLITE_URL_PARAMETERS);
  return { location: sqliteLocation(url), mustExist: mode === 'rw' ? 'the URL says mode=rw' : undefined };
}

/**
 * The file that a `sqlite:` or `file:` URL names, or `:memory:`.
 *
 * `sqlite::memory:`, `sqlite:./a.db`, `sqlite:a.db`, `sqlite:/abs/a.db` and `sqlite:///abs/a.db` are taken as they
 * stand; in `file:` URLs percent-encoding is decoded.
 *
 * @throws SessionError `UNSUPPORTED_URL`
 * @example
 * ```ts
 * sqliteLocation(parseStoreUrl('sqlite:./a.db')); // './a.db'
 * ```
 */
export function sqliteLocation(url: StoreUrl): string {
  const [, scheme = '', rest = ''] = /^([a-z]+):([^?]*)/is.exec(url.href) ?? [];
  if (rest === IN_MEMORY) return IN_MEMORY;
  if (/^\/\/[^/]/.test(rest)) throw unsupported('After two slashes no file can be named.');
  if (rest === '' || /^\/+$/.test(rest)) throw unsupported('It names no file.');
  if (scheme.toLowerCase() === 'file') {
    if (rest.includes('#')) throw unsupported('A "#" in the name of a file is written as %23.');
    return decode(rest);
  }
  const path = rest.replace(/^\/\/(?=\/)/, '');
  return normalize(process.platform === 'win32' ? path.replace(/^\/(?=[A-Za-z]:)/, '') : path);
}

function decode(path: string): string {
  try {
    return path.startsWith('/') ? fileURLToPath(`file:${path}`) : normalize(decodeURIComponent(path));
  } catch {
    throw unsupported('A "%" in it encodes nothing, or a slash.');
  }
}

function unsupported(why: string): SessionError {
  return new SessionError(
    'UNSUPPORTED_URL',
    `The SQLite URL cannot be used. ${why} Write sqlite:./relative.db, sqlite:///absolute.db or sqlite::memory:`,
  );
}
