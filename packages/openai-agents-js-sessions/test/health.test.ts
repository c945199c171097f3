// Whether a database answers, as a readiness probe asks.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { OPERATION_CHANNEL, type OperationMessage } from '@stackone/sessions-core';
import { temporaryFolder } from '@stackone/test-environment';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { openSessionStore } from '../src/index.js';

const folder = temporaryFolder();

function everywhere(url: () => string): void {
  test('a store that is open is ok, however many ask at once', async () => {
    const calls: OperationMessage[] = [];
    const listener = (message: unknown) => void calls.push(message as OperationMessage);
    await using store = await openSessionStore(url());
    subscribe(OPERATION_CHANNEL, listener);
    const told = await Promise.all([1, 2, 3].map(() => store.health()));
    unsubscribe(OPERATION_CHANNEL, listener);
    for (const health of told) expect(health).toEqual({ ok: true, ms: expect.any(Number) });
    expect(calls.map(({ operation }) => operation)).toEqual(['health']);
  });

  test('a store that is closed is not', async () => {
    const store = await openSessionStore(url());
    await store.close();
    expect(await store.health()).toMatchObject({ ok: false, error: { code: 'CLOSED' } });
  });
}

describe('memory', () => {
  everywhere(() => 'memory:');

  test.each([{ timeout: 0 }, { timeout: 0.5 }, { limit: 1 }, null])('%j is no option', async (options) => {
    await using store = await openSessionStore('memory:');
    await expect(store.health(options as object)).rejects.toThrow(TypeError);
  });
});

describe('sqlite', () => {
  everywhere(() => `sqlite:${join(folder, 'health.db')}`);
});

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ engine, url, server }) => {
  everywhere(() => url);

  test('a server that falls silent is not, within the time that is given, and is again afterwards', async () => {
    await using proxy = await startProxy(server, { protocol: engine });
    await using store = await openSessionStore(proxy.url(url), { timeout: 2000 });
    proxy.silent = true;
    expect(await store.health({ timeout: 100 })).toEqual({
      ok: false,
      ms: expect.any(Number),
      error: expect.objectContaining({
        code: 'CONNECTION_FAILED',
        message: expect.stringContaining('100 ms'),
      }),
    });
    proxy.silent = false;
    proxy.cutAll();
    expect(await store.health()).toMatchObject({ ok: true });
  });

  test('tables that are not there are told', async () => {
    const tables = { sessions: 'not_there', messages: 'not_there_either' };
    const { MysqlSessionStore, PostgresSessionStore } = await import('../src/index.js');
    const Store = url.startsWith('postgres') ? PostgresSessionStore : MysqlSessionStore;
    await using store = new Store({ url }, { tables, createTables: false });
    expect(await store.health()).toMatchObject({ ok: false, error: { code: 'TABLE_MISSING' } });
  });
});
