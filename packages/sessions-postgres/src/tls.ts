import { SessionError } from '@stackone/sessions-core';
import { isText, isTls, readPemFiles, type TlsOptions } from '@stackone/sessions-core/backend';
import { POSTGRES_URL_PARAMETERS, type PostgresUrlValues } from './url-parameters.js';

/** How a connection is encrypted. */
export interface PostgresTlsOptions extends TlsOptions {
  /** The host name that the certificate must be for. Default: the host of the URL. */
  servername?: string | undefined;
}

/** Checks the `ssl` option. */
export const isPostgresTls = isTls({ servername: isText });

/** What is compared of the server's certificate: nothing, who signed it, or also whom it is for. */
type Check = 'nothing' | 'authority' | 'host';

/** The TLS that a URL asks for: `false`, none; `undefined`, it does not say. */
export type WantedTls = { readonly check: Check; readonly values: PostgresUrlValues } | false | undefined;

/** What `tls.connect` of Node takes. */
export interface TlsSettings extends PostgresTlsOptions {
  checkServerIdentity?: () => undefined;
}

/**
 * The TLS that a URL asks for. `sslmode` is read as `pg` 8 does: whatever encrypts also checks the certificate, except
 * `no-verify`; with `uselibpqcompat=true` as libpq does. Without a word in the URL the variable PGSSLMODE counts.
 *
 * @throws SessionError `UNSUPPORTED_URL` where parameters contradict each other.
 */
export function tlsOfUrl(values: PostgresUrlValues): WantedTls {
  const check = checkOf(values);
  checkFiles(values, check);
  if (check === undefined) return undefined;
  if (check !== 'off') return { check, values };
  if (values.sslnegotiation === 'direct')
    throw contradiction('sslnegotiation=direct', 'a connection without TLS');
  return false;
}

function checkOf(values: PostgresUrlValues): Check | 'off' | undefined {
  const { sslmode, sslaccept } = values;
  const mode = meaning(sslmode, values);
  const ssl = meaning(SSL_WORDS[values.ssl ?? ''] ?? values.ssl, values);
  if (mode && ssl && mode !== ssl) throw contradiction('ssl', 'sslmode');
  const said = mode ?? ssl;
  // Prisma's two words for what the modes that only ask for TLS leave open
  const accepted = sslaccept && (sslaccept === 'strict' ? 'host' : 'nothing');
  const open = sslmode === undefined || sslmode === 'prefer' || sslmode === 'require';
  if (accepted && said && said !== accepted && !(open && said !== 'off'))
    throw contradiction('sslaccept', sslmode === undefined ? 'ssl' : 'sslmode');
  if (accepted ?? said) return accepted ?? said;
  if (values.sslrootcert || values.sslcert || values.sslnegotiation === 'direct') return 'host';
  return meaning(modeOfEnvironment(), values);
}

/** libpq takes `ssl=true` for `sslmode=require`, too. */
const SSL_WORDS: Readonly<Record<string, PostgresUrlValues['sslmode']>> = {
  true: 'require',
  1: 'require',
  false: 'disable',
  0: 'disable',
};

function meaning(mode: string | undefined, values: PostgresUrlValues): Check | 'off' | undefined {
  if (mode === undefined) return undefined;
  if (mode === 'disable') return 'off';
  if (values.uselibpqcompat !== 'true') return mode === 'no-verify' ? 'nothing' : 'host';
  switch (mode) {
    case 'no-verify':
      throw contradiction('uselibpqcompat=true', 'no-verify (libpq calls it "require")');
    case 'verify-full':
      return 'host';
    case 'verify-ca':
      if (values.sslrootcert) return 'authority';
      throw unsupported(
        'With uselibpqcompat=true, verify-ca needs the authority: write sslrootcert, or verify-full.',
      );
    case 'require':
      return values.sslrootcert ? 'authority' : 'nothing';
    default:
      return 'nothing';
  }
}

/** `pg` reads the variable as well, and lets a word that it does not know turn TLS off. */
function modeOfEnvironment(): PostgresUrlValues['sslmode'] {
  const { PGSSLMODE } = process.env;
  if (!PGSSLMODE) return undefined;
  const { read, expects } = POSTGRES_URL_PARAMETERS.sslmode;
  const mode = read(PGSSLMODE);
  if (mode === undefined) throw unsupported(`The environment variable PGSSLMODE must be ${expects}.`);
  return mode;
}

function checkFiles(values: PostgresUrlValues, check: Check | 'off' | undefined): void {
  const { sslcert, sslkey, sslpassword, sslrootcert } = values;
  if ((sslcert === undefined) !== (sslkey === undefined)) {
    throw unsupported(
      'sslcert and sslkey of the URL go together: they are the certificate of the client and its key. The authority ' +
        'that signed the certificate of the server goes into sslrootcert.',
    );
  }
  if (sslpassword !== undefined && sslkey === undefined)
    throw unsupported('sslpassword of the URL is the password of sslkey, which is not given.');
  if (sslrootcert === 'system' && check !== 'host' && check !== 'off')
    throw contradiction('sslrootcert=system', 'sslmode, which must be verify-full then');
}

/**
 * What Node is given for the TLS of a URL.
 *
 * @throws SessionError `TLS_FAILED` if a file cannot be read.
 */
export async function tlsSettings({ check, values }: WantedTls & object): Promise<TlsSettings> {
  const { sslrootcert, sslcert, sslkey, sslpassword } = values;
  const files = await readPemFiles({
    ca: ['sslrootcert', sslrootcert === 'system' ? undefined : sslrootcert],
    cert: ['sslcert', sslcert],
    key: ['sslkey', sslkey],
  });
  return {
    ...files,
    ...(sslpassword !== undefined && { passphrase: sslpassword }),
    rejectUnauthorized: check !== 'nothing',
    ...(check === 'authority' && { checkServerIdentity: () => undefined }),
  };
}

function contradiction(one: string, other: string): SessionError {
  return unsupported(`The URL contradicts itself: ${one} does not go with ${other}.`);
}

function unsupported(message: string): SessionError {
  return new SessionError('UNSUPPORTED_URL', message);
}
