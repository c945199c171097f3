import { randomUUID } from 'node:crypto';
import {
  describeSeveralHosts,
  listed,
  nobody,
  openingFailure,
  storedInTheEnd,
  writeAfterFailover,
} from '@stackone/interruptions';
import { freePort, startMariadb, startMysql, startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { MysqlSessionStore, type MysqlStoreOptions } from '../src/index.js';
import { rowsOf, SERVERS } from './databases.js';
import { contents, message } from './items.js';

const QUICK: MysqlStoreOptions = { maxRetries: 0 };

async function writes(url: string, options: MysqlStoreOptions = QUICK): Promise<void> {
  await using store = await MysqlSessionStore.fromUrl(url, options);
  const id = randomUUID();
  await store.session(id).addItems([message('a')]);
  expect(contents(await store.session(id).getItems())).toEqual(['a']);
}

describeEngine(SERVERS, ({ engine, server, url }) => {
  describeSeveralHosts({ server, url, open: (list, options) => MysqlSessionStore.fromUrl(list, options) });

  test('the hosts and ports of parameters; of the other scheme too', async () => {
    const { port } = server;
    const gone = await freePort();
    await writes(`${url.replace(/@[^/]+/, '@')}?host=127.0.0.1,127.0.0.1&port=${gone},${port}`);
    await writes(`${url.replace(/@[^/]+/, '@')}?host=[::1],127.0.0.1&port=${gone},${port}`);
    await writes(`${url.replace(/@[^/]+/, '@gone.invalid,127.0.0.1')}?port=${port}`);
    const list = listed(url, [await nobody(), server]);
    for (const scheme of ['mysql:', 'mariadb:']) await writes(list.replace(/^\w+:/, scheme));
  });

  test('where none can be had, the error names each with its code', async () => {
    const places = [await nobody(), await nobody('[::1]'), { host: 'gone.invalid', port: 1 }];
    const error = await openingFailure(writes(listed(url, places)));
    expect(error).toMatchObject({ code: 'CONNECTION_FAILED', retryable: true });
    for (const { host, port } of places)
      expect(error.message).toContain(`${host}:${port} (CONNECTION_FAILED)`);
    expect(() => new MysqlSessionStore({ url: `${listed(url, places)}?socketPath=/run/canary` })).toThrow(
      'socketPath does not go with several hosts',
    );
  });

  test('who is refused by one host is not tried at the next', async () => {
    await using next = await startProxy(server);
    const list = listed(url, [await nobody(), server, next]);
    expect(await openingFailure(writes(list.replace(/:[^:@]+@/, ':canary@')))).toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: expect.stringContaining(`The server was 127.0.0.1:${server.port}.`),
    });
    expect(await openingFailure(writes(list.replace(/\/[^/]*$/, '/absent')))).toMatchObject({
      code: 'DATABASE_NOT_FOUND',
    });
    expect(next.connections).toBe(0);
  });

  test('each new connection is asked once', async () => {
    await (await MysqlSessionStore.fromUrl(url)).close();
    const trips: number[] = [];
    for (const others of [[], [await nobody()]]) {
      await using proxy = await startProxy(server, { protocol: engine });
      await using store = await MysqlSessionStore.fromUrl(listed(url, [proxy, ...others]), { max: 1 });
      for (const turn of ['a', 'b', 'c']) await store.session(randomUUID()).addItems([message(turn)]);
      trips.push(proxy.roundTrips);
    }
    const [alone = 0] = trips;
    expect(trips).toEqual([alone, alone + 1]);
  });
});

describeEngine(SERVERS, { tls: { require: true } }, ({ server, url }) => {
  test('the certificate is compared with the host that was taken', async () => {
    const ssl = { ca: server.tls?.ca };
    const { port } = server;
    // not an address for Node, so a name: the same server, which its certificate does not name so
    const [right, wrong] = [
      { host: 'localhost', port },
      { host: '127.1', port },
    ];
    const gone = await nobody();
    await writes(listed(url, [gone, right]), { ...QUICK, ssl });
    for (const places of [
      [gone, wrong],
      [wrong, right],
    ])
      expect(await openingFailure(writes(listed(url, places), { ...QUICK, ssl }))).toMatchObject({
        code: 'TLS_FAILED',
        message: expect.stringContaining(`The server was 127.1:${port}.`),
      });
  });

  test('an address among the hosts is refused where the name has to be checked', () => {
    const list = listed(url, [
      { host: 'localhost', port: 1 },
      { host: '127.0.0.1', port: 2 },
    ]);
    expect(() => new MysqlSessionStore({ url: `${list}?ssl-mode=VERIFY_IDENTITY` })).toThrow(
      'mysql2 does not compare a certificate with an address',
    );
  });
});

describeEngine(SERVERS, { own: true }, ({ engine, server: first, url }) => {
  test('a server that takes no writes is passed over, and left when it takes none any more', async () => {
    await using second = await (engine === 'mysql' ? startMysql() : startMariadb());
    const database = new URL(url).pathname.slice(1);
    await second.createDatabase(database);
    const others = second.url(database);
    const user = `app_${randomUUID().slice(0, 8)}`;
    for (const one of [url, others]) {
      await rowsOf(one, `CREATE USER '${user}' IDENTIFIED BY 'p'`);
      await rowsOf(one, `GRANT ALL ON \`${database}\`.* TO '${user}'`);
      await (await MysqlSessionStore.fromUrl(one)).close();
    }
    const own = Object.assign(new URL(url), { username: user, password: 'p' }).href;
    const list = listed(own, [first, second]);
    const count = 'SELECT count(*) AS n FROM agent_messages';
    const readOnly = (one: string, value: 'ON' | 'OFF') => rowsOf(one, `SET GLOBAL read_only = ${value}`);

    await readOnly(url, 'ON');
    await writes(list);
    expect(await rowsOf(others, count)).toEqual([{ n: '1' }]);
    await readOnly(others, 'ON');
    expect(await openingFailure(writes(list))).toMatchObject({
      code: 'READ_ONLY',
      message: expect.stringContaining(
        `127.0.0.1:${first.port} (READ_ONLY), 127.0.0.1:${second.port} (READ_ONLY)`,
      ),
    });
    for (const one of [url, others]) await readOnly(one, 'OFF');

    await using store = await MysqlSessionStore.fromUrl(list);
    await Promise.all(Array.from({ length: 8 }, () => store.session(randomUUID()).addItems([message('a')])));
    await readOnly(url, 'ON');
    expect(await writeAfterFailover(store)).toBe(1);
    expect(await rowsOf(others, count)).toEqual([{ n: '21' }]);
    expect(await rowsOf(url, count)).toEqual([{ n: '8' }]);

    // and back, when the second one goes
    await readOnly(url, 'OFF');
    await second.kill();
    const session = store.session(randomUUID());
    await storedInTheEnd(session, [message('c')]);
    expect(contents(await session.getItems())).toEqual(['c']);
    expect(await rowsOf(url, count)).toEqual([{ n: '9' }]);
  });
});
