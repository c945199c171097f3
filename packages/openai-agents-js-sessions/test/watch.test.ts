// Promise: New items as they are committed.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AgentInputItem } from '@openai/agents-core';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import {
  type HistoryItem,
  OPERATION_CHANNEL,
  openSessionStore,
  type SessionChanged,
  type SessionStore,
} from '../src/index.js';

/** In ms. */
const OFTEN = { interval: 20 };

const say = (text: string): AgentInputItem => ({ role: 'user', content: text });
const textOf = ({ item }: HistoryItem) => (item as { content: string }).content;

/** Reads a watch in the background, and lets wait for what it has seen. */
function reading<One>(watch: AsyncGenerator<One, void, void>) {
  const seen: One[] = [];
  let news = Promise.withResolvers<void>();
  const ended = (async () => {
    for await (const one of watch) {
      seen.push(one);
      news.resolve();
      news = Promise.withResolvers();
    }
  })();
  return {
    seen,
    async until(isEnough: (seen: readonly One[]) => boolean): Promise<void> {
      while (!isEnough(seen)) await Promise.race([news.promise, ended]);
    },
  };
}

const tells = (id: string) => (changes: readonly SessionChanged[]) => changes.some((one) => one.id === id);

/** A transaction that adds a turn and is not committed before `commit` is called. */
async function openTurn(store: SessionStore, id: string, ...texts: string[]) {
  const added = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const done = store.transaction(async (tx) => {
    await tx.session(id).addItems(texts.map(say));
    added.resolve();
    await end.promise;
  });
  await Promise.race([added.promise, done]);
  return {
    commit() {
      end.resolve();
      return done;
    },
  };
}

async function killConnections(url: string): Promise<void> {
  const { protocol, pathname } = new URL(url);
  const database = pathname.slice(1);
  if (protocol.startsWith('postgres')) {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
      [database],
    );
    await client.end();
    return;
  }
  const connection = await mysql.createConnection(url.replace(/^mariadb:/, 'mysql:'));
  const [rows] = await connection.query('SHOW PROCESSLIST');
  for (const { Id, db } of rows as { Id: number; db: string | null }[])
    if (db === database && Id !== connection.threadId)
      await connection.query('KILL ?', [Id]).catch(() => undefined); // it may be gone by itself
  await connection.end();
}

describeEngine(['postgres', 'mysql', 'mariadb'], (suite) => {
  test('a turn that is committed late comes late, and none behind it is lost or comes before it', async () => {
    await using store = await openSessionStore(suite.url);
    await using other = await openSessionStore(suite.url);
    const end = new AbortController();
    const how = { ...OFTEN, signal: end.signal };
    await store.session('slow').addItems([say('first')]);
    const items = reading(store.session('slow').watch(how));
    const changes = reading(store.watch(how));
    await items.until(({ length }) => length === 1);
    await changes.until(tells('slow'));
    const told = changes.seen.length;

    const turn = await openTurn(other, 'slow', 'a', 'b');
    const behind = store.session('slow').addItems([say('behind')]); // waits for the lock of the conversation
    await other.session('quick').addItems([say('meanwhile')]); // has greater ids, and is there first
    await changes.until(tells('quick'));
    await turn.commit();
    await behind;
    await items.until(({ length }) => length === 4);
    expect(items.seen.map(textOf)).toEqual(['first', 'a', 'b', 'behind']);
    await changes.until((seen) => tells('slow')(seen.slice(told)));
    expect(items.seen).toEqual((await store.session('slow').history()).data);
    end.abort();
  });

  test('connections that are killed cost no item and double none', async () => {
    await using store = await openSessionStore(suite.url);
    await using writer = await openSessionStore(suite.url, { maxRetries: 10 });
    const end = new AbortController();
    const items = reading(store.session('killed').watch({ ...OFTEN, signal: end.signal }));
    const changes = reading(store.watch({ ...OFTEN, signal: end.signal }));
    const texts: string[] = [];
    for (let round = 0; round < 4; round++) {
      for (let turn = 0; turn < 5; turn++) {
        const text = `${round}.${turn}`;
        texts.push(text);
        await writer.session('killed').addItems([say(text)], undefined, { operationId: text });
      }
      await items.until(({ length }) => length > round * 5);
      await killConnections(suite.url);
    }
    await items.until(({ length }) => length === texts.length);
    expect(items.seen.map(textOf)).toEqual(texts);
    const told = changes.seen.length;
    await writer.session('killed').addItems([say('last')], undefined, { operationId: 'last' });
    await changes.until((seen) => tells('killed')(seen.slice(told)));
    end.abort();
  });
});

describe('SQLite', () => {
  test('what another connection adds to the file comes once, in its order', async () => {
    const url = `sqlite:${join(temporaryFolder(), 'sessions.db')}`;
    await using store = await openSessionStore(url);
    await using other = await openSessionStore(url);
    const end = new AbortController();
    const items = reading(store.session('chat').watch({ ...OFTEN, signal: end.signal }));
    const changes = reading(store.watch({ ...OFTEN, signal: end.signal }));
    const turn = await openTurn(other, 'chat', 'a', 'b');
    await turn.commit();
    await items.until(({ length }) => length === 2);
    await store.session('chat').addItems([say('c')]);
    await items.until(({ length }) => length === 3);
    expect(items.seen.map(textOf)).toEqual(['a', 'b', 'c']);
    await changes.until(tells('chat'));
    end.abort();
  });

  test('rows that are no items are passed over once', async () => {
    const url = `sqlite:${join(temporaryFolder(), 'sessions.db')}`;
    await using store = await openSessionStore(url);
    const warnings: string[] = [];
    store.on('warning', ({ code }) => warnings.push(code));
    await store.session('chat').addItems([say('a'), say('b')]);
    using file = new DatabaseSync(url.slice('sqlite:'.length));
    file.exec("UPDATE agent_messages SET message_data = 'no item'");
    const end = new AbortController();
    const items = reading(store.session('chat').watch({ ...OFTEN, signal: end.signal }));
    for (const text of ['c', 'd']) {
      await store.session('chat').addItems([say(text)]);
      await items.until((seen) => seen.map(textOf).includes(text));
    }
    end.abort();
    expect(items.seen.map(textOf)).toEqual(['c', 'd']);
    expect(warnings).toEqual(['CORRUPT_ITEM', 'CORRUPT_ITEM']);
  });
});

test('an idle watch is one statement an interval, whatever stands in the conversation', async () => {
  const url = `sqlite:${join(temporaryFolder(), 'sessions.db')}`;
  await using store = await openSessionStore(url);
  await store.session('chat').addItems(Array.from({ length: 50 }, (_, n) => say(`${n}`)));
  const operations: string[] = [];
  const note = (message: unknown) => void operations.push((message as { operation: string }).operation);
  const end = new AbortController();
  const newest = (await store.session('chat').history({ limit: 1 })).data[0]?.id;
  subscribe(OPERATION_CHANNEL, note);
  const items = reading(store.session('chat').watch({ after: newest, interval: 50, signal: end.signal }));
  await new Promise((resolve) => setTimeout(resolve, 500));
  end.abort();
  unsubscribe(OPERATION_CHANNEL, note);
  expect(items.seen).toEqual([]);
  expect(operations.length).toBeGreaterThan(1);
  expect(operations.length).toBeLessThanOrEqual(11);
  expect(new Set(operations)).toEqual(new Set(['watch']));
});
