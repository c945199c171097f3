import { SessionError } from './errors.js';

/** `inspect.custom` of `node:util`, which takes some ms to load. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

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

/** One of the servers that a URL names. */
export interface UrlServer {
  /** Decoded name or address, without brackets, or the path of a socket; empty where the URL has none. */
  readonly host: string;
  /** Absent where the URL has none. */
  readonly port: number | undefined;
}

interface UrlParts {
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly servers: readonly UrlServer[];
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
  /** The servers, in the order of the URL: one, or several of which one is used. None for embedded stores. */
  readonly servers: readonly UrlServer[];
  /**
   * Decoded host name or address of the first server, without brackets, or the path of a socket; empty for embedded
   * stores and where the URL has none.
   */
  readonly host: string;
  /** That of the first server. Absent where the URL has none. */
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
    const [server] = parts.servers;
    this.servers = parts.servers;
    this.host = server?.host ?? '';
    this.port = server?.port;
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
    if (this.scheme === 'memory' || this.scheme === 'sqlite') return this.#href.replace(/\?.*/s, '');
    return `${this.scheme}://${this.servers.map(serverName).join(',')}/${this.database ?? ''}`;
  }

  /** As {@link toString}. */
  toJSON(): string {
    return this.toString();
  }

  /** As {@link toString}. */
  [INSPECT](): string {
    return `StoreUrl <${this.toString()}>`;
  }
}

// A server: a name, an IPv4 address or an IPv6 address in brackets, with or without a port.
const SERVER = String.raw`(?:\[[0-9a-fA-F:.]+\]|[^@:/?#[\],]*)(?::\d+)?`;

// Servers, then a path of one segment, the database.
const AFTER_USER = new RegExp(
  String.raw`^(?<servers>${SERVER}(?:,${SERVER})*)(?:\/(?<database>[^@:/?#]*))?(?:\?(?<query>[^#]*))?$`,
);

/**
 * A server as it stands in a URL, for messages.
 *
 * @example
 * ```ts
 * serverName({ host: '::1', port: 5432 }); // '[::1]:5432'
 * ```
 */
export function serverName({ host, port }: UrlServer): string {
  const name = host.includes(':') && !host.startsWith('/') ? `[${host}]` : host;
  return port === undefined ? name : `${name}:${port}`;
}

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
  if (typeof url !== 'string') {
    const hint = url === undefined ? ' It is undefined: is the environment variable set?' : '';
    throw new TypeError(`The URL of a store must be a string.${hint}`);
  }
  const [, prefix = '', rest = ''] = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(url) ?? [];
  const name = prefix.toLowerCase();
  const scheme = Object.hasOwn(STORE_SCHEMES, name) ? STORE_SCHEMES[name] : undefined;
  if (!scheme || (wanted && scheme !== wanted)) {
    const hint = scheme === undefined && wanted !== 'postgres' && wanted !== 'mysql' ? didYouMean(url) : '';
    throw new SessionError(
      'UNSUPPORTED_URL',
      `The URL of a store begins with one of ${prefixes(wanted)}.${hint}`,
    );
  }
  if (scheme === 'memory' || scheme === 'sqlite') return embeddedStore(scheme, url, rest);
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

function prefixes(wanted: StoreUrlScheme | undefined): string {
  const names = Object.keys(STORE_SCHEMES).filter((known) => !wanted || STORE_SCHEMES[known] === wanted);
  return names.map((name) => `${name}:`).join(', ');
}

/** A path as people give it to SQLite, without a character that a URL with a password would have. */
const PATH_OF_DATABASE = /^(?:[A-Za-z]:[\\/]|\.{0,2}\/)?[\w .\\/-]+\.(?:db3?|sqlite3?)$/;

function didYouMean(url: string): string {
  return PATH_OF_DATABASE.test(url) ? ` Did you mean sqlite:${url}?` : '';
}

function embeddedStore(scheme: StoreUrlScheme, url: string, rest: string): StoreUrl {
  const [path = '', ...query] = rest.split('?');
  if (scheme === 'memory' && path !== '' && path !== '//')
    throw new SessionError('UNSUPPORTED_URL', 'The URL of a store in memory is "memory:"; no name follows.');
  const parts = { user: undefined, password: undefined, servers: [], database: undefined };
  return new StoreUrl(scheme, url, { ...parts, query: new URLSearchParams(query.join('?')) });
}

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
  const servers = (groups.servers ?? '').split(',').map(serverOf);
  if (servers.some(({ port = 1 }) => port < 1 || port > 65_535)) return undefined;
  const colon = userInfo?.indexOf(':') ?? -1;
  const user = colon < 0 ? userInfo : userInfo?.slice(0, colon);
  return {
    user: user ? decode(user) : undefined,
    password: colon < 0 ? undefined : decode(userInfo?.slice(colon + 1) ?? ''),
    servers,
    database: groups.database ? decode(groups.database) : undefined,
    query: new URLSearchParams(groups.query),
  };
}

function serverOf(text: string): UrlServer {
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(text) ?? [];
  return {
    host: decode(host.replace(/^\[(.*)\]$/, '$1')),
    port: port === undefined ? undefined : Number(port),
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
