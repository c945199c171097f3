import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { connectionsTo, SERVERS } from './databases.js';

const connectionsOf = async (url: string) => (await connectionsTo(url)).length;

// of all servers at once, as each waits for 30 s
describe.concurrent('a pool that nobody uses', () => {
  describeEngine(SERVERS, ({ url }) => {
    test('its connections are closed after 30 s', async () => {
      const open = () => connectionsOf(url);
      await expect.poll(open).toBe(0);
      await using store = await MysqlSessionStore.fromUrl(url);
      await Promise.all(Array.from({ length: 10 }, (_, at) => store.session(`s${at}`).getItems()));
      expect(await open()).toBeGreaterThan(1);
      await expect.poll(open, { interval: 1000 }).toBe(0);
      expect(await store.session('s1').getItems()).toEqual([]);
    });
  });
});

describeEngine(SERVERS, ({ url }) => {
  test('a module that is reloaded 140 times does not pile up connections', async () => {
    const open = () => connectionsOf(url);
    await expect.poll(open).toBe(0);
    const code = `
      import { MysqlSessionStore } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
      export const store = new MysqlSessionStore({ url: ${JSON.stringify(url)} });
    `;
    const module = `data:text/javascript,${encodeURIComponent(code)}`;
    for (let at = 0; at < 140; at++) {
      const { store } = (await import(/* @vite-ignore */ `${module}//${at}`)) as { store: MysqlSessionStore };
      await store.session('reloaded').getItems();
    }
    await expect.poll(open).toBeLessThan(3);
  });
});
