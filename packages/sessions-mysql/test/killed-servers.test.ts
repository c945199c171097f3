import { randomUUID } from 'node:crypto';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { FIRST_SERVER } from './databases.js';
import { contents, messages } from './items.js';

const TURN = messages(2);

// the answer to a commit is lost as the server dies; where it is not back in time, nobody may say "nothing was written"
describeEngine(FIRST_SERVER, { own: true }, ({ server, url }) => {
  test('killed at the commit, and gone for a while: OUTCOME_UNKNOWN, also where the turn would be repeated', async () => {
    await using proxy = await startProxy(server, { protocol: 'mysql' });
    const options = { maxRetries: 2, retryDelay: 10, connectionTimeout: 5000 };
    const through = proxy.url(url);
    for (const [name, more, operationId] of [
      ['an operation id', {}, 'turn'],
      ['exactlyOnce', { exactlyOnce: true }, undefined],
      ['neither', {}, undefined],
    ] as const) {
      const store = await MysqlSessionStore.fromUrl(through, { ...options, ...more });
      const session = store.session(randomUUID());
      let killed: Promise<unknown> | undefined;
      proxy.cut({
        when: 'answered',
        sql: /\bCOMMIT$/i,
        instead: () => {
          killed = server.kill().then(() => proxy.cutAll());
        },
      });
      const added = session.addItems(TURN, undefined, operationId ? { operationId } : {});
      await expect(added, name).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false });
      await killed;
      await server.restart();
      expect(contents(await session.getItems()), name).toEqual(contents(TURN));
      await store.close();
    }
  });

  test('killed at the commit, and back in time: an operation is found to be stored', async () => {
    await using proxy = await startProxy(server, { protocol: 'mysql' });
    await using store = await MysqlSessionStore.fromUrl(proxy.url(url), {
      exactlyOnce: true,
      maxRetries: 200,
      retryDelay: 200,
    });
    const session = store.session(randomUUID());
    let back: Promise<unknown> | undefined;
    proxy.cut({
      when: 'answered',
      sql: /\bCOMMIT$/i,
      instead: () => {
        back = server.kill().then(() => {
          proxy.cutAll();
          return server.restart();
        });
      },
    });
    await session.addItems(TURN);
    await back;
    expect(contents(await session.getItems())).toEqual(contents(TURN));
  });
});
