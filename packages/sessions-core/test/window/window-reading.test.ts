import { randomBytes } from 'node:crypto';
import type { AgentInputItem } from '@openai/agents-core';
import { expect, test } from 'vitest';
import { encodeItems, type SessionBackend, type StoredRow } from '../../src/backend.js';
import {
  type SessionOptions,
  SessionStore,
  type SessionWarning,
  type SessionWindow,
  type StoreOptions,
} from '../../src/index.js';
import { createToyBackend } from '../conformance/toy-backend.mjs';

const question = (text: string): AgentInputItem => ({ role: 'user', content: text });
const answer = (text: string): AgentInputItem => ({
  type: 'message',
  role: 'assistant',
  status: 'completed',
  content: [{ type: 'output_text', text }],
});

const CALL: AgentInputItem = { type: 'function_call', callId: 'c', name: 'f', arguments: '{}' };
const RESULT: AgentInputItem = {
  type: 'function_call_result',
  callId: 'c',
  name: 'f',
  status: 'completed',
  output: 'ok',
};

/** A conversation of turns with a question and two answers. */
function turns(count: number, text = ''): AgentInputItem[] {
  return Array.from({ length: count }, (_, at) => [
    question(`q${at}${text}`),
    answer(`a${at}${text}`),
    answer(`b${at}`),
  ]).flat();
}

const KEY = randomBytes(32).toString('base64');

/** A store that tells which pages were read from its backend. */
function countingStore(options?: StoreOptions) {
  const pages: (readonly StoredRow[])[] = [];
  const limits: (number | undefined)[] = [];
  const backend: SessionBackend = createToyBackend();
  const { read } = backend;
  backend.read = async (sessionId, limit, before) => {
    const rows = await read(sessionId, limit, before);
    limits.push(limit);
    pages.push(rows);
    return rows;
  };
  const store = new SessionStore({ name: 'toy', supports: backend.supports, open: () => backend }, options);
  const warnings: SessionWarning[] = [];
  store.on('warning', (warning) => warnings.push(warning));
  const rowsRead = () => pages.reduce((sum, { length }) => sum + length, 0);
  return { store, backend, pages, limits, warnings, rowsRead };
}

const one = () => 1;
const SIZES = [1, 7, 16, 20, 64, 150, 400, 1000];
const WINDOWS: readonly SessionWindow[] = SIZES.flatMap((size): SessionWindow[] => [
  { items: size },
  { turns: size },
  { tokens: size, count: one },
  { items: size, turns: 2 * size, tokens: 3 * size, count: one },
]);

test.each<[string, StoreOptions]>([
  ['as it is', {}],
  ['encrypted', { encryption: { key: KEY } }],
])('rows read stay below twice the rows returned and 64: %s', async (_kind, options) => {
  const { store, rowsRead, pages } = countingStore(options);
  const history = turns(1200);
  await store.session('a').addItems(history);
  for (const window of WINDOWS) {
    pages.length = 0;
    const items = await store.session('a', { window }).getItems();
    expect(items.length).toBeGreaterThan(0);
    expect(items).toEqual(history.slice(-items.length));
    expect(rowsRead()).toBeLessThanOrEqual(2 * items.length + 64);
  }
});

test('rows of another key are passed over as well; if none opens, that is an error', async () => {
  const { store, backend, rowsRead, pages, warnings } = countingStore({ encryption: { key: KEY } });
  const other = countingStore({ encryption: { key: randomBytes(32).toString('base64') } });
  await store.session('a').addItems(turns(100));
  await other.store.session('a').addItems(turns(30));
  const foreign = await other.backend.read('a');
  await backend.append([{ sessionId: 'a', texts: foreign.map(({ text }) => text) }]);
  pages.length = 0;
  const items = await store.session('a', { window: { turns: 10 } }).getItems();
  await Promise.resolve();
  expect(items).toEqual(turns(100).slice(-30));
  expect(warnings.map(({ code }) => code)).toEqual(foreign.map(() => 'DECRYPTION_FAILED'));
  expect(rowsRead()).toBeLessThanOrEqual(2 * (30 + foreign.length) + 64);
  await backend.append([{ sessionId: 'b', texts: foreign.map(({ text }) => text) }]);
  await expect(store.session('b', { window: { turns: 10 } }).getItems()).rejects.toMatchObject({
    code: 'DECRYPTION_FAILED',
  });
});

test.each([{}, { encryption: { key: KEY } }])('answers are told by what they say: %#', async (options) => {
  const { store } = countingStore(options);
  const session = store.session('a', { window: { items: 1 } });
  await session.addItems([CALL]);
  await session.addItems([RESULT]);
  await session.addItems([RESULT]);
  expect(await store.session('a').getItems()).toEqual([CALL, RESULT]);
});

test('rows that are no items count as returned: each is passed over, with a warning', async () => {
  const { store, backend, rowsRead, pages, warnings } = countingStore();
  const session = store.session('a');
  const history = turns(300);
  const texts = encodeItems(history).flatMap((text, at) => [
    text,
    ...Array.from({ length: at % 5 === 0 ? 3 : 0 }, () => 'broken'),
  ]);
  await backend.append([
    { sessionId: 'a', texts: [...texts, ...Array.from({ length: 500 }, () => 'broken')] },
  ]);
  expect(await session.getItems(1)).toEqual(history.slice(-1));
  for (const window of WINDOWS) {
    pages.length = 0;
    warnings.length = 0;
    const items = await store.session('a', { window }).getItems();
    await Promise.resolve();
    expect(items).toEqual(history.slice(-items.length));
    expect(warnings.length).toBeGreaterThanOrEqual(500);
    expect(rowsRead()).toBeLessThanOrEqual(2 * (items.length + warnings.length) + 64);
    expect(pages.length).toBeLessThan(12);
  }
});

