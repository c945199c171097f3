// What a studio shows is the same on every database, and comes as it is added.
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createStudio } from '@stackone/sessions-studio';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { expect, test } from 'vitest';
import { openSessionStore, type SessionStore } from '../src/index.js';
import { fillStore } from './command-line/sample-database.js';

const PATHS = [
  'about',
  'sessions?by=id&order=asc&limit=2',
  'session?id=chat_123',
  'entries?id=chat_123',
  'entries?id=chat_123&limit=2',
  'next?id=chat_123',
  'next?id=chat_123&turns=1',
  'next?id=chat_123&items=3&toolOutputs=10',
  'session?id=nobody',
];

/** The answers, without times and ids of rows. */
async function answers(store: SessionStore): Promise<unknown[]> {
  const studio = createStudio(store, { authorize: () => true });
  return Promise.all(
    PATHS.map(async (path) => {
      const text = await (await studio(new Request(`http://localhost/api/${path}`))).text();
      return JSON.parse(text, (key, value) =>
        /^(createdAt|updatedAt|turn|nextCursor)$/.test(key) || (key === 'id' && /^\d+$/.test(value))
          ? ''
          : value,
      );
    }),
  );
}

const expected = await (async () => {
  await using store = await openSessionStore('memory:');
  await fillStore(store);
  return await answers(store);
})();

test('there is something to compare', () => {
  expect(expected[1]).toMatchObject({ data: [{ id: 'chat_123' }, { id: 'chat_456' }] });
  expect(expected[6]).toMatchObject({ handed: 2, hasOlder: false });
});

async function shows(url: string): Promise<void> {
  await using store = await openSessionStore(url);
  await using other = await openSessionStore(url);
  await fillStore(store);
  expect(await answers(store)).toEqual(expected);

  const studio = createStudio(store, { authorize: () => true });
  const lines = async function* (path: string) {
    const { body } = await studio(new Request(`http://localhost/api/${path}`));
    for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? [])
      for (const line of text.split('\n')) if (line !== '') yield JSON.parse(line);
  };
  const last = (await store.session('chat_123').history()).data.at(-1)?.id;
  const entries = lines(`watch?id=chat_123&after=${last}`);
  const next = entries.next();
  await other.session('chat_123').addItems([{ role: 'user', content: 'from elsewhere' }]);
  expect((await next).value).toMatchObject({ item: { content: 'from elsewhere' } });
  await entries.return(undefined);
  for await (const { id } of lines('changes')) if (id === 'chat_123') break;
}

/** In ms: how soon a turn of another process is shown. The database is asked each 500 ms. */
const SOON = { sqlite: 1000, postgres: 1000, mysql: 2000, mariadb: 2000 } as const;

/** The shortest of several waits: a busy machine makes some of them longer, and none shorter. */
async function soonest(url: string): Promise<number> {
  await using store = await openSessionStore(url);
  await using other = await openSessionStore(url, { maxRetries: 2 }); // connections of its own
  await other.session('chat_soon').addItems([{ role: 'user', content: 'first' }]);
  const studio = createStudio(store, { authorize: () => true });
  const end = new AbortController();
  const { body } = await studio(
    new Request('http://localhost/api/watch?id=chat_soon', { signal: end.signal }),
  );
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  const shows = async (text: string) => {
    for (let told = ''; !told.includes(text); ) told += (await reader?.read())?.value ?? '';
  };
  await shows('first');
  let shortest = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 5; turn++) {
    await setTimeout(turn * 70); // not always at the same time between two looks
    const content = `turn ${turn} of another`;
    await other.session('chat_soon').addItems([{ role: 'user', content }]);
    const began = performance.now();
    await shows(content);
    shortest = Math.min(shortest, performance.now() - began);
  }
  end.abort();
  return shortest;
}

test('a turn of another process is shown soon: SQLite', async () => {
  expect(await soonest(`sqlite:${join(temporaryFolder(), 'soon.db')}`)).toBeLessThan(SOON.sqlite);
});

describeEngine(['postgres', 'mysql', 'mariadb'], (suite) => {
  test('a studio shows it', () => shows(suite.url));
  test('a turn of another process is shown soon', async () => {
    expect(await soonest(suite.url)).toBeLessThan(SOON[suite.engine as keyof typeof SOON]);
  });
});
