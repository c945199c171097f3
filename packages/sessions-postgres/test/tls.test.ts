import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSessionError } from '@stackone/sessions-core';
import { makeTlsMaterial } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.js';
import { message } from './messages.js';
import { ENDS_BY_ITSELF, runProgram } from './processes.js';

const quick: PostgresStoreOptions = { maxRetries: 0 };

async function codeOf(opening: Promise<PostgresSessionStore>): Promise<string> {
  try {
    const store = await opening;
    await store.session('tls').addItems([message('x')]);
    await store.close();
    return 'opened';
  } catch (error) {
    return isSessionError(error) ? error.code : String(error);
  }
}

function withQuery(url: string, query: Readonly<Record<string, string>>, host?: string): string {
  const changed = new URL(url);
  for (const [name, value] of Object.entries(query)) changed.searchParams.set(name, value);
  if (host) changed.hostname = host;
  return changed.href;
}

describeEngine('postgres', { tls: { require: true } }, ({ server, url }) => {
  const tls = () => server.tls as NonNullable<typeof server.tls>;
  const open = (options?: PostgresStoreOptions, to = url) =>
    codeOf(PostgresSessionStore.fromUrl(to, { ...quick, ...options }));
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sessions-tls-'));
    await writeFile(join(folder, 'ca.pem'), tls().ca);
    await writeFile(join(folder, 'other.pem'), tls().otherCa);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('the right CA is accepted, a wrong one and none are refused', async () => {
    expect(await open({ ssl: { ca: tls().ca } })).toBe('opened');
    expect(await open({ ssl: { ca: tls().otherCa } })).toBe('TLS_FAILED');
    expect(await open({ ssl: true })).toBe('TLS_FAILED');
    expect(await open({ ssl: { ca: 'not a certificate' } })).not.toBe('opened');
    expect(await open({ ssl: { rejectUnauthorized: false } })).toBe('opened');
  });

  test('the certificate must be for the host', async () => {
    expect(await open({ ssl: { ca: tls().ca, servername: 'localhost' } })).toBe('opened');
    expect(await open({ ssl: { ca: tls().ca, servername: 'other.example' } })).toBe('TLS_FAILED');
    expect(await open({ ssl: { ca: tls().ca } }, withQuery(url, {}, 'localhost'))).toBe('opened');
  });

  test('a server that insists on TLS refuses who comes without', async () => {
    expect(await open({ ssl: false })).toBe('AUTHENTICATION_FAILED');
  });

  test('sslmode and sslrootcert of the URL; an explicit ssl wins', async () => {
    const right = { sslrootcert: join(folder, 'ca.pem') };
    const wrong = { sslrootcert: join(folder, 'other.pem') };
    expect(await open({}, withQuery(url, right))).toBe('opened');
    expect(await open({}, withQuery(url, { ...right, sslmode: 'verify-full' }))).toBe('opened');
    expect(await open({}, withQuery(url, { ...wrong, sslmode: 'require' }))).toBe('TLS_FAILED');
    expect(await open({}, withQuery(url, { sslmode: 'no-verify' }))).toBe('opened');
    expect(await open({}, withQuery(url, { sslmode: 'disable' }))).toBe('AUTHENTICATION_FAILED');
    expect(await open({}, withQuery(url, { sslmode: 'sometimes' }))).toBe('UNSUPPORTED_URL');
    expect(await open({}, withQuery(url, { sslrootcert: join(folder, 'absent') }))).toBe('TLS_FAILED');
    expect(await open({ ssl: { ca: tls().ca } }, withQuery(url, { ...wrong, sslmode: 'disable' }))).toBe(
      'opened',
    );
    expect(await open({ ssl: { ca: tls().otherCa } }, withQuery(url, { sslmode: 'no-verify' }))).toBe(
      'TLS_FAILED',
    );
  });

  test('a program that neither awaits nor closes ends by itself, with all stored, with TLS', async () => {
    await endsByItself(url, tls().ca);
  });
});

describeEngine('postgres', { tls: { clientCertificates: true } }, ({ server, url }) => {
  test('a server that refuses after the handshake leaves no socket open', async () => {
    // it closes its side, and waits for the client to do so too
    const clients: Socket[] = [];
    const way = createServer((client) => {
      clients.push(client);
      const to = connect(server.port, server.host);
      client.pipe(to).pipe(client);
      to.on('error', () => client.end());
    });
    await once(way.listen(0, '127.0.0.1'), 'listening');
    const through = new URL(url);
    through.port = String((way.address() as AddressInfo).port);
    // of an authority that the server does not know: with TLS 1.3 the client learns it when it has finished
    const { cert, key } = (await makeTlsMaterial(server.user)).client;
    const ssl = { ca: server.tls?.ca, cert, key };
    expect(await codeOf(PostgresSessionStore.fromUrl(through.href, { ...quick, ssl }))).toBe('TLS_FAILED');
    way.close();
    await expect.poll(() => clients.map(({ closed }) => closed)).toEqual([true]);
  });

  test('mutual TLS', async () => {
    const { ca, client, otherCa } = server.tls as NonNullable<typeof server.tls>;
    const open = (ssl: PostgresStoreOptions['ssl'] & object) =>
      codeOf(PostgresSessionStore.fromUrl(url, { ...quick, ssl }));
    expect(await open({ ca, cert: client.cert, key: client.key })).toBe('opened');
    expect(await open({ ca })).not.toBe('opened');
    expect(await open({ ca: otherCa, cert: client.cert, key: client.key })).toBe('TLS_FAILED');
    expect(await open({ ca, cert: client.cert, key: 'not a key' })).toBe('TLS_FAILED');
  });
});

describeEngine(['postgres', 'pgbouncer'], ({ url, engine }) => {
  test('TLS that the server does not offer is TLS_FAILED', async () => {
    expect(await codeOf(PostgresSessionStore.fromUrl(url, { ...quick, ssl: true }))).toBe('TLS_FAILED');
  });

  test('a program that neither awaits nor closes ends by itself, with all stored', async () => {
    await endsByItself(url);
  });

  if (engine === 'postgres') {
    test('a program that cannot log in ends by itself too', async () => {
      const changed = new URL(url);
      changed.password = '';
      const ended = await runProgram('append-and-forget.mjs', { DATABASE_URL: changed.href, SESSION: 'x' });
      expect(ended.output).toContain('AUTHENTICATION_FAILED');
      expect(ended.lingered).toBeLessThan(ENDS_BY_ITSELF);
    });
  }
});

async function endsByItself(url: string, ca?: string): Promise<void> {
  const SESSION = randomUUID();
  const ended = await runProgram('append-and-forget.mjs', {
    DATABASE_URL: url,
    SESSION,
    ...(ca && { CA: ca }),
  });
  expect(ended).toMatchObject({ code: 0, output: '.'.repeat(20) });
  expect(ended.lingered).toBeLessThan(ENDS_BY_ITSELF);
  await using store = await PostgresSessionStore.fromUrl(url, ca ? { ssl: { ca } } : {});
  for (let session = 0; session < 5; session++)
    expect((await store.session(`${SESSION}-${session}`).getItems()).length).toBe(4);
}