test('with onCorruptItem "throw" a row that is no item is refused, unless it is older than the window', async () => {
  const { store, backend } = countingStore({ onCorruptItem: 'throw' });
  await backend.append([{ sessionId: 'a', texts: ['broken', ...encodeItems(turns(2))] }]);
  expect(await store.session('a', { window: { turns: 2 } }).getItems()).toHaveLength(6);
  await expect(store.session('a', { window: { turns: 3 } }).getItems()).rejects.toMatchObject({
    code: 'CORRUPT_ITEM',
  });
});

test('pages shrink where rows are long, and are never longer than 1000 rows', async () => {
  const long = countingStore();
  await long.store.session('a').addItems(turns(80, 'x'.repeat(500_000)));
  expect(await long.store.session('a', { window: { items: 200 } }).getItems()).toHaveLength(200);
  // 16 rows of which nothing was known, then 4,000,000 characters at most, by the mean of those before
  expect(long.limits[0]).toBe(16);
  const lengths = long.pages.slice(1).map((page) => page.reduce((sum, { text }) => sum + text.length, 0));
  expect(Math.max(...lengths)).toBeLessThan(5_000_000);
  const short = countingStore();
  await short.store.session('a').addItems(turns(1500));
  expect(await short.store.session('a', { window: { items: 4400 } }).getItems()).toHaveLength(4400);
  expect(Math.max(...short.limits.map(Number))).toBe(1000);
});

test('count is called once an item, with what is returned', async () => {
  const { store } = countingStore();
  const history = turns(100);
  await store.session('a').addItems(history);
  const counted: AgentInputItem[] = [];
  const count = (item: AgentInputItem) => counted.push(item) * 0 + 1;
  const items = await store.session('a', { window: { tokens: 200, count } }).getItems();
  expect(items).toHaveLength(200);
  expect(counted.toReversed().slice(1)).toEqual(items);
  expect(new Set(counted).size).toBe(counted.length);
});

test('a count that fails makes the read fail, and changes nothing', async () => {
  const { store } = countingStore();
  await store.session('a').addItems(turns(1));
  const failing = (count: () => number) => store.session('a', { window: { tokens: 5, count } }).getItems();
  await expect(failing(() => Number.NaN)).rejects.toThrow(TypeError);
  const error = new Error('no tokenizer');
  await expect(
    failing(() => {
      throw error;
    }),
  ).rejects.toBe(error);
});

test('what is not getItems() without a limit ignores the window', async () => {
  const { store } = countingStore();
  const history = turns(4);
  const session = store.session('a', { window: { items: 1 } });
  await session.addItems(history);
  expect(await session.getItems()).toEqual(history.slice(-1));
  expect(await session.getItems(undefined)).toEqual(history.slice(-1));
  expect(await session.getItems(5)).toEqual(history.slice(-5));
  expect(await session.getItems(Number.POSITIVE_INFINITY)).toEqual(history);
  expect(await session.getItems(Number.NaN)).toEqual(history);
  expect(await store.session('a').getItems()).toEqual(history);
  const replaced = question('instead');
  const transaction = {
    type: 'replace_suffix',
    expectedSuffix: history.slice(-3),
    replacement: [replaced],
  } as const;
  await session.applyHistoryTransaction({
    operationId: 'o',
    transaction: { ...transaction, expectedSuffix: [...transaction.expectedSuffix], replacement: [replaced] },
  });
  expect(await session.getItems(Number.POSITIVE_INFINITY)).toEqual([...history.slice(0, -3), replaced]);
  expect(await session.popItem()).toEqual(replaced);
  expect(await session.popItem()).toEqual(history.at(-4));
  await session.clearSession();
  expect(await store.session('a').getItems()).toEqual([]);
});

test('a compaction by the runner removes nothing that a window hides', async () => {
  const { store } = countingStore();
  const history = turns(4);
  const session = store.session('a', { window: { turns: 1 } });
  await session.addItems(history);
  const marker: AgentInputItem = { type: 'compaction', encrypted_content: 'x' };
  await session.replaceHistoryWithCompaction([marker, answer('after')]);
  expect(await session.getItems()).toEqual([marker, answer('after')]);
  expect(await store.session('a').getItems()).toEqual([...history, marker, answer('after')]);
});

test('an answer to an earlier call is stored once, other items as often as they come', async () => {
  const { store } = countingStore();
  const session = store.session('a', { window: { items: 1 } });
  await session.addItems([CALL]);
  await session.addItems([RESULT]);
  await session.addItems([RESULT]);
  await session.addItems([question('Hello?')]);
  await session.addItems([question('Hello?')]);
  await session.addItems([CALL, RESULT]);
  await session.addItems([CALL, RESULT]);
  const kinds = (await store.session('a').getItems()).map((item) => item.type ?? 'message');
  const pair = ['function_call', 'function_call_result'];
  expect(kinds).toEqual([...pair, 'message', 'message', ...pair, ...pair]);
  await store.session('b').addItems([CALL, RESULT]);
  await store.session('b').addItems([RESULT]);
  expect(await store.session('b').getItems()).toHaveLength(3); // without a window the runner sees it itself
});

test.each([
  { window: {} },
  { window: 5 },
  { window: null },
  { windows: { turns: 1 } },
  { window: { turn: 1 } },
])('the option %j is refused', (options) => {
  const { store } = countingStore();
  expect(() => store.session('a', options as SessionOptions)).toThrow(TypeError);
});

test('the window is copied: what the application does to its object later changes nothing', async () => {
  const { store } = countingStore();
  const window = { items: 2 };
  const session = store.session('a', { window });
  await session.addItems(turns(2));
  window.items = 1;
  expect(await session.getItems()).toHaveLength(2);
});
