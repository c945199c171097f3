import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MysqlSessionStore, type MysqlStoreOptions } from '../src/index.js';
import { rowsOf, SERVERS } from './databases.js';
import { messages } from './items.js';

async function code(url: string, options: MysqlStoreOptions): Promise<string> {
  try {
    await using store = await MysqlSessionStore.fromUrl(url, { maxRetries: 0, ...options });
    await store.session('one').addItems(messages(1));
    return 'works';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** With the host by name, which a certificate can be checked against. */
function byName(url: string): string {
  return url.replace('127.0.0.1', 'localhost');
}

describeEngine(SERVERS, { tls: { require: true } }, ({ server, target, url }) => {
  // MariaDB 10.11 does not tell why it refuses
  const refused = target === 'mariadb:10.11' ? 'AUTHENTICATION_FAILED' : 'TLS_FAILED';
  const { ca, otherCa } = server.tls ?? { ca: '', otherCa: '' };
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sessions-tls-'));
    await writeFile(join(folder, 'ca.pem'), ca);
    await writeFile(join(folder, 'other.pem'), otherCa);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('without TLS: refused, and the error says so', async () => {
    expect(await code(url, {})).toBe(refused);
  });

  test('the right CA is accepted, by name and by address', async () => {
    expect(await code(url, { ssl: { ca } })).toBe('works');
    expect(await code(byName(url), { ssl: { ca } })).toBe('works');
    expect(await code(url, { ssl: { ca: [ca, otherCa], minVersion: 'TLSv1.3' } })).toBe('works');
  });

  test('the wrong CA is refused, and so is one that only Node trusts', async () => {
    expect(await code(url, { ssl: { ca: otherCa } })).toBe('TLS_FAILED');
    expect(await code(url, { ssl: true })).toBe('TLS_FAILED');
    expect(await code(url, { ssl: { ca: otherCa, rejectUnauthorized: false } })).toBe('works');
  });

  test('a certificate for another host is refused, unless that is not asked for', async () => {
    // not an address for Node, so a name: the same server, which its certificate does not name so
    const elsewhere = url.replace('127.0.0.1', '127.1');
    expect(await code(elsewhere, { ssl: { ca } })).toBe('TLS_FAILED');
    expect(await code(elsewhere, { ssl: { ca, verifyIdentity: false } })).toBe('works');
  });

  describe('what the URL says', () => {
    test.each([
      ['ssl=true', 'TLS_FAILED'],
      ['ssl=false', refused],
      ['ssl={"rejectUnauthorized":false}', 'works'],
      ['ssl-mode=REQUIRED', 'works'],
      ['sslmode=require', 'works'],
      ['ssl-mode=DISABLED', refused],
      ['ssl-mode=VERIFY_CA', 'TLS_FAILED'],
      ['SSL-Mode=verify_ca', 'TLS_FAILED'],
      ['ssl_mode=VERIFY_CA&ssl-ca=ca.pem', 'works'],
      ['ssl-mode=VERIFY_CA&ssl-ca=other.pem', 'TLS_FAILED'],
      ['ssl-ca=ca.pem', 'works'],
      ['ssl-ca=absent.pem', 'TLS_FAILED'],
      ['ssl=true&ssl-ca=ca.pem', 'works'],
      ['ssl=1&ssl-ca=other.pem', 'TLS_FAILED'],
      ['sslaccept=strict&ssl-ca=ca.pem', 'works'],
      ['sslaccept=strict', 'TLS_FAILED'],
      ['sslaccept=accept_invalid_certs', 'works'],
      ['charset=utf8mb4', refused],
    ])('?%s', async (query, outcome) => {
      expect(await code(`${url}?${query.replace(/\w+\.pem/, (name) => join(folder, name))}`, {})).toBe(
        outcome,
      );
    });
    test('a name that the certificate does not have is refused with ssl-mode=VERIFY_IDENTITY alone', async () => {
      const query = `ssl-ca=${join(folder, 'ca.pem')}`;
      const elsewhere = url.replace('127.0.0.1', '127.1');
      expect(await code(`${byName(url)}?ssl-mode=VERIFY_IDENTITY&${query}`, {})).toBe('works');
      expect(await code(`${elsewhere}?ssl-mode=VERIFY_IDENTITY&${query}`, {})).toBe('TLS_FAILED');
      expect(await code(`${elsewhere}?ssl-mode=verify-full&${query}`, {})).toBe('TLS_FAILED');
      expect(await code(`${elsewhere}?ssl-mode=VERIFY_CA&${query}`, {})).toBe('works');
    });
    test.each([
      ...[
        'canary',
        '',
        'True',
        'TRUE',
        'yes',
        'on',
        'require',
        'no-verify',
        'Amazon RDS',
        '2',
        'null',
        '1.0',
        '"x"',
      ],
      ...[
        '{"ca',
        '[1]',
        '[]',
        '{"oops":1}',
        '{"rejectUnauthorized":"false"}',
        '{"minVersion":"canary"}',
        '{"ca":1}',
      ],
    ])('?ssl=%s is refused, because it would be without effect', (value) => {
      refuses(`ssl=${encodeURIComponent(value)}`);
    });
    test.each([
      ...[
        'ssl-mode=maybe',
        'ssl-mode=',
        'ssl-mode=PREFERRED',
        'sslmode=prefer',
        'sslmode=true',
        'sslaccept=canary',
      ],
      ...[
        'sslrootcert=/canary',
        'sslcert=/canary',
        'useTLS=1',
        'tls=true',
        'ssl-mode=REQUIRED&sslmode=disable',
      ],
      ...['ssl=true&ssl-mode=DISABLED', 'ssl=false&sslaccept=strict', 'ssl-mode=REQUIRED&sslaccept=strict'],
      ...['ssl-mode=REQUIRED&ssl-ca=/canary', 'sslaccept=accept_invalid_certs&ssl-ca=/canary'],
      ...['ssl-cert=/canary', 'ssl-key=/canary', 'ssl={"ca":"canary"}&ssl-ca=/canary'],
      // mysql2 would compare the certificate with "localhost"
      ...['ssl-mode=VERIFY_IDENTITY', 'sslmode=verify-full', 'ssl={"verifyIdentity":true}'],
    ])('?%s is refused, because it would be without effect', (query) => {
      refuses(query);
    });
    function refuses(query: string): void {
      let error: unknown;
      try {
        new MysqlSessionStore({ url: `${url}?${query}` });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: 'UNSUPPORTED_URL' });
      expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('canary');
    }
    test('the option wins over it', async () => {
      expect(await code(`${url}?ssl-mode=DISABLED`, { ssl: { ca } })).toBe('works');
      expect(await code(`${url}?ssl-mode=REQUIRED`, { ssl: { ca: otherCa } })).toBe('TLS_FAILED');
      expect(await code(`${url}?ssl-mode=REQUIRED`, { ssl: false })).toBe(refused);
    });
  });

  test('invalid options are refused', () => {
    for (const ssl of [
      'true',
      1,
      { rejectUnauthorised: false },
      { rejectUnauthorized: 'no' },
      { ca: [1] },
      null,
    ]) {
      expect(() => new MysqlSessionStore({ url }, { ssl: ssl as never })).toThrow(TypeError);
    }
  });
});

describeEngine(SERVERS, { tls: { clientCertificates: true } }, ({ server, url }) => {
  test('mutual TLS: with the certificate of the client, and not without', async () => {
    const { ca, client } = server.tls ?? { ca: '', client: { cert: '', key: '' } };
    expect(await code(url, { ssl: { ca } })).toBe('AUTHENTICATION_FAILED');
    expect(await code(url, { ssl: { ca, cert: client.cert, key: client.key } })).toBe('works');
    const folder = await mkdtemp(join(tmpdir(), 'sessions-tls-'));
    for (const [name, text] of Object.entries({ ca, cert: client.cert, key: client.key }))
      await writeFile(join(folder, name), text);
    const files = ['ca', 'cert', 'key'].map((name) => `ssl-${name}=${join(folder, name)}`).join('&');
    expect(await code(`${url}?${files}`, {})).toBe('works');
    await rm(folder, { recursive: true });
  });
});

describeEngine(SERVERS, ({ server, url }) => {
  test('passwords and users with every special character work', async () => {
    const password = ` !"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~ü😀%41`;
    const user = 'us@r:/#?%';
    await rowsOf(url, `CREATE USER \`${user}\`@'%' IDENTIFIED BY '${password.replaceAll(/['\\]/g, '\\$&')}'`);
    await rowsOf(url, `GRANT ALL ON *.* TO \`${user}\`@'%'`);
    const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
    expect(await code(url.replace('test:test@', `${credentials}@`), {})).toBe('works');
    const raw = 'p#/@:?[]w';
    await rowsOf(url, `CREATE USER 'raw'@'%' IDENTIFIED BY '${raw}'`);
    await rowsOf(url, "GRANT ALL ON *.* TO 'raw'@'%'");
    expect(await code(url.replace('test:test@', `raw:${raw}@`), {})).toBe('works');
    for (const name of [user, 'raw']) await server.query(`DROP USER \`${name}\`@'%'`);
  });
});
