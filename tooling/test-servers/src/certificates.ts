import { type GenerateResult, generate } from 'selfsigned';

/** A certificate with its key, both as PEM text. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** All that a server and its clients need for TLS, as PEM text. */
export interface TlsMaterial {
  /** The certificate of the authority that signed the two others. */
  readonly ca: string;
  /** For the server: names `localhost` and `127.0.0.1`. */
  readonly server: Certificate;
  /** For a client: its common name is the user that tests connect as. */
  readonly client: Certificate;
  /** The certificate of an authority that signed neither: who trusts only this one must refuse the server. */
  readonly otherCa: string;
}

/** How a server does TLS. */
export interface TlsOptions {
  /** Refuse connections without TLS. */
  readonly require?: boolean;
  /** Refuse clients that do not show a certificate signed by the authority (mutual TLS). Implies `require`. */
  readonly clientCertificates?: boolean;
}

const DAY_MS = 86_400_000;

/**
 * Makes an authority, a server and a client certificate (and a second authority), valid for a week, in about
 * 50 ms and without any program of this machine.
 *
 * @param user Common name of the client certificate.
 * @example const { ca, client } = await makeTlsMaterial('test');
 */
export async function makeTlsMaterial(user: string): Promise<TlsMaterial> {
  const [ca, other] = [await authority('Test CA'), await authority('Other CA')];
  const server = await signed(ca, 'localhost', 'serverAuth');
  const client = await signed(ca, user, 'clientAuth');
  return {
    ca: ca.cert,
    otherCa: other.cert,
    server: { cert: server.cert, key: server.private },
    client: { cert: client.cert, key: client.private },
  };
}

const validity = () => ({
  notBeforeDate: new Date(Date.now() - DAY_MS),
  notAfterDate: new Date(Date.now() + 7 * DAY_MS),
  keyType: 'ec' as const,
  curve: 'P-256' as const,
  algorithm: 'sha256',
});

const authority = (name: string): Promise<GenerateResult> =>
  generate([{ name: 'commonName', value: name }], {
    ...validity(),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });

const signed = (
  ca: GenerateResult,
  name: string,
  use: 'serverAuth' | 'clientAuth',
): Promise<GenerateResult> =>
  generate([{ name: 'commonName', value: name }], {
    ...validity(),
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', [use]: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
