// Promise: Moving.
// A copy that follows a store in use loses and doubles nothing.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import {
  copyStore,
  exportSessions,
  openSessionStore,
  type SessionRecord,
  type SessionStore,
} from '../src/index.js';

const newUrl = () => `sqlite:${join(temporaryFolder(), 'sessions.db')}`;

async function allOf(store: SessionStore): Promise<SessionRecord[]> {
  const records: SessionRecord[] = [];
  for await (const record of exportSessions(store)) records.push(record);
  return records.sort((one, other) => (one.id < other.id ? -1 : 1));
}

const user = (content: string) => ({ role: 'user' as const, content });

async function filled(url: string): Promise<SessionStore> {
  const store = await openSessionStore(url);
  for (let n = 0; n < 20; n++) await store.session(`chat_${n}`).addItems([user(`${n}`), user('second')]);
  return store;
}

/** Begins to copy, and hands over what ends it. */
function following(from: SessionStore, to: SessionStore) {
  const ending = new AbortController();
  let stored = 0;
  const done = copyStore(from, to, {
    follow: { cutOver: ending.signal, interval: 20 },
    onProgress: (progress) => {
      stored = progress.stored;
    },
  });
  return {
    done,
    end: () => ending.abort(),
    until: async (count: number) => {
      while (stored < count) await Promise.race([wait(10), done]);
    },
  };
}

/** With processes that write meanwhile. */
async function moveUnderLoad(url: string, to: SessionStore): Promise<void> {
  await using from = await filled(url);
  const writers = ['ada', 'bob'].map((name) =>
    fork(join(import.meta.dirname, 'programs/writer.mjs'), [url, name]),
  );
  await Promise.all(writers.map((writer) => once(writer, 'message')));
  const copy = following(from, to);
  await copy.until(120);
  for (const writer of writers) writer.send('end');
  await Promise.all(writers.map((writer) => once(writer, 'exit')));
  copy.end();
  expect(await copy.done).toMatchObject({ different: [], erased: [] });
  const records = await allOf(from);
  expect(records.length).toBeGreaterThan(20);
  expect(await allOf(to)).toEqual(records);
}

describeEngine('postgres:18', ({ url: postgres, server }) => {
  test('SQLite to PostgreSQL', async () => {
    await using to = await openSessionStore(postgres);
    await moveUnderLoad(newUrl(), to);
  });

  describeEngine('mysql', ({ url: mysql }) => {
    test('PostgreSQL to MySQL', async () => {
      await using to = await openSessionStore(mysql);
      await moveUnderLoad(server.url(await server.createDatabase()), to);
    });
  });
});

test('what leaves no trace in the order of turns is moved at the end: pops, titles, usage, removals', async () => {
  await using from = await filled(newUrl());
  await using to = await openSessionStore('memory:');
  const copy = following(from, to);
  await copy.until(20);
  await from.session('chat_1').popItem();
  await from.sessions.update('chat_2', { title: 'new', metadata: { a: 1 } });
  await from.sessions.delete({ ids: ['chat_3'] });
  await from.session('chat_4').clearSession();
  await from.session('chat_5').rewind((await from.session('chat_5').turns({ limit: 1 })).data[0]?.id ?? '');
  copy.end();
  await copy.done;
  expect(await allOf(to)).toEqual(await allOf(from));
  expect((await allOf(to)).map(({ id }) => id)).not.toContain('chat_3');
});

test('it ends by itself when nothing changes, and goes on where it was cut off', async () => {
  await using from = await filled(newUrl());
  await using to = await openSessionStore('memory:');
  const follow = { untilIdle: 0, interval: 1 };
  expect(await copyStore(from, to, { follow })).toMatchObject({ stored: 20, different: [] });
  await from.session('chat_1').addItems([user('third')]);
  await from.sessions.update('chat_2', { title: 'new' });
  expect(await copyStore(from, to, { follow })).toMatchObject({ stored: 2, different: [] });
  expect(await allOf(to)).toEqual(await allOf(from));
});

test('what others have in the other store is left alone, and named once', async () => {
  await using from = await filled(newUrl());
  await using to = await openSessionStore('memory:');
  await to.session('chat_1').addItems([user('mine')]);
  await to.session('own').addItems([user('mine')]);
  const copy = following(from, to);
  await copy.until(19);
  await from.session('chat_1').addItems([user('third')]);
  await from.session('chat_2').addItems([user('third')]);
  await copy.until(20);
  await to.session('chat_2').addItems([user('mine, too')]);
  await from.session('chat_2').addItems([user('fourth')]);
  copy.end();
  expect((await copy.done).different).toEqual([{ id: 'chat_1' }, { id: 'chat_2' }]);
  expect(await to.session('chat_1').getItems()).toEqual([user('mine')]);
  expect((await to.session('chat_2').getItems()).at(-1)).toEqual(user('mine, too'));
  expect(await to.session('own').getItems()).toEqual([user('mine')]);
});

test.each([{ interval: -1 }, { untilIdle: '1' }, { cutOver: true }, { other: 1 }])(
  'a TypeError: %j',
  async (follow) => {
    await using store = await openSessionStore('memory:');
    await expect(copyStore(store, store, { follow: follow as object })).rejects.toBeInstanceOf(TypeError);
  },
);
