import { randomUUID } from 'node:crypto';
import {
  describeSeveralHosts,
  nobody,
  openingFailure,
  type Place,
  listed as withServers,
  writeAfterFailover,
} from '@stackone/interruptions';
import { freePort, startPostgres, startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.js';
import { contents, message } from './messages.js';
import { answer, makeReadOnly, queryAt } from './queries.js';

/** The URL with these servers in place of its own, and parameters. */
function listed(url: string, places: readonly Place[], query: Readonly<Record<string, string>> = {}): string {
  return `${withServers(url, places)}?${new URLSearchParams(query)}`;
}

const QUICK: PostgresStoreOptions = { maxRetries: 0 };

describeEngine('postgres', ({ server, url }) => {
  describeSeveralHosts({ server, url, open: (list, options) => PostgresSessionStore.fromUrl(list, options) });

  test('the hosts and ports of parameters', async () => {
    const { port } = server;
    const gone = await freePort();
    for (const query of [
      `host=127.0.0.1,127.0.0.1&port=${gone},${port}`,
      `host=[::1],127.0.0.1&port=${gone},${port}`,
      `host=gone.invalid,127.0.0.1&port=${port}`,
    ])
      expect(await answer(`${url.replace(/@[^/]+/, '@')}?${query}`, 'SELECT 1')).toBe(1);
    const list = `${url.replace(/@[^/]+/, '@gone.invalid,127.0.0.1')}?port=${port}`;
    expect(await answer(list, 'SELECT 1')).toBe(1);
  });

  test('where none can be had, the error names each with its code', async () => {
    const places = [await nobody(), await nobody('[::1]'), { host: 'gone.invalid', port: 1 }];
    const error = await openingFailure(PostgresSessionStore.fromUrl(listed(url, places), QUICK));
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', retryable: true });
    for (const { host, port } of places)
      expect(error.message).toContain(`${host}:${port} (CONNECTION_FAILED)`);
    const readOnly = { options: '-c default_transaction_read_only=on' };
    const asked = { ...readOnly, target_session_attrs: 'read-write' };
    expect(
      await openingFailure(PostgresSessionStore.fromUrl(listed(url, [server], asked), QUICK)),
    ).toMatchObject({
      code: 'READ_ONLY',
    });
    const both = listed(url, [server, server], readOnly);
    expect(await openingFailure(PostgresSessionStore.fromUrl(both, QUICK))).toMatchObject({
      code: 'READ_ONLY',
      message: expect.stringContaining(
        `127.0.0.1:${server.port} (READ_ONLY), 127.0.0.1:${server.port} (READ_ONLY)`,
      ),
    });
    const mixed = await nobody();
    expect(
      await openingFailure(PostgresSessionStore.fromUrl(listed(url, [server, mixed], readOnly), QUICK)),
    ).toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringContaining(`127.0.0.1:${mixed.port} (CONNECTION_FAILED)`),
    });
  });

  test('who is refused by one host is not tried at the next', async () => {
    await using next = await startProxy(server);
    const list = listed(url, [await nobody(), server, next]);
    const wrong = list.replace(/:[^:@]+@/, ':canary@');
    const error = await openingFailure(PostgresSessionStore.fromUrl(wrong));
    expect(error).toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining(`The server was 127.0.0.1:${server.port}.`),
    });
    expect(
      await openingFailure(PostgresSessionStore.fromUrl(list.replace(/\/[^/]*\?/, '/absent?'))),
    ).toMatchObject({
      code: 'DATABASE_NOT_FOUND',
    });
    expect(next.connections).toBe(0);
  });

  test.each<[target: string, outcome: RegExp | 'works']>([
    ['any', 'works'],
    ['read-write', 'works'],
    ['primary', 'works'],
    ['prefer-standby', 'works'],
    ['standby', /127\.0\.0\.1:\d+ \(takes writes\)/],
    ['read-only', /127\.0\.0\.1:\d+ \(takes writes\)/],
  ])('target_session_attrs=%s at one server that takes writes', async (target, outcome) => {
    for (const places of [[server], [await nobody(), server]]) {
      const opening = PostgresSessionStore.fromUrl(
        listed(url, places, { target_session_attrs: target }),
        QUICK,
      );
      if (outcome === 'works') await (await opening).close();
      else
        expect(await openingFailure(opening)).toMatchObject({
          code: 'CONNECTION_FAILED',
          message: expect.stringMatching(outcome),
        });
    }
  });

  test('each new connection is asked once, and a URL with one host costs what it did', async () => {
    await (await PostgresSessionStore.fromUrl(url)).close();
    const trips: number[] = [];
    for (const query of [
      undefined,
      { target_session_attrs: 'any' },
      { target_session_attrs: 'read-write' },
    ]) {
      await using proxy = await startProxy(server, { protocol: 'postgres' });
      await using store = await PostgresSessionStore.fromUrl(listed(url, [proxy], query), { max: 1 });
      for (const turn of ['a', 'b', 'c']) await store.session(randomUUID()).addItems([message(turn)]);
      trips.push(proxy.roundTrips);
    }
    const [alone = 0] = trips;
    expect(trips).toEqual([alone, alone, alone + 1]);
  });
});

