import type { AgentInputItem } from '@openai/agents-core';
import { MemorySessionStore } from '@stackone/sessions-memory';
import { expect, test } from 'vitest';
import { createStudio, serveStudio } from '../src/index.js';
import type { EntriesPage, NextRun, Refused } from '../src/wire.js';
import { assistant, sampleStore, user } from './sample.ts';

type Store = Awaited<ReturnType<typeof sampleStore>>;

const ask = (store: Store, path: string, signal?: AbortSignal) =>
  createStudio(store, { authorize: () => true })(
    new Request(`http://localhost/api/${path}`, { signal: signal ?? null }),
  );
const read = async <Answer>(store: Store, path: string) => (await (await ask(store, path)).json()) as Answer;

const call = (callId: string): AgentInputItem => ({
  type: 'function_call',
  callId,
  name: 'f',
  arguments: '{}',
  status: 'completed',
});
const result = (callId: string): AgentInputItem => ({
  type: 'function_call_result',
  callId,
  name: 'f',
  status: 'completed',
  output: 'x'.repeat(100),
});

test('the next run is what getItems() of a session with the window gives, item by item', async () => {
  const store = new MemorySessionStore();
  const items = [
    user('a'),
    call('1'),
    result('1'),
    assistant('A'),
    user('b'),
    call('2'),
    result('2'),
    assistant('B'),
  ];
  await store.session('chat').addItems(items);
  for (const [query, window] of [
    ['turns=1', { turns: 1 }],
    ['items=2', { items: 2 }],
    ['items=3', { items: 3 }],
    ['turns=2&toolOutputs=10', { turns: 2, toolOutputs: { newest: 0, maxCharacters: 10 } }],
    ['items=1000', { items: 1000 }],
  ] as const) {
    const handed = await store.session('chat', { window }).getItems();
    const next = await read<NextRun>(store, `next?id=chat&${query}`);
    expect(next.handed).toBe(handed.length);
    const shown = next.entries.filter(({ fate }) => fate === 'handed' || fate === 'shortened');
    expect(shown).toHaveLength(handed.length);
    for (const [at, { entry, fate }] of shown.entries()) {
      if (fate === 'handed') expect(entry.item).toEqual(handed[at]);
      else expect(entry.item).not.toEqual(handed[at]);
    }
    expect(next.entries.map(({ entry }) => entry.item)).toEqual(items);
  }
});

test('why an item is left out', async () => {
  const store = new MemorySessionStore();
  await store.session('chat').addItems([user('a'), call('1'), user('b'), result('1'), assistant('B')]);
  const fates = async (query: string) =>
    (await read<NextRun>(store, `next?id=chat&${query}`)).entries.map(({ fate }) => fate);
  expect(await fates('turns=1')).toEqual(['older', 'older', 'handed', 'unpaired', 'handed']);
  expect(await fates('')).toEqual(['handed', 'handed', 'handed', 'handed', 'handed']);
  await store.session('chat').addItems([{ type: 'compaction', encrypted_content: 'x' }, user('c')]);
  expect(await fates('')).toEqual([
    'compacted',
    'compacted',
    'compacted',
    'compacted',
    'compacted',
    'handed',
    'handed',
  ]);
});

test('a window that is deep in a long conversation', async () => {
  const store = new MemorySessionStore();
  const items = Array.from({ length: 3000 }, (_, at) => user(`${at}`));
  await store.session('chat').addItems(items);
  const next = await read<NextRun>(store, 'next?id=chat&items=1000');
  expect(next).toMatchObject({ handed: 1000, hasOlder: true });
  expect(next.entries.filter(({ fate }) => fate === 'handed')).toHaveLength(1000);
  expect(next.entries.length).toBeLessThanOrEqual(1100);
});

test('long texts are cut, and read as a whole one by one', async () => {
  const store = await sampleStore();
  const page = await read<EntriesPage>(store, 'entries?id=chat_123');
  const cut = page.data.filter(({ isCut }) => isCut);
  expect(cut).toHaveLength(2);
  expect(JSON.stringify(page).length).toBeLessThan(10_000);
  const at = page.data.findIndex(({ isCut }) => isCut);
  const whole = await read<EntriesPage>(store, `entries?id=chat_123&whole=1&before=${page.data[at + 1]?.id}`);
  expect(whole.data[0]).toMatchObject({ id: page.data[at]?.id, isCut: false });
  const [item] = (await store.session('chat_123').getItems()).slice(at);
  expect(whole.data[0]?.item).toEqual(item);
});

