import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { freePort, startPostgres, startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { expect, test } from 'vitest';
import { openPool, readPostgresUrl } from '../src/connect.js';
import { PostgresSessionStore, type PostgresStoreOptions } from '../src/index.js';
import { contents, message } from './messages.js';

interface Place {
  readonly host: string;
  readonly port: number;
}

/** The URL with these servers in place of its own. */
function listed(url: string, places: readonly Place[], query: Readonly<Record<string, string>> = {}): string {
  const text = places.map(({ host, port }) => `${host}:${port}`).join(',');
  return `${url.replace(/@[^/]+/, `@${text}`)}?${new URLSearchParams(query)}`;
}

const nobody = async (host = '127.0.0.1'): Promise<Place> => ({ host, port: await freePort() });

async function failure(opening: Promise<unknown>): Promise<Error> {
  const [outcome] = await Promise.allSettled([opening]);
  if (outcome?.status !== 'rejected') throw new Error('it did not fail');
  expect(inspect(outcome.reason, { showHidden: true, depth: 9 })).not.toMatch(/test:test|canary/);
  return outcome.reason as Error;
}

async function queryAt(url: string, ...statements: readonly string[]): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  let rows: unknown[] = [];
  for (const statement of statements) ({ rows } = await client.query(statement));
  await client.end();
  return rows;
}

/** One row of one column, asked through a pool that the store would open for this URL. */
async function answer(url: string, sql: string, options: PostgresStoreOptions = {}): Promise<unknown> {
  const pool = await openPool(readPostgresUrl(url, options), options);
  try {
    const client = await pool.connect();
    const { rows } = await client.query(sql);
    client.release();
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await pool.end();
  }
}

const QUICK: PostgresStoreOptions = { maxRetries: 0 };

describeEngine('postgres', ({ server, url }) => {
  test('hosts that refuse, and that are silent, are passed over, and not asked again', async () => {
    await using silent = await startProxy(server);
    silent.silent = true;
    await using here = await startProxy(server);
    const list = listed(url, [await nobody(), silent, await nobody('[::1]'), here]);
    await using store = await PostgresSessionStore.fromUrl(list, { ...QUICK, connectionTimeout: 3000 });
    const turns = Array.from({ length: 20 }, (_, turn) => message(`${turn}`));
    await Promise.all(turns.map((turn) => store.session(randomUUID()).addItems([turn])));
    expect(silent.connections).toBe(1);
    here.cutAll();
    const after = () =>
      store
        .session('after')
        .addItems(turns, undefined, { operationId: 'after' })
        .then(
          () => 'stored',
          () => 'lost',
        );
    await expect.poll(after, { timeout: 30_000 }).toBe('stored');
    expect(await store.session('after').getItems()).toHaveLength(20);
    expect(silent.connections).toBe(1);
  });

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
    const error = await failure(PostgresSessionStore.fromUrl(listed(url, places), QUICK));
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', retryable: true });
    for (const { host, port } of places)
      expect(error.message).toContain(`${host}:${port} (CONNECTION_FAILED)`);
    const readOnly = { options: '-c default_transaction_read_only=on' };
    const asked = { ...readOnly, target_session_attrs: 'read-write' };
    expect(await failure(PostgresSessionStore.fromUrl(listed(url, [server], asked), QUICK))).toMatchObject({
      code: 'READ_ONLY',
    });
    const both = listed(url, [server, server], readOnly);
    expect(await failure(PostgresSessionStore.fromUrl(both, QUICK))).toMatchObject({
      code: 'READ_ONLY',
      message: expect.stringContaining(
        `127.0.0.1:${server.port} (READ_ONLY), 127.0.0.1:${server.port} (READ_ONLY)`,
      ),
    });
    const mixed = await nobody();
    expect(
      await failure(PostgresSessionStore.fromUrl(listed(url, [server, mixed], readOnly), QUICK)),
    ).toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringContaining(`127.0.0.1:${mixed.port} (CONNECTION_FAILED)`),
    });
  });

  test('who is refused by one host is not tried at the next', async () => {
    await using next = await startProxy(server);
    const list = listed(url, [await nobody(), server, next]);
    const wrong = list.replace(/:[^:@]+@/, ':canary@');
    const error = await failure(PostgresSessionStore.fromUrl(wrong));
    expect(error).toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining(`The server was 127.0.0.1:${server.port}.`),
    });
    expect(await failure(PostgresSessionStore.fromUrl(list.replace(/\/[^/]*\?/, '/absent?')))).toMatchObject({
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
        expect(await failure(opening)).toMatchObject({
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

  test('no more connections than the option "max" says, and all calls come to their turn', async () => {
    await using proxy = await startProxy(server);
    await using store = await PostgresSessionStore.fromUrl(listed(url, [await nobody(), proxy]), { max: 2 });
    const ids = Array.from({ length: 30 }, () => randomUUID());
    await Promise.all(ids.map((id) => store.session(id).addItems([message(id)])));
    for (const id of ids) expect(contents(await store.session(id).getItems())).toEqual([id]);
    expect(proxy.connections).toBeLessThanOrEqual(2);
    const id = randomUUID();
    await store.transaction(async (tx) => {
      await tx.client.query('SELECT 1');
      await tx.session(id).addItems([message('in a transaction')]);
    });
    expect(contents(await store.session(id).getItems())).toEqual(['in a transaction']);
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
      expect(await failure(open(places))).toMatchObject({
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
    await queryAt(url, 'ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()');
    await expect
      .poll(() => queryAt(url, 'SHOW default_transaction_read_only'))
      .toEqual([{ default_transaction_read_only: 'on' }]);

    let refused = 0;
    for (const id of Array.from({ length: 20 }, () => randomUUID())) {
      try {
        await store.session(id).addItems([message('b')]);
      } catch (error) {
        expect(error).toMatchObject({ code: 'READ_ONLY' });
        refused++;
        await store.session(id).addItems([message('b')]);
      }
      expect(contents(await store.session(id).getItems())).toEqual(['b']);
    }
    expect(refused).toBe(1);
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
