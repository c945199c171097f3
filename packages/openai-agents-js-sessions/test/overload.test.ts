// What waits to be stored is bounded: a turn past the bound is refused at once, and nothing of it is written.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isSessionError } from '@stackone/sessions-core';
import { temporaryFolder, variants } from '@stackone/test-environment';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { openSessionStore } from '../src/index.js';

const folder = temporaryFolder();
const user = (content: string) => ({ role: 'user' as const, content });
const texts = (items: readonly unknown[]) => items.map((item) => (item as { content: string }).content);

/** Bytes of the heap that are in use after a garbage collection. */
function liveHeap(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

const refused = { code: 'OVERLOADED', retryable: true };

function everywhere(url: () => string): void {
  test('past so many turns, appends are refused and reads are not', async () => {
    await using store = await openSessionStore(url(), { maxWaitingTurns: 2 });
    const session = store.session(randomUUID());
    const calls = ['a', 'b', 'c'].map((one) => session.addItems([user(one)]));
    const transaction = session.applyHistoryTransaction({
      operationId: 'o1',
      transaction: { type: 'append_items', items: [user('d')] },
    });
    const compaction = session.replaceHistoryWithCompaction([user('e')]);
    const settled = await Promise.allSettled([...calls, transaction, compaction]);
    expect(settled.slice(0, 2).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(settled.slice(2)).toMatchObject([{ reason: refused }, { reason: refused }, { reason: refused }]);
    expect(texts(await session.getItems())).toEqual(['a', 'b']);
    await session.addItems([user('c')]);
    expect(texts(await session.getItems())).toEqual(['a', 'b', 'c']);
  });

  test('past so many bytes too, but a turn that is alone is taken', async () => {
    await using store = await openSessionStore(url(), { maxWaitingBytes: 1000 });
    const session = store.session(randomUUID());
    const long = 'é'.repeat(1000);
    const settled = await Promise.allSettled([session.addItems([user(long)]), session.addItems([user('b')])]);
    expect(settled).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: refused }]);
    expect(texts(await session.getItems())).toEqual([long]);
  });

  test('0 is no limit', async () => {
    await using store = await openSessionStore(url(), { maxWaitingTurns: 0, maxWaitingBytes: 0 });
    const session = store.session(randomUUID());
    await Promise.all([1, 2, 3].map((one) => session.addItems([user(`${one}`)])));
    expect(await session.getItems()).toHaveLength(3);
  });
}

describe('memory', () => everywhere(() => 'memory:'));
describe('sqlite', () => everywhere(() => `sqlite:${join(folder, 'overload.db')}`));

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ url }) => {
  everywhere(() => url);
});

describeEngine(variants(['postgres:18'], ['mysql', 'mariadb:10.11']), ({ engine, url, server }) => {
  test('a flood at a silent server: memory is bounded, what was taken is there once and what was refused is not', async () => {
    await using proxy = await startProxy(server, { protocol: engine });
    await using store = await openSessionStore(proxy.url(url), {
      maxWaitingTurns: 1000,
      maxWaitingBytes: 8 * 1024 * 1024,
      exactlyOnce: true, // the turns that were on their way when the server fell silent are repeated
    });
    const ids = Array.from({ length: 20 }, () => randomUUID());
    await Promise.all(ids.map((id) => store.session(id).getItems()));
    const taken: string[] = [];
    const told = { taken: 0, refused: 0, other: [] as unknown[] };
    const before = liveHeap();
    proxy.silent = true;
    const calls: Promise<void>[] = [];
    for (let index = 0; index < 20_000; index++) {
      const name = `${index}:`;
      const call = store
        .session(ids[index % ids.length] as string)
        .addItems([user(name.padEnd(20_000, '.'))]);
      const settled = call.then(
        () => {
          told.taken++;
          taken.push(name);
        },
        (error: unknown) => {
          if (isSessionError(error) && error.code === 'OVERLOADED') told.refused++;
          else told.other.push(error);
        },
      );
      calls.push(settled);
      if (index % 500 === 499) await new Promise((resolve) => setImmediate(resolve));
    }
    // 20,000 turns of 20 kB are 400 MB
    expect(liveHeap() - before).toBeLessThan(150 * 1024 * 1024);
    proxy.silent = false;
    proxy.cutAll();
    await Promise.all(calls);
    expect(told.other).toEqual([]);
    expect(told.refused).toBeGreaterThan(19_000);
    expect(told.taken).toBeGreaterThan(300);
    await using reader = await openSessionStore(url);
    const stored = await Promise.all(ids.map((id) => reader.session(id).getItems()));
    const names = stored.flatMap(texts).map((text) => text.slice(0, text.indexOf(':') + 1));
    expect(names.toSorted()).toEqual(taken.toSorted());
  });
});
