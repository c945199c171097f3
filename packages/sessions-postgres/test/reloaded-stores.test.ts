import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import type { PostgresSessionStore } from '../src/index.js';

// a server with few connections: more than a development server may make between two idle times
describeEngine('postgres:18', { settings: { max_connections: '20' } }, ({ url }) => {
  test('a module that is reloaded 60 times does not pile up connections', async () => {
    const code = `
      import { PostgresSessionStore } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
      export const store = new PostgresSessionStore({ url: ${JSON.stringify(url)} }, { maxRetries: 0 });
    `;
    const module = `data:text/javascript,${encodeURIComponent(code)}`;
    const stores: PostgresSessionStore[] = [];
    for (let at = 0; at < 60; at++) {
      const { store } = (await import(/* @vite-ignore */ `${module}//${at}`)) as {
        store: PostgresSessionStore;
      };
      await store.session('reloaded').addItems([{ role: 'user', content: String(at) }]);
      stores.push(store);
    }
    // those of before go on
    for (const store of [stores[0], stores[30], stores[59]])
      expect(await store?.session('reloaded').getItems()).toHaveLength(60);
  });
});
