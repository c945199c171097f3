import { inspect } from 'node:util';
import { SessionError } from './errors.js';

/** The kinds of store that a URL can name. */
export type StoreUrlScheme = 'memory' | 'sqlite' | 'postgres' | 'mysql';

/** Every scheme that is understood, with the kind of store it names. */
export const STORE_SCHEMES: Readonly<Record<string, StoreUrlScheme>> = {
  memory: 'memory',
  sqlite: 'sqlite',
  file: 'sqlite',
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
};

interface UrlParts {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
  readonly database: string | undefined;
  readonly query: URLSearchParams;
}

/**
 * The parsed URL of a store. Printing, inspecting or serialising it never shows the password. Only
 * {@link StoreUrl.password} and {@link StoreUrl.href} have it, for the code that connects.
 *
 * @example
 * ```ts
 * const url = parseStoreUrl('postgres://user:password@host:5432/app');
 * console.log(url.host, String(url)); // no password in it
 * ```
 */
export class StoreUrl {
  /** The kind of store. */
  readonly scheme: StoreUrlScheme;
  /** Host name or address, without brackets; empty for embedded stores. */
  readonly host: string;
  /** Absent where the URL has none. */
  readonly port: number | undefined;
  /** Decoded, absent where the URL has none. */
  readonly user: string | undefined;
  /** The name of the database; absent where the URL has none, and for embedded stores. */
  readonly database: string | undefined;
  readonly #href: string;
  readonly #password: string | undefined;
  readonly #query: URLSearchParams;

  /** Use {@link parseStoreUrl}. */
  constructor(scheme: StoreUrlScheme, href: string, parts: UrlParts) {
    this.scheme = scheme;
    this.host = parts.host;
    this.port = parts.port;
    this.user = parts.user;
    this.database = parts.database;
    this.#href = href;
    this.#password = parts.password;
    this.#query = parts.query;
  }

  /** The URL as it was given, with its secrets. */
  get href(): string {
    return this.#href;
  }

  /** The decoded password, absent where the URL has none. */
  get password(): string | undefined {
    return this.#password;
  }

  /** What follows the `?`, decoded. It may hold secrets too. */
  get query(): URLSearchParams {
    return new URLSearchParams(this.#query);
  }

  /** The URL without user, password and query, for messages. */
  toString(): string {
    if (this.scheme === 'memory' || this.scheme === 'sqlite') return this.#href;
    const port = this.port === undefined ? '' : `:${this.port}`;
    return `${this.scheme}://${this.host}${port}/${this.database ?? ''}`;
  }

  /** As {@link toString}. */
  toJSON(): string {
    return this.toString();
  }

  /** As {@link toString}. */
  [inspect.custom](): string {
    return `StoreUrl <${this.toString()}>`;
  }
}

// Host: a name, an IPv4 address or an IPv6 address in brackets. Path: one segment, the database.
const AFTER_USER =
  /^(?<host>\[[0-9a-fA-F:.]+\]|[^@:/?#[\]]*)(?::(?<port>\d+))?(?:\/(?<database>[^@:/?#]*))?(?:\?(?<query>[^#]*))?$/;

/**
 * Parses the URL of a store.
 *
 * User and password may be percent-encoded; a password with `#`, `/`, `@`, `:` or `%` is also understood as it
 * stands. The user information ends at the first `@` after which host, port, database and query follow.
 *
 * @param wanted - The kind of store that the URL has to name; any if absent.
 * @throws SessionError `UNSUPPORTED_URL` that names the supported schemes, and never the URL.
 * @example
 * ```ts
 * parseStoreUrl('postgres://me:s%23cret@db.example.com:5432/chats').password; // 's#cret'
 * ```
 */
export function parseStoreUrl(url: string, wanted?: StoreUrlScheme): StoreUrl {
  if (typeof url !== 'string') throw new TypeError('The URL of a store must be a string.');
  const [, prefix = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(url) ?? [];
  const name = prefix.toLowerCase();
  const scheme = Object.hasOwn(STORE_SCHEMES, name) ? STORE_SCHEMES[name] : undefined;
  if (!scheme || (wanted && scheme !== wanted)) {
    const names = Object.keys(STORE_SCHEMES).filter((known) => !wanted || STORE_SCHEMES[known] === wanted);
    const known = names.map((known) => `${known}:`);
    throw new SessionError('UNSUPPORTED_URL', `The URL of a store begins with one of ${known.join(', ')}`);
  }
  if (scheme === 'memory' || scheme === 'sqlite') return new StoreUrl(scheme, url, EMBEDDED);
  const parts = rest.startsWith('//') ? parseServer(rest.slice(2)) : undefined;
  if (!parts) {
    throw new SessionError(
      'UNSUPPORTED_URL',
      `The URL does not read as ${name}://user:password@host:port/database. Encode special characters of the ` +
        'user and the password with encodeURIComponent().',
    );
  }
  return new StoreUrl(scheme, url, parts);
}

const EMBEDDED: UrlParts = {
  user: undefined,
  password: undefined,
  host: '',
  port: undefined,
  database: undefined,
  query: new URLSearchParams(),
};

function parseServer(text: string): UrlParts | undefined {
  // without a user first: an @ may also stand in the query
  let parts = readServer(undefined, text);
  for (const { index } of text.matchAll(/@/g)) {
    parts ??= readServer(text.slice(0, index), text.slice(index + 1));
  }
  return parts;
}

function readServer(userInfo: string | undefined, text: string): UrlParts | undefined {
  const groups = AFTER_USER.exec(text)?.groups;
  if (!groups) return undefined;
  const port = groups.port === undefined ? undefined : Number(groups.port);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  const colon = userInfo?.indexOf(':') ?? -1;
  const user = colon < 0 ? userInfo : userInfo?.slice(0, colon);
  return {
    user: user ? decode(user) : undefined,
    password: colon < 0 ? undefined : decode(userInfo?.slice(colon + 1) ?? ''),
    host: (groups.host ?? '').replace(/^\[|\]$/g, ''),
    port,
    database: groups.database ? decode(groups.database) : undefined,
    query: new URLSearchParams(groups.query),
  };
}

/** Percent-decodes; a text with a `%` that encodes nothing was not encoded and stands for itself. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
