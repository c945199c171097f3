// What is told of each call: how much it read and wrote, how long it waited, how often it was sent, and what became of it.
import { randomUUID } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { OPERATION_CHANNEL, type OperationMessage } from '@stackone/sessions-core';
import { temporaryFolder } from '@stackone/test-environment';
import { startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSessionStore, type SessionStore } from '../src/index.js';

const folder = temporaryFolder();
const user = (content: string) => ({ role: 'user' as const, content });
const bytes = (...items: object[]) =>
  items.reduce((sum, one) => sum + Buffer.byteLength(JSON.stringify(one)), 0);

const told: OperationMessage[] = [];
const listen = (message: unknown) => void told.push(message as OperationMessage);
beforeEach(() => {
  told.length = 0;
  subscribe(OPERATION_CHANNEL, listen);
});
afterEach(() => void unsubscribe(OPERATION_CHANNEL, listen));

/** What was told of the calls since the last time. */
const tell = () => told.splice(0);

function everywhere(url: () => string): void {
  test('rows and bytes that were read and written, and what became of a write', async () => {
    await using store = await openSessionStore(url());
    const id = randomUUID();
    const session = store.session(id);
    const [a, b, c] = [user('é'), user('b'), user('c')];
    await session.addItems([a, b]);
    await session.addItems([c], undefined, { operationId: 'once' });
    await session.addItems([c], undefined, { operationId: 'once' }); // nothing is stored again
    await session.getItems();
    await session.getItems(1);
    await session.popItem();
    await session.applyHistoryTransaction({
      operationId: 'o',
      transaction: { type: 'replace_suffix', expectedSuffix: [b], replacement: [c] },
    });
    await session.addItems([b], undefined, { operationId: 'once' }).catch(() => undefined);
    await session.history();
    await session.clearSession();
    const of = (operation: string, read: object[], written: object[], fields: object = {}) => ({
      operation,
      sessionId: id,
      rowsRead: read.length,
      bytesRead: bytes(...read),
      rowsWritten: written.length,
      bytesWritten: bytes(...written),
      retries: 0,
      ...fields,
    });
    const stored = { outcome: 'stored', groupSize: 1 };
    const messages = tell();
    expect(messages).toMatchObject([
      of('addItems', [], [a, b], stored),
      of('addItems', [], [c], stored),
      of('addItems', [], [c], stored),
      of('getItems', [a, b, c], []),
      of('getItems', [c], []),
      of('popItem', [c], [], { outcome: 'stored' }),
      of('applyHistoryTransaction', [b], [c], { outcome: 'stored' }),
      of('addItems', [], [b], { outcome: 'unwritten', error: 'OPERATION_CONFLICT' }),
      of('history', [a, c], []),
      of('clearSession', [], [], { outcome: 'stored' }),
    ]);
    for (const { ms, waiting } of messages) {
      expect(waiting).toBeGreaterThanOrEqual(0);
      expect(ms).toBeGreaterThanOrEqual(waiting);
    }
    const reads = messages.filter(({ operation }) => operation === 'getItems' || operation === 'history');
    expect(reads.filter((one) => 'outcome' in one || 'groupSize' in one)).toEqual([]);
    expect(inspect(messages, { showHidden: true })).not.toContain(id);
  });

  test('turns that share a commit say how many they are', async () => {
    await using store = await openSessionStore(url());
    const first = store.session(randomUUID());
    await first.getItems(); // it is open
    tell();
    const session = store.session(randomUUID());
    await Promise.all([1, 2, 3, 4].map((one) => session.addItems([user(`${one}`)])));
    const messages = tell();
    expect(messages.map(({ waitingTurns }) => waitingTurns)).toEqual([0, 1, 2, 3]);
    const sizes = messages.map(({ groupSize = 0 }) => groupSize);
    // each group of n has n turns that say so
    for (const size of sizes) expect(sizes.filter((one) => one === size).length % size).toBe(0);
    expect(Math.max(...sizes)).toBeGreaterThan(1);
  });

  test('calls of the store, and those that were refused before anything was sent', async () => {
    await using store = await openSessionStore(url());
    const id = `${randomUUID()}-a`;
    await store.sessions.update(id, { title: 'A' });
    await store.sessions.list({ limit: 1 });
    await store.sessions.retrieve(id);
    const signal = AbortSignal.abort();
    const session = store.session(id);
    await session.addItems([user('a')], undefined, { signal }).catch(() => undefined);
    await session.addItems([{ role: 'user', content: 5 } as never, 6 as never]).catch(() => undefined);
    await session.popItem({} as never, { wrong: 1 } as never).catch(() => undefined);
    const messages = tell();
    const unwritten = { outcome: 'unwritten', rowsWritten: 0 };
    expect(messages).toMatchObject([
      { operation: 'sessions.update', outcome: 'stored' },
      { operation: 'sessions.list', sessionId: undefined },
      { operation: 'sessions.retrieve', rowsRead: 1, sessionId: id },
      { operation: 'addItems', error: 'ABORTED', ...unwritten },
      { operation: 'addItems', error: 'TypeError', ...unwritten },
      { operation: 'popItem', error: 'TypeError', ...unwritten },
    ]);
    expect(messages[1]?.rowsRead).toBeGreaterThan(0);
    for (const { ms, waiting } of messages.slice(3)) expect(waiting).toBe(ms);
  });
}

