import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { isSessionError } from '@stackone/sessions-core';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.js';
import { message } from './messages.js';

type Outcome = 'encrypted' | 'plain' | 'TLS_FAILED' | 'UNSUPPORTED_URL';

afterEach(() => {
  vi.unstubAllEnvs();
});

// a server that takes clients with TLS and without, so that only the client decides
describeEngine('postgres', { tls: {} }, ({ server, url, target }) => {
  let folder: string;
  const file = (name: string) => join(folder, name);
  beforeAll(async () => {
    const { ca, otherCa, client } = server.tls as NonNullable<typeof server.tls>;
    folder = await mkdtemp(join(tmpdir(), 'sessions-url-tls-'));
    await writeFile(file('ca.pem'), ca);
    await writeFile(file('other.pem'), otherCa);
    await writeFile(file('client.pem'), client.cert);
    await writeFile(file('client.key'), client.key);
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** What the server itself says of the connection. */
  async function outcome(query: string, to = url, options: PostgresStoreOptions = {}): Promise<Outcome> {
    const name = randomUUID();
    const at = query.replaceAll(/\b(?:ca|other|absent|client)\.(?:pem|key)/g, file);
    try {
      const store = await PostgresSessionStore.fromUrl(`${to}?application_name=${name}&${at}`, {
        maxRetries: 0,
        ...options,
      });
      await using _ = store;
      await store.session('tls').addItems([message('x')]);
      const [row] = await server.query(
        `SELECT bool_and(ssl) AS ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = '${name}'`,
      );
      expect(row?.ssl).toBeTypeOf('boolean');
      return row?.ssl ? 'encrypted' : 'plain';
    } catch (error) {
      if (!isSessionError(error)) throw error;
      expect(inspect(error)).not.toContain('canary');
      return error.code as Outcome;
    }
  }

  /** With a host that the certificate does not name: the same server, for the system's resolver. */
  const elsewhere = url.replace('127.0.0.1', '127.1');
  const compat = 'uselibpqcompat=true';

  describe('what the URL says', () => {
    test.each<[query: string, outcome: Outcome]>([
      ['', 'plain'],
      ['sslmode=disable', 'plain'],
      ['ssl=false', 'plain'],
      ['ssl=0', 'plain'],
      ['ssl=disable', 'plain'],

      // encrypted, and the certificate is checked: Node does not know the authority
      ['ssl=true', 'TLS_FAILED'],
      ['ssl=1', 'TLS_FAILED'],
      ['ssl=require', 'TLS_FAILED'],
      ['SSL=1', 'TLS_FAILED'],
      ['sslmode=prefer', 'TLS_FAILED'],
      ['sslmode=require', 'TLS_FAILED'],
      ['sslmode=verify-ca', 'TLS_FAILED'],
      ['sslmode=verify-full', 'TLS_FAILED'],
      ['SSLMODE=require', 'TLS_FAILED'],
      ['sslrootcert=system', 'TLS_FAILED'],
      ['sslaccept=strict', 'TLS_FAILED'],
      ['sslrootcert=absent.pem', 'TLS_FAILED'],
      ['sslmode=require&sslrootcert=other.pem', 'TLS_FAILED'],

      ['sslrootcert=ca.pem', 'encrypted'],
      ['ssl=true&sslrootcert=ca.pem', 'encrypted'],
      ['ssl=1&sslrootcert=ca.pem', 'encrypted'],
      ['ssl=require&sslrootcert=ca.pem', 'encrypted'],
      ['ssl=true&sslmode=require&sslrootcert=ca.pem', 'encrypted'],
      ['sslmode=require&sslrootcert=ca.pem', 'encrypted'],
      ['sslmode=require&sslaccept=strict&sslrootcert=ca.pem', 'encrypted'],
      ['sslmode=verify-full&sslrootcert=ca.pem&sslcert=client.pem&sslkey=client.key', 'encrypted'],
      ['sslrootcert=ca.pem&ssl_min_protocol_version=TLSv1.3', 'encrypted'],
      ['sslrootcert=ca.pem&ssl_max_protocol_version=TLSv1.2', 'encrypted'],
      ['sslrootcert=ca.pem&ssl_max_protocol_version=TLSv1.1', 'TLS_FAILED'],
      ['sslrootcert=ca.pem&channel_binding=require', 'encrypted'],
      ['sslrootcert=ca.pem&channel_binding=prefer', 'encrypted'],
      ['channel_binding=require', 'TLS_FAILED'],
      ['channel_binding=prefer', 'plain'],

      // encrypted, whoever answers
      ['sslmode=no-verify', 'encrypted'],
      ['ssl=no-verify', 'encrypted'],
      ['sslaccept=accept_invalid_certs', 'encrypted'],
      ['sslmode=require&sslaccept=accept_invalid_certs', 'encrypted'],
      ['sslmode=no-verify&channel_binding=require', 'encrypted'],

      // libpq's reading
      [`${compat}`, 'plain'],
      [`${compat}&sslmode=disable`, 'plain'],
      [`${compat}&sslmode=prefer`, 'encrypted'],
      [`${compat}&sslmode=require`, 'encrypted'],
      [`${compat}&ssl=true`, 'encrypted'],
      [`${compat}&sslmode=require&sslrootcert=ca.pem`, 'encrypted'],
      [`${compat}&sslmode=require&sslrootcert=other.pem`, 'TLS_FAILED'],
      [`${compat}&sslmode=verify-ca&sslrootcert=ca.pem`, 'encrypted'],
      [`${compat}&sslmode=verify-ca`, 'UNSUPPORTED_URL'],
      [`${compat}&sslmode=verify-full`, 'TLS_FAILED'],
      [`${compat}&sslmode=verify-full&sslrootcert=ca.pem`, 'encrypted'],
      [`${compat}&sslmode=no-verify`, 'UNSUPPORTED_URL'],
      ['uselibpqcompat=false&sslmode=require', 'TLS_FAILED'],
      ['uselibpqcompat=1&sslmode=require', 'UNSUPPORTED_URL'],

      // no spelling turns TLS off
      ...['True', 'TRUE', 'yes', 'on', 'canary', '', 'allow', 'Require', ' true', '2'].flatMap(
        (word): [string, Outcome][] => [
          [`ssl=${word}`, 'UNSUPPORTED_URL'],
          [`sslmode=${word}`, 'UNSUPPORTED_URL'],
        ],
      ),
      ['sslmode', 'UNSUPPORTED_URL'],
      ['ssl_mode=require', 'UNSUPPORTED_URL'],
      ['ssl-mode=require', 'UNSUPPORTED_URL'],
      ['tls=true', 'UNSUPPORTED_URL'],
      ['ssl={"rejectUnauthorized":false}', 'UNSUPPORTED_URL'],
      ['sslmode=require&sslmode=disable', 'UNSUPPORTED_URL'],

      // contradictions
      ['ssl=true&sslmode=disable', 'UNSUPPORTED_URL'],
      ['ssl=false&sslmode=require', 'UNSUPPORTED_URL'],
      ['sslmode=disable&sslaccept=strict', 'UNSUPPORTED_URL'],
      ['sslmode=verify-full&sslaccept=accept_invalid_certs', 'UNSUPPORTED_URL'],
      ['sslmode=disable&sslnegotiation=direct', 'UNSUPPORTED_URL'],
      ['sslmode=no-verify&sslrootcert=system', 'UNSUPPORTED_URL'],
      [`${compat}&sslmode=require&sslrootcert=system`, 'UNSUPPORTED_URL'],
      ['sslcert=client.pem', 'UNSUPPORTED_URL'],
      ['sslkey=client.key', 'UNSUPPORTED_URL'],
      ['sslpassword=canary', 'UNSUPPORTED_URL'],
    ])('?%s: %s', async (query, expected) => {
      expect(await outcome(query)).toBe(expected);
    });

    if (Number.parseInt(target.split(':')[1] ?? '', 10) >= 17) {
      test('sslnegotiation=direct', async () => {
        expect(await outcome('sslnegotiation=direct')).toBe('TLS_FAILED');
        expect(await outcome('sslnegotiation=direct&sslrootcert=ca.pem')).toBe('encrypted');
        expect(await outcome(`${compat}&sslmode=require&sslnegotiation=direct`)).toBe('encrypted');
      });
    }
    test('sslnegotiation=postgres is how it is done anyway', async () => {
      expect(await outcome('sslnegotiation=postgres')).toBe('plain');
      expect(await outcome('sslnegotiation=postgres&sslrootcert=ca.pem')).toBe('encrypted');
    });
  });

  test.each<[query: string, outcome: Outcome]>([
    ['sslrootcert=ca.pem', 'TLS_FAILED'],
    [`${compat}&sslmode=verify-full&sslrootcert=ca.pem`, 'TLS_FAILED'],
    [`${compat}&sslmode=verify-ca&sslrootcert=ca.pem`, 'encrypted'],
    [`${compat}&sslmode=require&sslrootcert=ca.pem`, 'encrypted'],
  ])('a certificate for another host, ?%s: %s', async (query, expected) => {
    expect(await outcome(query, elsewhere)).toBe(expected);
  });

  test('PGSSLMODE counts where the URL says nothing, and an unknown word is refused', async () => {
    vi.stubEnv('PGSSLMODE', 'no-verify');
    expect(await outcome('')).toBe('encrypted');
    expect(await outcome('sslmode=disable')).toBe('plain');
    vi.stubEnv('PGSSLMODE', 'require');
    expect(await outcome('')).toBe('TLS_FAILED');
    expect(await outcome(compat)).toBe('encrypted');
    for (const word of ['canary', 'Require', 'true', 'allow']) {
      vi.stubEnv('PGSSLMODE', word);
      expect(await outcome('')).toBe('UNSUPPORTED_URL');
      expect(await outcome('sslmode=no-verify')).toBe('encrypted');
      expect(await outcome('', url, { ssl: { rejectUnauthorized: false } })).toBe('encrypted');
    }
  });

  test('the option "ssl" wins over the URL', async () => {
    expect(await outcome('sslmode=disable', url, { ssl: { rejectUnauthorized: false } })).toBe('encrypted');
    expect(await outcome('sslmode=require', url, { ssl: false })).toBe('plain');
    expect(await outcome('sslnegotiation=direct', url, { ssl: false })).toBe('plain');
    expect(
      await outcome('ssl_max_protocol_version=TLSv1.1', url, { ssl: { rejectUnauthorized: false } }),
    ).toBe('TLS_FAILED');
  });
});

test('with a pg that does not know them, what it would pass over is refused', async () => {
  vi.doMock('pg', () => import('pg-lowest'));
  try {
    for (const query of ['channel_binding=require', 'sslnegotiation=direct']) {
      const opening = PostgresSessionStore.fromUrl(`postgres://u:p@127.0.0.1:1/db?${query}`, {
        maxRetries: 0,
      });
      await expect(opening).rejects.toMatchObject({
        code: 'UNSUPPORTED_URL',
        message: `The installed "pg" is too old for ${query} of the URL. Update it.`,
      });
    }
  } finally {
    vi.doUnmock('pg');
  }
});
