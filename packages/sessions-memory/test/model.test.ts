import { type AgentInputItem, MemorySession } from '@openai/agents-core';
import {
  modelRuns,
  modelTimeout,
  playConversations,
  playModel,
  REFUSED,
  reasoningAsKept,
} from '@stackone/model-test';
import { SessionStore } from '@stackone/sessions-core';
import { expect, test } from 'vitest';
import { MEMORY_SUPPORT, MemoryBackend } from '../src/backend.js';
import { MemorySessionStore } from '../src/index.js';

const RUNS = modelRuns(1000);

test('behaves as MemorySession does', { timeout: modelTimeout(RUNS) }, async () => {
  const backend = new MemoryBackend();
  const open = () =>
    new SessionStore({ name: 'memory', supports: MEMORY_SUPPORT, open: () => backend }).on(
      'warning',
      () => {},
    );
  const insertRaw = (sessionId: string, text: string) => backend.append([{ sessionId, texts: [text] }]);
  await playModel('memory', { stores: [open(), open()], insertRaw }, RUNS);
});

test('behaves so with rows of the Responses API', { timeout: modelTimeout(RUNS) }, async () => {
  const backend = new MemoryBackend();
  const open = () =>
    new SessionStore(
      { name: 'memory', supports: MEMORY_SUPPORT, open: () => backend },
      { itemFormat: 'responses' },
    ).on('warning', () => {});
  const insertRaw = (sessionId: string, text: string) => backend.append([{ sessionId, texts: [text] }]);
  const stores = [open(), open()] as const;
  await playModel('memory, responses', { stores, insertRaw, asKept: reasoningAsKept }, RUNS);
});

test('conversations as objects behave as a model in memory does', {
  timeout: modelTimeout(RUNS),
}, async () => {
  const backend = new MemoryBackend();
  const open = () => new SessionStore({ name: 'memory', supports: MEMORY_SUPPORT, open: () => backend });
  await playConversations('memory', [open(), open()], RUNS);
});

/** What becomes of an item in `MemorySession`, in the words of the list. */
async function inMemorySession(item: unknown): Promise<string> {
  const session = new MemorySession();
  try {
    await session.addItems([item as AgentInputItem]);
  } catch {
    return 'refuses it';
  }
  const [kept] = await session.getItems();
  if (Object.getOwnPropertySymbols(Object(item)).length > Object.getOwnPropertySymbols(Object(kept)).length) {
    return 'drops the key';
  }
  const content = (value: unknown) => (value as { content?: object } | null | undefined)?.content;
  const same = Object.getPrototypeOf(Object(content(item))) === Object.getPrototypeOf(Object(content(kept)));
  return same ? 'keeps it' : 'loses the class';
}

test.each(REFUSED)('a listed difference: $why', async ({ item, inMemorySession: expected }) => {
  expect(await inMemorySession(item)).toBe(expected);
  const session = new MemorySessionStore().session('a');
  await expect(session.addItems([item as AgentInputItem])).rejects.toThrow(
    /not a plain object|cannot be stored/,
  );
  expect(await session.getItems()).toEqual([]);
});

test('a listed difference: an empty id', async () => {
  expect(await new MemorySession({ sessionId: '' }).getSessionId()).toBe('');
  expect(() => new MemorySessionStore().session('')).toThrow(TypeError);
});