/** For engines whose stores begin transactions. */
function withTransactions(url: () => string): void {
  test('inside a transaction each call is told, and then the transaction', async () => {
    await using store = await openSessionStore(url());
    const id = randomUUID();
    await store.transaction(async (tx) => {
      await tx.session(id).addItems([user('a')]);
      await tx.session(id).getItems();
    });
    const broken = store.transaction(async (tx) => {
      await tx.session(id).popItem();
      throw new RangeError('no');
    });
    await expect(broken).rejects.toThrow(RangeError);
    expect(tell()).toMatchObject([
      { operation: 'addItems', outcome: 'uncommitted', rowsWritten: 1, sessionId: id },
      { operation: 'getItems', rowsRead: 1 },
      { operation: 'transaction', outcome: 'stored', sessionId: undefined },
      { operation: 'popItem', outcome: 'uncommitted', rowsRead: 1 },
      { operation: 'transaction', outcome: 'unwritten', error: 'RangeError' },
    ]);
    expect(await store.session(id).getItems()).toHaveLength(1);
  });
}

describe('memory', () => everywhere(() => 'memory:'));
describe('sqlite', () => {
  const url = () => `sqlite:${join(folder, 'diagnostics.db')}`;
  everywhere(url);
  withTransactions(url);

  test('the engine and the table', async () => {
    await using store = await openSessionStore(url(), { tables: { messages: 'notes' } });
    await store.session('a').getItems();
    expect(tell()).toMatchObject([{ engine: 'sqlite', table: 'notes' }]);
  });
});

describeEngine(['postgres:18', 'mysql', 'mariadb:10.11'], ({ engine, url, server }) => {
  everywhere(() => url);
  withTransactions(() => url);

  test('a lost connection: what was made again, and what is not known', async () => {
    await using proxy = await startProxy(server, { protocol: engine });
    await using store = await openSessionStore(proxy.url(url), { retryDelay: 10 });
    const session = store.session(randomUUID());
    await session.getItems();
    const write = engine === 'postgres' ? /insert/i : /\bcommit$/i;
    proxy.cut({ when: 'answered', sql: /select/i });
    await session.getItems();
    proxy.cut({ when: 'answered', sql: write });
    await session.addItems([user('a')], undefined, { operationId: 'once' });
    proxy.cut({ when: 'answered', sql: write });
    await session.addItems([user('b')]).catch(() => undefined);
    expect(proxy.cuts).toBe(3);
    const unknown = { outcome: 'unknown', error: 'OUTCOME_UNKNOWN' };
    expect(tell()).toMatchObject([
      { table: 'agent_messages', operation: 'getItems', retries: 0 },
      { operation: 'getItems', retries: 1 },
      { operation: 'addItems', retries: 1, rowsWritten: 1, groupSize: 1, outcome: 'stored' },
      { operation: 'addItems', retries: 0, rowsWritten: 1, groupSize: 1, ...unknown },
    ]);
  });

  test('the time for which a call waits for a connection, and for calls before it', async () => {
    await using store = await openSessionStore(url, { max: 1 });
    const session = store.session(randomUUID());
    const pause = 100;
    let calls: Promise<unknown>[] = [];
    await store.transaction(async () => {
      calls = outside(store, session.sessionId);
      await new Promise((resolve) => setTimeout(resolve, pause));
    });
    await Promise.all(calls);
    const messages = tell().filter(({ operation }) => operation !== 'transaction');
    expect(messages).toHaveLength(3);
    for (const { ms, waiting } of messages) {
      expect(waiting).toBeGreaterThan(pause - 10);
      expect(ms).toBeGreaterThan(waiting);
    }
  });
});

/** Calls that are made beside a transaction. */
function outside(store: SessionStore, id: string): Promise<unknown>[] {
  const session = store.session(id);
  return [
    session.addItems([user('a')]),
    session.getItems(),
    store.session(randomUUID()).addItems([user('b')]),
  ];
}
