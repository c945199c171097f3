// A call that its signal or its timeout ends says how far it had come, and harms no other.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { MemorySession, Usage } from '@openai/agents-core';
import { temporaryFolder } from '@stackone/test-environment';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import { EncryptedSession, MysqlSessionStore, openSessionStore, type SessionStore } from '../src/index.js';

const folder = temporaryFolder();
const user = (content: string) => ({ role: 'user' as const, content });
const texts = (items: readonly unknown[]) => items.map((item) => (item as { content: string }).content);
const DAY = 86_400_000;
/** The result of a run of one response that used something. */
const usedBy = (responseId: string, requests = 1) => {
  const usage = new Usage({ requests, inputTokens: 1 });
  return { rawResponses: [{ usage, output: [], responseId }], state: { usage } };
};
const used = usedBy('r1');

/** A transaction of the store that keeps its connection until `end` is called. */
async function heldTransaction(store: SessionStore) {
  const { promise: held, resolve: end } = Promise.withResolvers<void>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const transaction = store.transaction(async () => {
    begin();
    await held;
  });
  await begun;
  return { transaction, end };
}

function everywhere(url: () => string): void {
  test('a signal that was aborted before lets nothing begin; an unknown option or a wrong one is a TypeError', async () => {
    await using store = await openSessionStore(url());
    const session = store.session(randomUUID());
    await session.addItems([user('a')]);
    const { data } = await session.turns({ limit: 1 });
    const signal = AbortSignal.abort();
    const [turn] = data;
    if (!turn) throw new Error('there is a turn');
    const calls = [
      session.addItems([user('b')], undefined, { signal }),
      session.getItems(undefined, undefined, { signal }),
      session.popItem(undefined, { signal }),
      session.clearSession(undefined, { signal }),
      session.history({ signal }),
      session.turns({ signal }),
      session.rewind(turn, undefined, { signal }),
      session.replaceTurn(turn, [user('c')], undefined, { signal }),
      session.removeItem(turn.id, undefined, { signal }),
      session.replaceItem(turn.id, user('c'), undefined, { signal }),
      session.replaceBeginning([user('a')], [user('c')], undefined, { signal }),
      session.applyHistoryTransaction(
        { operationId: 'o', transaction: { type: 'append_items', items: [user('b')] } },
        undefined,
        { signal },
      ),
      session.applyHistoryMutations({ mutations: [] }, undefined, { signal }),
      session.replaceHistoryWithCompaction([user('c')], undefined, { signal }),
      session.recordUsage(used, { signal }),
      session.usage({ signal }),
      session.usage({ by: 'model', signal }),
      session.items(undefined, { signal }).next(),
      store.usage({ signal }),
      store.sessions.list({ signal }).then(() => undefined),
      store.sessions.count({ signal }),
      store.sessions.retrieve(session.sessionId, { signal }),
      store.sessions.update(session.sessionId, { title: 'x' }, { signal }),
      store.sessions.rename(session.sessionId, randomUUID(), { signal }),
      store.sessions.fork(session.sessionId, randomUUID(), { signal }),
      store.sessions.delete(session.sessionId, { signal }),
      new EncryptedSession({ session, key: 'k'.repeat(32) }).addItems([user('b')], undefined, { signal }),
    ];
    for (const settled of await Promise.allSettled(calls)) {
      expect(settled).toMatchObject({ reason: { code: 'ABORTED', stage: 'waiting', retryable: true } });
    }
    for (const wrong of [{ timeout: -1 }, { timeout: 0.5 }, { signal: {} }, { patience: 1 }]) {
      await expect(session.popItem(undefined, wrong as never)).rejects.toThrow(TypeError);
      await expect(session.history(wrong as never)).rejects.toThrow(TypeError);
      await expect(session.recordUsage(used, wrong as never)).rejects.toThrow(TypeError);
      await expect(session.usage(wrong as never)).rejects.toThrow(TypeError);
      await expect(store.usage(wrong as never)).rejects.toThrow(TypeError);
      await expect(store.sessions.count(wrong as never)).rejects.toThrow(TypeError);
      await expect(store.sessions.retrieve('a', wrong as never)).rejects.toThrow(TypeError);
    }
    expect(texts(await session.getItems())).toEqual(['a']);
    expect(await session.usage()).toMatchObject({ requests: 0 });
    expect(await store.sessions.retrieve(session.sessionId)).not.toHaveProperty('title', 'x');
  });

  test('a call that ends in time is as one without limits, and a longer timeout than any timer is none', async () => {
    await using store = await openSessionStore(url());
    const session = store.session(randomUUID());
    const { signal } = new AbortController();
    await Promise.all(
      ['a', 'b', 'c'].map((one) => session.addItems([user(one)], undefined, { signal, timeout: 365 * DAY })),
    );
    expect(texts(await session.getItems(undefined, undefined, { signal, timeout: 60_000 }))).toEqual([
      'a',
      'b',
      'c',
    ]);
  });
}

