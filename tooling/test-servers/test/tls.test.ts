import { X509Certificate } from 'node:crypto';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { makeTlsMaterial } from '../src/certificates.ts';
import { describeEngine } from '../src/describe-engine.ts';
import type { TestServer } from '../src/server.ts';

type Ssl = { ca?: string; cert?: string; key?: string } | undefined;

/** Connects as a client would, and says whether the connection is encrypted. */
async function isEncrypted(server: TestServer, url: string, ssl: Ssl): Promise<boolean> {
  if (server.engine === 'postgres') {
    const client = new pg.Client({ connectionString: url, ...(ssl && { ssl }) });
    try {
      await client.connect();
      const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
      return rows[0].ssl;
    } finally {
      await client.end();
    }
  }
  const connection = await mysql.createConnection({ uri: url, ...(ssl && { ssl }) });
  try {
    const [rows] = await connection.query<mysql.RowDataPacket[]>("SHOW STATUS LIKE 'Ssl_cipher'");
    return rows[0]?.Value !== '';
  } finally {
    connection.destroy();
  }
}

describe('certificates', () => {
  test('the authority signed both, the other authority neither', async () => {
    const { ca, otherCa, server, client } = await makeTlsMaterial('somebody');
    for (const { cert } of [server, client]) {
      expect(new X509Certificate(cert).verify(new X509Certificate(ca).publicKey)).toBe(true);
      expect(new X509Certificate(cert).verify(new X509Certificate(otherCa).publicKey)).toBe(false);
    }
    expect(new X509Certificate(server.cert).checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(new X509Certificate(client.cert).subject).toBe('CN=somebody');
  });
});

describeEngine(['postgres:18', 'mysql', 'mariadb'], { tls: {} }, ({ server, url }) => {
  test('takes a client that trusts the authority', async () => {
    await expect(isEncrypted(server, url, { ca: server.tls?.ca ?? '' })).resolves.toBe(true);
  });

  test('is refused by a client that trusts another authority', async () => {
    await expect(isEncrypted(server, url, { ca: server.tls?.otherCa ?? '' })).rejects.toThrow(/certificate/);
  });

  test('takes a client without TLS, as none is required', async () => {
    await expect(isEncrypted(server, url, undefined)).resolves.toBe(false);
  });
});

describeEngine(['postgres:18', 'mariadb:10.11'], { tls: { require: true } }, ({ server, url }) => {
  test('refuses a client without TLS', async () => {
    await expect(isEncrypted(server, url, undefined)).rejects.toThrow(
      /no encryption|secure.transport|Access denied/i,
    );
  });

  test('takes one with TLS', async () => {
    await expect(isEncrypted(server, url, { ca: server.tls?.ca ?? '' })).resolves.toBe(true);
  });
});

describeEngine(
  ['postgres:18', 'mysql', 'mariadb:11.8'],
  { tls: { clientCertificates: true } },
  ({ server, url }) => {
    test('refuses a client without a certificate', async () => {
      const refused = isEncrypted(server, url, { ca: server.tls?.ca ?? '' });
      await expect(refused).rejects.toThrow(/certificate|Access denied/);
    });

    test('takes one with a certificate', async () => {
      const { ca = '', client = { cert: '', key: '' } } = server.tls ?? {};
      await expect(isEncrypted(server, url, { ca, ...client })).resolves.toBe(true);
    });
  },
);
