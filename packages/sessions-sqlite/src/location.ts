import { normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SessionError } from '@stackone/sessions-core';
import type { StoreUrl } from '@stackone/sessions-core/backend';

/** The name of a database that lives in memory, for the driver. */
export const IN_MEMORY = ':memory:';

/**
 * The file that a `sqlite:` or `file:` URL names, or `:memory:`.
 *
 * `sqlite::memory:`, `sqlite:./a.db`, `sqlite:a.db`, `sqlite:/abs/a.db` and `sqlite:///abs/a.db` are taken as they
 * stand; in `file:` URLs percent-encoding is decoded.
 *
 * @throws SessionError `UNSUPPORTED_URL`
 */
export function sqliteLocation(url: StoreUrl): string {
  const [, scheme = '', rest = ''] = /^([a-z]+):(.*)$/is.exec(url.href) ?? [];
  if (rest === IN_MEMORY) return IN_MEMORY;
  if (rest.includes('?')) throw unsupported('Options after a "?" are not supported: pass them as options.');
  if (/^\/\/[^/]/.test(rest)) throw unsupported('After two slashes no file can be named.');
  if (rest === '' || /^\/+$/.test(rest)) throw unsupported('It names no file.');
  if (scheme.toLowerCase() === 'file') return rest.startsWith('/') ? fileURLToPath(url.href) : decode(rest);
  const path = rest.replace(/^\/\/(?=\/)/, '');
  return normalize(process.platform === 'win32' ? path.replace(/^\/(?=[A-Za-z]:)/, '') : path);
}

function decode(path: string): string {
  try {
    return normalize(decodeURIComponent(path));
  } catch {
    throw unsupported('A "%" in it encodes nothing.');
  }
}

function unsupported(why: string): SessionError {
  return new SessionError(
    'UNSUPPORTED_URL',
    `The SQLite URL cannot be used. ${why} Write sqlite:./relative.db, sqlite:///absolute.db or sqlite::memory:`,
  );
}
