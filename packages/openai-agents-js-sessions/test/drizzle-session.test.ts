// Promise: A finished program ends.
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import { moduleRunner, temporaryFolder } from '@stackone/test-environment';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  DrizzleSession,
  InMemorySession,
  isSessionError,
  openSessionStore,
  type SessionStore,
} from '../src/index.js';

const runModule = moduleRunner(import.meta.dirname);

const folder = temporaryFolder();
let files = 0;
const newUrl = () => `sqlite:${join(folder, `${files++}.db`)}`;
const hello: AgentInputItem = { role: 'user', content: 'hello' };

/** The stores that are shared now, with those of other files that ran in this process before. */
function allSharedStores(): Promise<SessionStore>[] {
  const registry = Reflect.get(globalThis, Symbol.for('@stackone/openai-agents-js-sessions/shared-stores')) as
    | Map<string, { opening: Promise<SessionStore> }>
    | undefined;
  return [...(registry?.values() ?? [])].map(({ opening }) => opening);
}

const others = new Set(allSharedStores());

/** The stores that tests of this file share now. */
const sharedStores = () => allSharedStores().filter((store) => !others.has(store));

describe('what users of 0.4.1 write', () => {
  test('InMemorySession', async () => {
    const session = new InMemorySession('chat_123');
    await session.addItems([hello]);
    expect(session.sessionId).toBe('chat_123');
    expect(await session.getItems()).toEqual([hello]);
    expect(await new InMemorySession('chat_123').getItems()).toEqual([]);
    expect(new InMemorySession().sessionId).not.toBe(new InMemorySession().sessionId);
    await session.close();
    await expect(session.getItems()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test.each(['sqlite::memory:', 'sqlite:./sessions.db'])('DrizzleSession.fromUrl with %s', async (url) => {
    const printed = await runModule(
      `import { DrizzleSession } from '@stackone/openai-agents-js-sessions';
      process.chdir(process.argv[1]);
      const session = await DrizzleSession.fromUrl('chat_123', process.argv[2],
        { createTables: true, maxRetries: 3, retryDelay: 1000, connectionTimeout: 10000 });
      await session.addItems([{ role: 'user', content: 'a' }, { role: 'user', content: 'b' }]);
      const limited = await session.getItems(1);
      const popped = await session.popItem();
      const left = await session.getItems();
      await session.clearSession();
      console.log(JSON.stringify([limited, popped, left, await session.getItems()]));
      await session.close();`,
      folder,
      url,
    );
    expect(JSON.parse(printed)).toEqual([
      [{ role: 'user', content: 'b' }],
      { role: 'user', content: 'b' },
      [{ role: 'user', content: 'a' }],
      [],
    ]);
  });

  test('a script that neither awaits nor closes 100 addItems ends by itself, and all are stored', async () => {
    const url = newUrl();
    // ended by the runner where it does not end by itself
    await runModule(
      `import { DrizzleSession } from '@stackone/openai-agents-js-sessions';
      const session = await DrizzleSession.fromUrl('chat_123', process.argv[1]);
      for (let index = 0; index < 100; index++) {
        session.addItems([{ role: 'user', content: String(index) }]);
      }`,
      url,
    );
    await using store = await openSessionStore(url);
    const items = await store.session('chat_123').getItems();
    expect(items.map((item) => (item as { content: string }).content)).toEqual(
      Array.from({ length: 100 }, (_, index) => `${index}`),
    );
  });
});

describe('shared stores', () => {
  beforeEach(async () => {
    while (sharedStores().length > 0) await wait(50);
  });

  test('1,000 sessions one after the other open at most two stores', async () => {
    const url = newUrl();
    const stores = new Set<Promise<SessionStore>>();
    for (let count = 0; count < 1000; count++) {
      await using session = await DrizzleSession.fromUrl(`chat_${count}`, url);
      await session.addItems([hello]);
      for (const store of sharedStores()) stores.add(store);
    }
    expect(stores.size).toBeLessThanOrEqual(2);
  });

  test('concurrent calls share one opening; the same file by another way is the same store', async () => {
    const url = newUrl();
    const link = join(folder, 'link');
    symlinkSync(folder, link);
    const urls = [
      url,
      url.replace(folder, `${folder}/../${folder.split('/').at(-1)}`),
      url.replace(folder, link),
      url.replace('sqlite:', 'sqlite://'),
    ];
    const sessions = await Promise.all(urls.map((one) => DrizzleSession.fromUrl('chat', one)));
    expect(sharedStores()).toHaveLength(1);
    await Promise.all(sessions.map((session) => session.close()));
  });

  test('equal keys share a store, other keys do not, and nothing of the registry shows them', async () => {
    const url = newUrl();
    const open = (key: string) => DrizzleSession.fromUrl('a', url, { encryption: { key } });
    const sessions = [await open('canary one'), await open('canary one'), await open('canary two')];
    expect(sharedStores()).toHaveLength(2);
    await sessions[0]?.addItems([hello]);
    expect(await sessions[1]?.getItems()).toEqual([hello]);
    await expect(sessions[2]?.getItems()).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
    const registry: unknown = Reflect.get(
      globalThis,
      Symbol.for('@stackone/openai-agents-js-sessions/shared-stores'),
    );
    const stores = await Promise.all(sharedStores());
    const seen = inspect([registry, stores, sessions], {
      depth: Infinity,
      showHidden: true,
      maxArrayLength: null,
    });
    expect(seen).not.toContain('canary');
    for (const session of sessions) await session.close();
  });

  test('equal options share a store, also as other objects; different options do not', async () => {
    const url = newUrl();
    const open = (options: object) => DrizzleSession.fromUrl('chat', url, options);
    const same = [
      await open({ tables: { sessions: 's', messages: 'm' }, busyTimeout: 10 }),
      await open({ busyTimeout: 10, tables: { messages: 'm', sessions: 's' } }),
    ];
    expect(sharedStores()).toHaveLength(1);
    const other = await open({ tables: { sessions: 's', messages: 'n' }, busyTimeout: 10 });
    expect(sharedStores()).toHaveLength(2);
    for (const session of [...same, other]) await session.close();
  });

  test('closing makes that session alone CLOSED, counts once, and waits for its calls', async () => {
    const url = newUrl();
    const one = await DrizzleSession.fromUrl('chat', url, { linger: 0 });
    const other = await DrizzleSession.fromUrl('chat', url, { linger: 0 });
    const added = one.addItems([hello]);
    await one.close();
    await added;
    await one.close();
    await wait(50); // would the store end with it, it had by now
    await expect(one.getItems()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await other.getItems()).toEqual([hello]);
    await other.close();
    await expect.poll(sharedStores).toHaveLength(0);
    await using again = await DrizzleSession.fromUrl('chat', url, { linger: 0 });
    expect(await again.getItems()).toEqual([hello]);
  });

  test('a store lingers for the next session, and then ends', async () => {
    const url = newUrl();
    const first = await DrizzleSession.fromUrl('chat', url, { linger: 2000 });
    const [before] = sharedStores();
    await first.close();
    const session = await DrizzleSession.fromUrl('chat', url, { linger: 2000 });
    await wait(2500);
    expect(sharedStores()[0]).toBe(before);
    await session.close();
    expect(sharedStores()[0]).toBe(before);
    await expect.poll(sharedStores).toHaveLength(0);
  });

  test('a failed opening is forgotten', async () => {
    const url = `sqlite:${folder}/later/a.db`;
    await expect(DrizzleSession.fromUrl('chat', url)).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' });
    expect(sharedStores()).toHaveLength(0);
  });

  test('databases in memory are never shared', async () => {
    const one = await DrizzleSession.fromUrl('chat', 'sqlite::memory:');
    const other = await DrizzleSession.fromUrl('chat', 'sqlite::memory:');
    await one.addItems([hello]);
    expect(await other.getItems()).toEqual([]);
    expect(sharedStores()).toHaveLength(0);
    for (const session of [one, other]) await session.close();
  });

  test('two copies of this package do not take two objects with keys for one', async () => {
    const printed = await runModule(
      `import { createRequire } from 'node:module';
      import * as esm from '@stackone/openai-agents-js-sessions';
      const cjs = createRequire(import.meta.url)('@stackone/openai-agents-js-sessions');
      class Keys { constructor(key) { this.key = key; } }
      const [url] = process.argv.slice(1);
      const sessions = [
        await esm.DrizzleSession.fromUrl('a', url, { encryption: new Keys('one') }),
        await cjs.DrizzleSession.fromUrl('a', url, { encryption: new Keys('another') }),
      ];
      await sessions[0].addItems([{ role: 'user', content: 'secret' }]);
      console.log(await sessions[1].getItems().then(() => 'read with another key', ({ code }) => code));
      for (const session of sessions) await session.close();`,
      newUrl(),
    );
    expect(printed).toBe('DECRYPTION_FAILED');
  });

  test('options that differ are never one, however their texts are put together', async () => {
    const url = newUrl();
    const open = (...keys: [string, ...string[]]) =>
      DrizzleSession.fromUrl('a', url, { encryption: { keys } });
    const sessions = [await open('a', 'b'), await open('a,string:b'), await open('a","b')];
    expect(sharedStores()).toHaveLength(3);
    for (const session of sessions) await session.close();
  });

  test("ESM and CommonJS share stores and know each other's errors", async () => {
    const printed = await runModule(
      `import { createRequire } from 'node:module';
      import * as esm from '@stackone/openai-agents-js-sessions';
      const cjs = createRequire(import.meta.url)('@stackone/openai-agents-js-sessions');
      const sessions = [await esm.DrizzleSession.fromUrl('a', process.argv[1]), await cjs.DrizzleSession.fromUrl('a', process.argv[1])];
      const registry = globalThis[Symbol.for('@stackone/openai-agents-js-sessions/shared-stores')];
      const error = await cjs.openSessionStore('nosuch:x').catch((error) => error);
      console.log(esm.DrizzleSession !== cjs.DrizzleSession, registry.size, esm.isSessionError(error), error instanceof esm.SessionError);
      for (const session of sessions) await session.close();`,
      newUrl(),
    );
    expect(printed).toBe('true 1 true false');
  });
});

describe('mistakes', () => {
  test('a bad id, an unknown option and a bad linger are TypeErrors before anything is opened', async () => {
    await expect(DrizzleSession.fromUrl('', newUrl())).rejects.toThrow(TypeError);
    await expect(DrizzleSession.fromUrl('a', newUrl(), { creatTables: true } as object)).rejects.toThrow(
      TypeError,
    );
    await expect(DrizzleSession.fromUrl('a', newUrl(), { lingre: 1 } as object)).rejects.toThrow(
      /unknown option\. Known: .*linger/,
    );
    await expect(DrizzleSession.fromUrl('a', newUrl(), { linger: -1 })).rejects.toThrow(TypeError);
    await expect(DrizzleSession.fromUrl('a', newUrl(), null as never)).rejects.toThrow(TypeError);
    await expect(openSessionStore('memory:', { maxRetries: 'x' } as object)).rejects.toThrow(TypeError);
    expect(() => new DrizzleSession('a', 'sqlite::memory:' as never)).toThrow(/DrizzleSession.fromUrl/);
  });

  test('an unknown scheme names the known ones, never the URL (A12)', async () => {
    const error: unknown = await openSessionStore('mssql://sa:hunter2@h/db').catch(
      (thrown: unknown) => thrown,
    );
    expect(isSessionError(error) && error.code).toBe('UNSUPPORTED_URL');
    expect(String(error)).toContain('sqlite:');
    expect(String(error)).not.toContain('hunter2');
  });
});

test('openSessionStore: parameters of URLs of stores in memory are refused by name', async () => {
  await expect(openSessionStore('memory:?ttl=5')).rejects.toMatchObject({
    code: 'UNSUPPORTED_URL',
    message: expect.stringContaining('("ttl"). It takes none.'),
  });
  await expect(DrizzleSession.fromUrl('a', 'memory:?ttl=5')).rejects.toMatchObject({
    code: 'UNSUPPORTED_URL',
  });
});

test('openSessionStore: a path in place of a URL', async () => {
  await expect(openSessionStore('./dev.db')).rejects.toMatchObject({
    code: 'UNSUPPORTED_URL',
    message: expect.stringContaining('Did you mean sqlite:./dev.db?'),
  });
});

test('openSessionStore: an option is checked as the store of the URL does', async () => {
  const long = 'é'.repeat(60); // 60 characters, 120 bytes
  const open = (url: string) =>
    openSessionStore(url, { schema: long, maxRetries: 0, connectionTimeout: 1000 });
  await expect(open('mysql://u:p@127.0.0.1:1/db')).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  await expect(open('postgres://u:p@127.0.0.1:1/db')).rejects.toThrow(
    /^PostgresSessionStore: option "schema" must be/,
  );
  await (await open('sqlite::memory:')).close();
  const ssl = { servername: 'db.example.com' };
  await expect(openSessionStore('mysql://u:p@127.0.0.1:1/db', { ssl })).rejects.toThrow(
    /^MysqlSessionStore: option "ssl" must be/,
  );
  for (const url of ['sqlite::memory:', 'mysql://h/db', 'postgres://h/db'])
    await expect(openSessionStore(url, { schema: 'é'.repeat(65) })).rejects.toThrow(TypeError);
});

test('what cannot be a transaction does not compile', async () => {
  await using store = await openSessionStore('memory:');
  // @ts-expect-error
  expect(() => store.with(42)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  // @ts-expect-error
  expect(() => store.scoped('acme').with('a text')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
});

test('openSessionStore: options of servers are accepted by embedded stores', async () => {
  const options = {
    createTables: true,
    maxRetries: 1,
    retryDelay: 1,
    connectionTimeout: 1,
    tables: { sessions: 's' },
  };
  for (const url of ['memory:', 'sqlite::memory:', newUrl()]) {
    await using store = await openSessionStore(url, options);
    await store.session('a').addItems([hello]);
    expect(await store.session('a').getItems()).toEqual([hello]);
  }
});