describeEngine('postgres', { tls: { require: true } }, ({ server, url }) => {
  test('the certificate is compared with the host that was taken', async () => {
    const ssl = { ca: server.tls?.ca };
    const { port } = server;
    // not an address for Node, so a name: the same server, which its certificate does not name so
    const [right, wrong] = [
      { host: 'localhost', port },
      { host: '127.1', port },
    ];
    const gone = await nobody();
    const open = async (places: readonly Place[]) => {
      const store = await PostgresSessionStore.fromUrl(listed(url, places), { ...QUICK, ssl });
      await store.close();
    };
    await open([gone, right]);
    await open([gone, { host: '127.0.0.1', port }]);
    for (const places of [
      [gone, wrong],
      [wrong, right],
    ])
      expect(await openingFailure(open(places))).toMatchObject({
        code: 'TLS_FAILED',
        message: expect.stringContaining(`The server was 127.1:${port}.`),
      });
  });
});

describeEngine('postgres:18', { own: true }, ({ server: first, url }) => {
  test('a server that takes no writes any more is left for one that does', async () => {
    await using second = await startPostgres({ major: 18 });
    const database = new URL(url).pathname.slice(1);
    await second.createDatabase(database);
    const role = `app_${randomUUID().slice(0, 8)}`;
    for (const one of [url, second.url(database)]) {
      await queryAt(one, `CREATE ROLE ${role} LOGIN PASSWORD 'p'`, `GRANT ALL ON SCHEMA public TO ${role}`);
      const own = Object.assign(new URL(one), { username: role, password: 'p' }).href;
      await (await PostgresSessionStore.fromUrl(own)).close();
    }
    const own = Object.assign(new URL(url), { username: role, password: 'p' }).href;
    await using store = await PostgresSessionStore.fromUrl(listed(own, [first, second]));
    await Promise.all(Array.from({ length: 8 }, () => store.session(randomUUID()).addItems([message('a')])));
    await makeReadOnly(url);
    expect(await writeAfterFailover(store)).toBe(1);
    const count = 'SELECT count(*)::int AS n FROM agent_messages';
    expect(await queryAt(second.url(database), count)).toEqual([{ n: 20 }]);
    expect(await queryAt(url, count)).toEqual([{ n: 8 }]);
  });
});

describeEngine(
  'postgres:18',
  { own: true, settings: { wal_keep_size: '512MB' } },
  ({ server: primary, url }) => {
    test('a standby is passed over; when it is promoted writers go on there, and nothing is lost or doubled', async () => {
      await using standby = await startPostgres({
        major: 18,
        standbyOf: primary,
        settings: { wal_keep_size: '512MB' },
      });
      await primary.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
      await primary.query('SELECT pg_reload_conf()');
      await expect
        .poll(() => primary.query("SELECT sync_state FROM pg_stat_replication WHERE sync_state = 'sync'"), {
          timeout: 60_000,
        })
        .toHaveLength(1);
      const list = listed(url, [standby, primary]);
      for (const [target, isStandby] of [
        ['any', true],
        ['standby', true],
        ['prefer-standby', true],
        ['read-only', true],
        ['primary', false],
        ['read-write', false],
      ] as const)
        expect(await answer(`${list}target_session_attrs=${target}`, 'SELECT pg_is_in_recovery()')).toBe(
          isStandby,
        );

      await using store = await PostgresSessionStore.fromUrl(list, { connectionTimeout: 5000 });
      const stored = new Map(['a', 'b', 'c', 'd'].map((id) => [id, [] as string[]]));
      const codes = new Set<unknown>();
      let isOver = false;
      const writing = [...stored].map(async ([id, acknowledged]) => {
        while (!isOver) {
          const turn = `${id}-${acknowledged.length}`;
          try {
            await store.session(id).addItems([message(turn)], undefined, { operationId: turn });
            acknowledged.push(turn);
          } catch (error) {
            codes.add((error as { code?: unknown }).code);
          }
        }
      });
      const counts = () => [...stored.values()].map(({ length }) => length);
      await expect.poll(() => Math.min(...counts()), { timeout: 60_000 }).toBeGreaterThan(20);
      await primary.kill();
      const before = counts();
      await standby.query('SELECT pg_promote()');
      await standby.query('ALTER SYSTEM RESET synchronous_standby_names');
      await standby.query('SELECT pg_reload_conf()');
      const least = () => Math.min(...counts().map((count, at) => count - (before[at] ?? 0)));
      await expect.poll(least, { timeout: 60_000 }).toBeGreaterThan(0);
      await expect.poll(least, { timeout: 60_000 }).toBeGreaterThan(20);
      isOver = true;
      await Promise.all(writing);
      const known = ['CONNECTION_FAILED', 'OUTCOME_UNKNOWN', 'READ_ONLY'];
      expect([...codes].filter((code) => !known.includes(String(code)))).toEqual([]);
      for (const [id, acknowledged] of stored)
        expect(contents(await store.session(id).getItems())).toEqual(acknowledged);
    });
  },
);