test('a conversation is read page by page', async () => {
  const store = new MemorySessionStore();
  await store.session('chat').addItems(Array.from({ length: 250 }, (_, at) => user(`${at}`)));
  const newest = await read<EntriesPage>(store, 'entries?id=chat');
  expect([newest.data.length, newest.hasMore]).toEqual([100, true]);
  const older = await read<EntriesPage>(store, `entries?id=chat&before=${newest.data[0]?.id}&limit=200`);
  expect([older.data.length, older.hasMore]).toEqual([150, false]);
  const newer = await read<EntriesPage>(store, `entries?id=chat&after=${older.data.at(-1)?.id}&limit=99`);
  expect(newer.data).toEqual(newest.data.slice(0, 99));
  expect(newer.hasMore).toBe(true);
});

test.each([
  ['entries', 400],
  ['entries?id=chat&limit=0', 400],
  ['entries?id=chat&limit=1.5', 400],
  ['entries?id=chat&before=nowhere', 404],
  ['session?id=nobody', 404],
  ['session?id=$tenant:4:acme:of_acme', 400],
  ['sessions?by=size', 400],
  ['sessions?after=nowhere', 400],
  ['next?id=chat&turns=-1', 400],
  ['nothing', 404],
])('%s is refused with %d and a reason', async (path, status) => {
  const store = await sampleStore();
  const answer = await ask(store, path);
  expect(answer.status).toBe(status);
  const { error } = (await answer.json()) as Refused;
  expect(error.message).toMatch(/^.{15,}\.$/s);
});

test('what comes is told until who asked is gone, and the watch ends then', async () => {
  const store = await sampleStore();
  const end = new AbortController();
  const { body } = await ask(store, 'watch?id=other_1', end.signal);
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (text.split('\n').length < 4) text += (await reader?.read())?.value ?? '';
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).item),
  ).toEqual([user('Hello'), assistant('Hello!')]);
  const rest = reader?.read();
  end.abort();
  await expect(Promise.race([rest, store.close().then(() => 'closed')])).resolves.toBeDefined();
});

test('a studio is mounted under a path', async () => {
  const store = await sampleStore();
  const studio = createStudio(store, { authorize: () => true, basePath: '/tools/studio/' });
  const get = (path: string) => studio(new Request(`http://localhost${path}`));
  expect(await (await get('/tools/studio')).text()).toContain('"./studio/studio.js"');
  expect(await (await get('/tools/studio/')).text()).toContain('./studio.js');
  expect((await get('/tools/studio/studio.js')).headers.get('content-type')).toContain('javascript');
  expect(await (await get('/tools/studio/licenses.md')).text()).toMatch(
    /preact.*Permission is hereby granted/s,
  );
  expect((await get('/tools/studio/api/about')).status).toBe(200);
  for (const path of ['/', '/api/about', '/studio.js']) expect((await get(path)).status).toBe(404);
});

test('what serves a studio listens on this machine alone, and can be closed while it is watched', async () => {
  const store = await sampleStore();
  await expect(serveStudio(store, { port: -1 })).rejects.toThrow(TypeError);
  await expect(serveStudio(store, { host: '0.0.0.0' } as never)).rejects.toThrow('host');
  const studio = await serveStudio(store, { tenant: 'acme' });
  const { hostname, hash, origin } = new URL(studio.url);
  expect(hostname).toBe('127.0.0.1');
  const token = new URLSearchParams(hash.slice(1)).get('token');
  expect(token).toMatch(/^[\w-]{43}$/);
  const headers = { authorization: `Bearer ${token}` };
  expect(await (await fetch(`${origin}/api/sessions`, { headers })).text()).toContain('of_acme');
  for (const wrong of ['', 'Bearer', `Bearer ${token}x`, `Bearer ${token?.slice(1)}`, `${token}`])
    expect((await fetch(`${origin}/api/sessions`, { headers: { authorization: wrong } })).status).toBe(401);
  const { body } = await fetch(`${origin}/api/changes`, { headers });
  await body?.getReader().read();
  await studio.close();
  await expect(fetch(`${origin}/api/about`, { headers })).rejects.toThrow();
});
