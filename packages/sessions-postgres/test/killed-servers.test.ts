import { randomUUID } from 'node:crypto';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';
import { contents, message } from './messages.js';

const TURN = [message('a'), message('b')];

// the answer to a commit is lost as the server dies; where it is not back in time, nobody may say "nothing was written"
describeEngine('postgres:18', { own: true }, ({ server, url }) => {
  test('killed at the commit, and gone for a while: OUTCOME_UNKNOWN, also where the turn would be repeated', async () => {
    await using proxy = await startProxy(server, { protocol: 'postgres' });
    const options = { maxRetries: 2, retryDelay: 10, connectionTimeout: 5000 };
    const through = proxy.url(url);
    for (const [name, store, operationId] of [
      ['an operation id', await PostgresSessionStore.fromUrl(through, options), 'turn'],
      [
        'exactlyOnce',
        await PostgresSessionStore.fromUrl(through, { ...options, exactlyOnce: true }),
        undefined,
      ],
      ['neither', await PostgresSessionStore.fromUrl(through, options), undefined],
    ] as const) {
      const session = store.session(randomUUID());
      let killed: Promise<unknown> | undefined;
      proxy.cut({
        when: 'answered',
        sql: /INSERT INTO/,
        instead: () => {
          killed = server.kill().then(() => proxy.cutAll());
        },
      });
      const added = session.addItems(TURN, undefined, operationId ? { operationId } : {});
      await expect(added, name).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', retryable: false });
      await killed;
      await server.restart();
      expect(contents(await session.getItems()), name).toEqual(['a', 'b']);
      await store.close();
    }
  });

  test('killed at the commit, and back in time: an operation is found to be stored', async () => {
    await using proxy = await startProxy(server, { protocol: 'postgres' });
    await using store = await PostgresSessionStore.fromUrl(proxy.url(url), {
      exactlyOnce: true,
      maxRetries: 100,
      retryDelay: 100,
    });
    const session = store.session(randomUUID());
    let back: Promise<unknown> | undefined;
    proxy.cut({
      when: 'answered',
      sql: /INSERT INTO/,
      instead: () => {
        back = server.kill().then(() => {
          proxy.cutAll();
          return server.restart();
        });
      },
    });
    await session.addItems(TURN);
    await back;
    expect(contents(await session.getItems())).toEqual(['a', 'b']);
  });
});