function whereTransactionsBegin(url: () => string): void {
  test('usage inside a transaction of the store: in time as without limits, and nothing of a call whose signal was aborted', async () => {
    await using store = await openSessionStore(url());
    const session = store.session(randomUUID());
    await session.addItems([user('a')]);
    await store.transaction(async (tx) => {
      const inside = tx.session(session.sessionId);
      const signal = AbortSignal.abort();
      await inside.recordUsage(usedBy('r1'), { timeout: 60_000, signal: new AbortController().signal });
      await expect(inside.recordUsage(usedBy('r2'), { signal })).rejects.toMatchObject({
        code: 'ABORTED',
        stage: 'waiting',
      });
      await expect(inside.recordUsage(usedBy('r3'), { timeout: -1 })).rejects.toThrow(TypeError);
    });
    const { data } = await session.turns();
    expect(await session.usage({ by: 'turn' })).toMatchObject([{ turn: data[0]?.id, requests: 1 }]);
  });
}

test('a session that encrypts what another keeps: who waits is ABORTED, what the other was asked for is unknown', async () => {
  const answers: (() => void)[] = [];
  const slow = new MemorySession();
  const add = slow.addItems.bind(slow);
  slow.addItems = async (items) => {
    await new Promise<void>((resolve) => answers.push(resolve));
    await add(items);
  };
  const session = new EncryptedSession({ session: slow, key: 'k'.repeat(32) });
  const sent = session.addItems([user('sent')], undefined, { timeout: 50 });
  const late = session.addItems([user('late')], undefined, { timeout: 50 });
  const [first, second] = await Promise.allSettled([sent, late]);
  expect(first).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN', stage: 'statement' } });
  expect(second).toMatchObject({ reason: { code: 'ABORTED', stage: 'waiting' } });
  for (const answer of answers) answer();
  expect(texts(await session.getItems())).toEqual(['sent']);
  await expect(session.getItems(1, undefined, { timeout: -1 })).rejects.toThrow(TypeError);
});

