import { SessionError } from './errors.js';
import { isBoolean, isList, isOptionsObject, type OptionCheck } from './options.js';

/** What is common to the `ssl` options of all stores: PEM texts, as `tls.connect` of Node takes them. */
export interface TlsOptions {
  /** The authorities that may have signed the server's certificate. Default: those that Node trusts. */
  ca?: string | Uint8Array | readonly (string | Uint8Array)[] | undefined;
  /** The client's own certificate, for mutual TLS. */
  cert?: string | Uint8Array | undefined;
  /** The key of {@link cert}. */
  key?: string | Uint8Array | undefined;
  /** The password of {@link key}. */
  passphrase?: string | undefined;
  /** `false` accepts any certificate, also that of an impostor. Default `true`. */
  rejectUnauthorized?: boolean | undefined;
}

const isPem: OptionCheck = (value) =>
  typeof value === 'string' || value instanceof Uint8Array ? undefined : 'a PEM text';

/** A text. */
export const isText: OptionCheck = (value) => (typeof value === 'string' ? undefined : 'a text');

const TLS_OPTION_CHECKS = {
  ca: (value: unknown) => (isList(value) ? value.map(isPem).find(Boolean) : isPem(value)),
  cert: isPem,
  key: isPem,
  passphrase: isText,
  rejectUnauthorized: isBoolean,
} satisfies Record<keyof TlsOptions, OptionCheck>;

/**
 * The check of a store's `ssl` option.
 *
 * @param more - The checks of what it takes besides {@link TlsOptions}.
 * @example
 * ```ts
 * const checks = { ssl: isTls({}) };
 * ```
 */
export function isTls(more: Readonly<Record<string, OptionCheck>>): OptionCheck {
  const checks: Record<string, OptionCheck> = { ...TLS_OPTION_CHECKS, ...more };
  const fits = (value: Readonly<Record<string, unknown>>) =>
    Object.entries(value).every(([key, field]) => {
      const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
      return field === undefined || (check && check(field) === undefined);
    });
  return (value) =>
    typeof value === 'boolean' || (isOptionsObject(value) && fits(value))
      ? undefined
      : `true, false or an object with ${Object.keys(checks).join(', ')}`;
}

/**
 * Reads the files of certificates and keys that the parameters of a URL name.
 *
 * @param files - For each field of {@link TlsOptions}: the path, and the parameter that it comes from.
 * @throws SessionError `TLS_FAILED` for a file that cannot be read; it names the parameter.
 * @example
 * ```ts
 * const { ca } = await readPemFiles({ ca: ['sslrootcert', '/etc/ssl/our-ca.pem'] });
 * ```
 */
export async function readPemFiles<Field extends 'ca' | 'cert' | 'key'>(
  files: Readonly<Record<Field, readonly [parameter: string, path: string | undefined]>>,
): Promise<{ [One in Field]?: Uint8Array }> {
  const { readFile } = process.getBuiltinModule('node:fs/promises');
  const texts: { [One in Field]?: Uint8Array } = {};
  for (const field of Object.keys(files) as Field[]) {
    const [parameter, path] = files[field];
    if (path === undefined) continue;
    texts[field] = await readFile(path).catch((cause: unknown) => {
      throw new SessionError('TLS_FAILED', `The file that ${parameter} names cannot be read.`, { cause });
    });
  }
  return texts;
}
