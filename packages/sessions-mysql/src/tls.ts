import { SessionError } from '@stackone/sessions-core';
import { isBoolean, isOneOf, isTls, readPemFiles, type TlsOptions } from '@stackone/sessions-core/backend';
import type { MysqlUrlValues } from './url-parameters.js';

/** TLS to the server, as `node:tls` takes it. */
export interface MysqlTlsOptions extends TlsOptions {
  /**
   * Refuse a certificate that is not for the host of the URL. Default `true` for host names; `false` for addresses,
   * because mysql2 does not compare those.
   */
  verifyIdentity?: boolean | undefined;
  /** The oldest version of TLS, like `TLSv1.3`. Default: Node's. */
  minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
}

/** Checks the `ssl` option. */
export const isMysqlTls = isTls({ verifyIdentity: isBoolean, minVersion: isOneOf('TLSv1.2', 'TLSv1.3') });

/** The words of MySQL's `ssl-mode`, and PostgreSQL's for the same. */
const TLS_MODES: Readonly<Record<string, false | MysqlTlsOptions>> = {
  disable: false,
  disabled: false,
  require: { rejectUnauthorized: false, verifyIdentity: false },
  required: { rejectUnauthorized: false, verifyIdentity: false },
  'verify-ca': { verifyIdentity: false },
  'verify-full': { verifyIdentity: true },
  'verify-identity': { verifyIdentity: true },
};

const normalized = (mode: string) => mode.toLowerCase().replaceAll('_', '-');

/** Reads `ssl-mode`, in any case, with `-` or `_`. */
export const tlsMode = {
  read: (text: string) =>
    Object.hasOwn(TLS_MODES, normalized(text)) ? TLS_MODES[normalized(text)] : undefined,
  expects: 'DISABLED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY. mysql2 cannot fall back, as PREFERRED does',
};

/** Reads `ssl`: `true`, `false`, or the options as JSON, as mysql2 does. */
export const tlsOrJson = {
  read: (text: string): boolean | MysqlTlsOptions | undefined => {
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      return undefined;
    }
    return typeof parsed === 'object' && !Array.isArray(parsed) && isMysqlTls(parsed) === undefined
      ? (parsed as MysqlTlsOptions)
      : undefined;
  },
  expects: 'true, false, 1, 0 or the options of TLS as JSON: {"rejectUnauthorized":false}',
};

/** The TLS that a URL asks for, and the files to read for it; `undefined`: it does not say. */
export interface WantedTls {
  readonly options: MysqlTlsOptions;
  readonly files: Parameters<typeof readPemFiles<'ca' | 'cert' | 'key'>>[0];
}

/**
 * The TLS that a URL asks for.
 *
 * @throws SessionError `UNSUPPORTED_URL` where parameters contradict each other, or could not be kept.
 */
export function tlsOfUrl(
  values: MysqlUrlValues,
  servers: readonly { readonly host: string | undefined }[],
): WantedTls | false | undefined {
  const { sslaccept } = values;
  const ca = values['ssl-ca'];
  const cert = values['ssl-cert'];
  const key = values['ssl-key'];
  const said = (['ssl', 'ssl-mode', 'sslaccept'] as const).filter((name) => values[name] !== undefined);
  if (said.length > 1)
    throw unsupported(`The URL says twice whether to use TLS: keep one of ${said.join(', ')}.`);
  if ((cert === undefined) !== (key === undefined))
    throw unsupported(
      'ssl-cert and ssl-key of the URL go together: the certificate of the client, and its key.',
    );
  const accepted = sslaccept && { rejectUnauthorized: sslaccept === 'strict' };
  const tls = values.ssl ?? values['ssl-mode'] ?? accepted ?? ((ca ?? cert) !== undefined || undefined);
  if (tls === undefined || tls === false) return tls;
  const options: MysqlTlsOptions = tls === true ? {} : tls;
  if (ca !== undefined && options.rejectUnauthorized === false)
    throw unsupported('The URL names an authority in ssl-ca, and asks not to check the certificate.');
  if (ca !== undefined && options.ca !== undefined) throw unsupported('The URL has "ca" in ssl, and ssl-ca.');
  if (cert !== undefined && options.cert !== undefined)
    throw unsupported('The URL has "cert" in ssl, and ssl-cert.');
  if (options.verifyIdentity === true && servers.some(({ host }) => isAddress(host ?? ''))) {
    throw unsupported(
      'mysql2 does not compare a certificate with an address. Write the name of the host into the URL, or VERIFY_CA.',
    );
  }
  return { options, files: { ca: ['ssl-ca', ca], cert: ['ssl-cert', cert], key: ['ssl-key', key] } };
}

/**
 * What mysql2 is given for the TLS of a URL.
 *
 * @throws SessionError `TLS_FAILED` if a file cannot be read.
 */
export async function tlsSettings({ options, files }: WantedTls): Promise<MysqlTlsOptions> {
  return { ...options, ...(await readPemFiles(files)) };
}

function unsupported(message: string): SessionError {
  return new SessionError('UNSUPPORTED_URL', message);
}

/** Whether it is an IP address and no name. `node:net` is loaded here: the driver does it anyway when it connects. */
export function isAddress(host: string): boolean {
  return process.getBuiltinModule('node:net').isIP(host) !== 0;
}
