import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { type FaultProxy, startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2';
import { expect, onTestFinished, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { driverUrl, FIRST_SERVER } from './databases.js';
import { messages } from './items.js';

/** For calls that are not answered. All others are made by a store that waits longer, however busy the machine is. */
const QUICK = { timeout: 1000, maxRetries: 0 };

describeEngine(FIRST_SERVER, ({ engine, server, url }) => {
  async function proxied(): Promise<FaultProxy> {
    const proxy = await startProxy(server, { protocol: engine });
    onTestFinished(() => proxy.close());
    return proxy;
  }

  /** From the next matching statement on its connection is silent: nothing comes back, and nothing ends. */
  function silence(proxy: FaultProxy, sql: RegExp, when: 'before' | 'answered' = 'before'): void {
    proxy.cut({ when, sql, instead: () => undefined });
  }

  test('reads are CONNECTION_FAILED, writes before COMMIT too, at COMMIT OUTCOME_UNKNOWN; other sessions go on', async () => {
    const proxy = await proxied();
    const pool = mysql.createPool({ uri: driverUrl(proxy.url(url)), connectionLimit: 2 });
    const connection = () => mysql.createConnection(driverUrl(proxy.url(url)));
    await using patient = await MysqlSessionStore.fromUrl(url);
    for (const [open, insert] of [
      [() => MysqlSessionStore.fromUrl(proxy.url(url), QUICK), /^START .*INSERT INTO `agent_messages`/s],
      [() => MysqlSessionStore.fromPool(pool, QUICK), /^INSERT INTO `agent_messages`/],
    ] as const) {
      await using store = await open();
      const session = store.session('silent');
      await patient.session('silent').clearSession();
      silence(proxy, /^SELECT/);
      await expect(session.getItems()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
      // a turn on a connection that was used lately is one text with its COMMIT
      await session.getItems();
      await wait(1001);
      silence(proxy, insert, 'answered');
      const beside = store.session('beside');
      const lost = expect(session.addItems(messages(1))).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
      expect(Array.isArray(await beside.getItems())).toBe(true);
      await lost;
      expect(await patient.session('silent').getItems()).toEqual([]);
      silence(proxy, /\bCOMMIT$/, 'answered');
      await expect(session.addItems(messages(1))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      expect(await patient.session('silent').getItems()).toHaveLength(1);
    }
    await pool.promise().end();
    const one = await MysqlSessionStore.fromPool(connection(), QUICK);
    silence(proxy, /^COMMIT/, 'answered');
    await expect(one.session('one').addItems(messages(1))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await expect(one.session('one').getItems()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  });

  test('a pool of the application that gives no connection', async () => {
    const pool = mysql.createPool({ uri: driverUrl(url), connectionLimit: 1 });
    const store = await MysqlSessionStore.fromPool(pool, QUICK);
    const held = await pool.promise().getConnection();
    await expect(store.session('x').addItems(messages(1))).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
    });
    held.release();
    // the connection that came too late was given back
    expect(Array.isArray(await store.session('x').getItems())).toBe(true);
    await pool.promise().end();
  });

  test('close() ends though the server is silent', async () => {
    const proxy = await proxied();
    const store = await MysqlSessionStore.fromUrl(proxy.url(url), QUICK);
    proxy.delay = 3_600_000;
    await store.close();
  });

  test.runIf(process.platform === 'linux')('TCP keep-alive is on', async () => {
    const proxy = await proxied();
    await using store = await MysqlSessionStore.fromUrl(proxy.url(url));
    await store.session('x').getItems();
    const port = proxy.port.toString(16).toUpperCase().padStart(4, '0');
    const ours = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, , remote, state]) => remote?.endsWith(`:${port}`) && state === '01');
    // 02 is the timer of keep-alive
    expect(ours.map((fields) => fields[5]?.slice(0, 2))).toEqual(['02']);
  });
});