describe('memory', () => everywhere(() => 'memory:'));
describe('sqlite', () => {
  const url = () => `sqlite:${join(folder, 'limits.db')}`;
  everywhere(url);
  whereTransactionsBegin(url);
});

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ engine, url, server }) => {
  everywhere(() => url);
  whereTransactionsBegin(() => url);

  test('a silent server: a read has written nothing, a write that was sent is unknown', async () => {
    await using proxy = await startProxy(server, { protocol: engine });
    await using store = await openSessionStore(proxy.url(url), { timeout: 3000, maxRetries: 0 });
    const session = store.session(randomUUID());
    await session.addItems([user('a')]);
    // connections for all that is asked below: a new one could not be made any more
    await Promise.all([1, 2, 3, 4].map(() => store.session(randomUUID()).getItems()));
    proxy.silent = true;
    const timeout = 1000;
    const signal = AbortSignal.timeout(2 * timeout);
    await expect(session.getItems(undefined, undefined, { timeout })).rejects.toMatchObject({
      code: 'ABORTED',
      stage: 'statement',
      message: expect.stringContaining(`timeout of ${timeout} ms`),
    });
    await expect(session.addItems([user('b')], undefined, { signal })).rejects.toMatchObject({
      code: 'ABORTED', // the read before it is still under way
      stage: 'waiting',
    });
    await expect(
      store.session(randomUUID()).addItems([user('c')], undefined, { timeout }),
    ).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', stage: 'statement', retryable: false });
    proxy.silent = false;
    proxy.cutAll();
    await expect.poll(() => session.getItems(), { timeout: 10_000 }).toEqual([user('a')]);
  });

  test('the timeout of the store holds where it is shorter', async () => {
    await using proxy = await startProxy(server, { protocol: engine });
    await using store = await openSessionStore(proxy.url(url), { timeout: 2000, maxRetries: 0 });
    await store.open();
    proxy.silent = true;
    await expect(
      store.session(randomUUID()).getItems(undefined, undefined, { timeout: 60_000 }),
    ).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
    proxy.cutAll();
  });

  test('a pool whose connections are all taken: nothing is written, then or later, and no other turn is harmed', async () => {
    await using store = await openSessionStore(url, { max: 1 });
    const [one, other] = [store.session(randomUUID()), store.session(randomUUID())];
    const { transaction, end } = await heldTransaction(store);
    // the first commit waits for a connection with the first turn alone, the others gather behind it
    const first = other.addItems([user('kept 1')]);
    const late = [
      one.addItems([user('late')], undefined, { timeout: 200 }),
      other.addItems([user('late')], undefined, { timeout: 200 }),
    ];
    const second = other.addItems([user('kept 2')]);
    for (const settled of await Promise.allSettled(late)) {
      expect(settled).toMatchObject({
        reason: { code: 'ABORTED', stage: expect.stringMatching(/^(waiting|connecting)$/) },
      });
    }
    end();
    await Promise.all([transaction, first, second]);
    expect(texts(await other.getItems())).toEqual(['kept 1', 'kept 2']);
    expect(await one.getItems()).toEqual([]);
  });

  test('turns of several callers in one commit that waits for a connection: it goes out without the one that was ended', async () => {
    await using store = await openSessionStore(url, { max: 1 });
    const { transaction, end } = await heldTransaction(store);
    const session = store.session(randomUUID());
    const controller = new AbortController();
    const gate = store.session(randomUUID()).addItems([user('gate')], undefined, { timeout: 500 });
    const kept = ['a', 'b'].map((one) => session.addItems([user(one)]));
    const ended = session.addItems([user('x')], undefined, { signal: controller.signal });
    kept.push(session.addItems([user('c')]));
    await expect(gate).rejects.toMatchObject({ code: 'ABORTED', stage: 'connecting' });
    controller.abort();
    await expect(ended).rejects.toMatchObject({ code: 'ABORTED', cause: { name: 'AbortError' } });
    end();
    await Promise.all([transaction, ...kept]);
    expect(texts(await session.getItems())).toEqual(['a', 'b', 'c']);
  });

  test('inside a transaction of the store: what waits for a lock is unknown, and goes with the rest when it is rolled back', async () => {
    await using holder = await openSessionStore(url);
    await using store = await openSessionStore(url);
    const [id, other] = [randomUUID(), randomUUID()];
    const { promise: told, resolve: tell } = Promise.withResolvers<void>();
    let ended: Promise<unknown> | undefined;
    await store.session(id).addItems([user('a')]);
    await holder.transaction(async (held) => {
      await held.session(id).addItems([user('b')]);
      const broken = store.transaction(async (tx) => {
        await tx.session(other).addItems([user('x')]);
        await tx
          .session(id)
          .addItems([user('c')], undefined, { timeout: 500 })
          .finally(tell);
      });
      ended = broken.catch((error: unknown) => error);
      await told;
    });
    expect(await ended).toMatchObject({ code: 'OUTCOME_UNKNOWN', stage: 'statement' });
    expect(texts(await store.session(id).getItems())).toEqual(['a', 'b']);
    expect(await store.session(other).getItems()).toEqual([]);
  });

  for (const end of ['rolled back', 'committed'] as const) {
    test(`usage inside a transaction that is ${end}, where another one has recorded the same response: told in time, and nothing comes later`, async () => {
      await using holder = await openSessionStore(url);
      await using store = await openSessionStore(url);
      const [id, other] = [randomUUID(), randomUUID()];
      await store.session(id).addItems([user('a')]);
      const { promise: told, resolve: tell } = Promise.withResolvers<void>();
      let transaction: Promise<unknown> | undefined;
      await holder.transaction(async (held) => {
        await held.session(id).recordUsage(usedBy('r1', 3));
        const begun = store.transaction(async (tx) => {
          await tx.session(other).addItems([user('x')]);
          const recorded = tx.session(id).recordUsage(usedBy('r1', 5), { timeout: 500 });
          const late = tx.session(id).recordUsage(usedBy('r2', 7), { timeout: 500 });
          const ended = await Promise.allSettled([recorded, late]).finally(tell);
          for (const one of ended)
            expect(one).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN', stage: 'statement' } });
          if (end === 'rolled back') throw new Error(end);
        });
        transaction = begun.catch(({ message }: Error) => message);
        await told;
      });
      expect(await transaction).toBe(end === 'rolled back' ? end : undefined);
      const kept = end === 'committed';
      expect(texts(await store.session(other).getItems())).toEqual(kept ? ['x'] : []);
      // what was under way went on inside the transaction; what had not been sent when its caller was told, never was
      expect(await store.session(id).usage()).toMatchObject({ requests: kept ? 5 : 3 });
    });
  }

  test('usage, while the one connection is taken', async () => {
    await using store = await openSessionStore(url, { max: 1 });
    const { transaction, end } = await heldTransaction(store);
    const session = store.session(randomUUID());
    await expect(session.recordUsage(used, { timeout: 200 })).rejects.toMatchObject({
      code: 'ABORTED',
      stage: 'connecting',
    });
    await expect(session.usage({ timeout: 200 })).rejects.toMatchObject({
      code: 'ABORTED',
      stage: 'waiting', // the one before it leaves its place when it gets a connection
    });
    end();
    await transaction;
    expect(await session.usage()).toMatchObject({ requests: 0 });
  });

  test('a locked conversation: the caller is told in time, and the store goes on afterwards', async () => {
    await using holder = await openSessionStore(url);
    await using store = await openSessionStore(url);
    const id = randomUUID();
    await store.session(id).addItems([user('a')]);
    await holder.transaction(async (tx) => {
      await tx.session(id).addItems([user('b')]);
      await expect(
        store.session(id).addItems([user('c')], undefined, { timeout: 1000 }),
      ).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', stage: 'statement' });
      await expect(store.session(id).popItem(undefined, { timeout: 1000 })).rejects.toMatchObject({
        code: 'ABORTED', // the turn before it is still under way
        stage: 'waiting',
      });
    });
    expect(texts(await store.session(id).getItems())).toEqual(['a', 'b', 'c']);
  });
});

// that of Drizzle on PostgreSQL is tested in its package
describeEngine(['mysql', 'mariadb:10.11'], ({ url }) => {
  test('inside a transaction of the application: nothing that was ended is sent behind its ROLLBACK', async () => {
    await using holder = await openSessionStore(url);
    const client = await mysql.createConnection({ uri: url.replace(/^mariadb:/, 'mysql:') });
    await using store = await MysqlSessionStore.fromPool(client);
    const id = randomUUID();
    await store.session(id).addItems([user('a')]);
    let late: PromiseSettledResult<unknown>[] = [];
    await holder.transaction(async (held) => {
      await held.session(id).addItems([user('b')]);
      await client.query('BEGIN');
      const session = store.with(client).session(id);
      late = await Promise.allSettled([
        session.replaceHistoryWithCompaction([user('c')], undefined, { timeout: 500 }),
        session.addItems([user('d')], undefined, { timeout: 500 }),
      ]);
      void client.query('ROLLBACK'); // before the lock is free
    });
    for (const settled of late)
      expect(settled).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN', stage: 'statement' } });
    await client.query('SELECT 1');
    await client.end();
    expect(texts(await holder.session(id).getItems())).toEqual(['a', 'b']);
  });
});
