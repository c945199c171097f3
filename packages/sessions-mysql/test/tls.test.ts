import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
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
      ['ssl-mode=VERIFY_IDENTITY', 'TLS_FAILED'],
      ['charset=utf8mb4', refused],
    ])('?%s', async (query, outcome) => {
      expect(await code(`${url}?${query}`, {})).toBe(outcome);
    });
    test.each(['ssl-mode=maybe', 'sslrootcert=/x', 'ssl={"ca', 'ssl=[1]', 'useTLS=1', 'ssl={"oops":1}'])(
      '?%s is refused, because it would be without effect',
      (query) => {
        expect(() => new MysqlSessionStore({ url: `${url}?${query}` })).toThrow(
          expect.objectContaining({ code: 'UNSUPPORTED_URL' }),
        );
      },
    );
    test('the option wins over it', async () => {
      expect(await code(`${url}?ssl-mode=DISABLED`, { ssl: { ca } })).toBe('works');
      expect(await code(`${url}?ssl-mode=REQUIRED`, { ssl: { ca: otherCa } })).toBe('TLS_FAILED');
      expect(await code(`${url}?ssl-mode=REQUIRED`, { ssl: false })).toBe(refused);
    });
  });

  test('options that are none are refused', () => {
    for (const ssl of ['true', 1, { rejectUnauthorised: false }, null]) {
      expect(() => new MysqlSessionStore({ url }, { ssl: ssl as never })).toThrow(TypeError);
    }
  });
});

describeEngine(SERVERS, { tls: { clientCertificates: true } }, ({ server, url }) => {
  test('mutual TLS: with the certificate of the client, and not without', async () => {
    const { ca, client } = server.tls ?? { ca: '', client: { cert: '', key: '' } };
    expect(await code(url, { ssl: { ca } })).toBe('AUTHENTICATION_FAILED');
    expect(await code(url, { ssl: { ca, cert: client.cert, key: client.key } })).toBe('works');
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
