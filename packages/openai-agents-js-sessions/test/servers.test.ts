// Promises: One store, many conversations; A finished program ends.
import type { AgentInputItem } from '@openai/agents-core';
import { playScene, SCENES } from '@stackone/runner-script';
import { moduleRunner, wholeMatrix } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { DrizzleSession, MysqlSessionStore, openSessionStore, PostgresSessionStore } from '../src/index.js';
import { sessions } from './run-sessions.js';

const runModule = moduleRunner(import.meta.dirname);

const hello: AgentInputItem = { role: 'user', content: 'hello' };
const STORES = {
  postgres: PostgresSessionStore,
  pgbouncer: PostgresSessionStore,
  mysql: MysqlSessionStore,
  mariadb: MysqlSessionStore,
};

/** The ways to write the URL of a server. */
function spellings(url: string): string[] {
  const schemes = url.startsWith('postgres') ? ['postgres', 'postgresql'] : ['mysql', 'mariadb'];
  return schemes.map((scheme) => url.replace(/^[a-z]+/, scheme));
}

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ engine, url }) => {
  test('openSessionStore picks the store by the scheme, and uses the options it has', async () => {
    for (const spelling of spellings(url)) {
      const store = await openSessionStore(spelling, {
        max: 2,
        synchronous: 'normal',
        tables: { sessions: 'chats', messages: 'chat_items' },
      });
      expect(store).toBeInstanceOf(STORES[engine]);
      await store.session('chat_123').addItems([hello]);
      expect(await store.session('chat_123').popItem()).toEqual(hello);
      await store.close();
    }
  });

  test('what users of 0.4.1 write', async () => {
    const config = { createTables: true, maxRetries: 3, retryDelay: 1000, connectionTimeout: 10000 };
    const session = await DrizzleSession.fromUrl('chat_123', url, config);
    await session.addItems([hello, { role: 'user', content: 'again' }]);
    expect(await session.getItems(1)).toEqual([{ role: 'user', content: 'again' }]);
    expect(await session.popItem()).toEqual({ role: 'user', content: 'again' });
    expect(await session.getItems()).toEqual([hello]);
    await session.clearSession();
    expect(await session.getItems()).toEqual([]);
    await session.close();
  });

  test('a thousand sessions at the same time share one pool of ten', async () => {
    const sessions = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => DrizzleSession.fromUrl(`chat_${index}`, url)),
    );
    await Promise.all(sessions.map((session) => session.addItems([hello])));
    const counts = await Promise.all(sessions.map(async (session) => (await session.getItems()).length));
    expect(counts).toEqual(new Array(1000).fill(1));
    await Promise.all(sessions.map((session) => session.close()));
  });

  test('two orders of the same parameters are one pool; other values, and one more host, are another one', async () => {
    const keys = () => {
      const shared = Reflect.get(globalThis, Symbol.for('@stackone/openai-agents-js-sessions/shared-stores'));
      return [...((shared as Map<string, unknown> | undefined)?.keys() ?? [])];
    };
    const before = keys();
    const added = () => keys().filter((key) => !before.includes(key)).length;
    const queries = ['connection_limit=2&connect_timeout=9', 'connect_timeout=9&connection_limit=2'];
    const open = (query: string) => DrizzleSession.fromUrl('orders', `${url}?${query}`);
    const sessions = await Promise.all(queries.map(open));
    expect(added()).toBe(1);
    sessions.push(await open('connection_limit=3&connect_timeout=9'));
    expect(added()).toBe(2);
    const withAnother = url.replace(/@([^/]+)/, '@$1,127.0.0.1:1');
    sessions.push(
      await DrizzleSession.fromUrl('orders', `${withAnother}?connection_limit=3&connect_timeout=9`),
    );
    expect(added()).toBe(3);
    await Promise.all(sessions.map((session) => session.close()));
  });

  test('a script that neither awaits nor closes 100 addItems ends by itself, and all are stored', async () => {
    const last = await runModule(
      `import { DrizzleSession } from '@stackone/openai-agents-js-sessions';
      const session = await DrizzleSession.fromUrl('forgotten', process.argv[1]);
      for (let index = 0; index < 100; index++) {
        session.addItems([{ role: 'user', content: String(index) }]).then(() => index === 99 && console.log(Date.now()));
      }`,
      url,
    );
    // idle connections that hold a program do so for 30 s
    expect(Date.now() - Number(last)).toBeLessThan(20_000);
    const store = await openSessionStore(url);
    const items = await store.session('forgotten').getItems();
    expect(items.map((item) => (item as { content: string }).content)).toEqual(
      Array.from({ length: 100 }, (_, index) => `${index}`),
    );
    await store.close();
  });

  if (wholeMatrix || engine === 'postgres')
    test('sessions conformance <url>: every case that a URL allows passes', async () => {
      const { code, stdout, stderr } = await sessions(['conformance', url]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(/\n\d{3} passed, 0 failed, \d+ not covered\n$/);
      expect(stdout).not.toContain(new URL(url).host);
    });

  test('the runner, with sessions from the URL', async () => {
    for (const name of Object.keys(SCENES)) {
      await playScene(name, (sessionId) => DrizzleSession.fromUrl(`${name}-${sessionId}`, url), 'chat');
    }
  });
});
