import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import { expect, test, vi } from 'vitest';
import type { SessionBackend } from '../../src/backend.js';
import {
  OPERATION_CHANNEL,
  type OperationMessage,
  SessionError,
  SessionStore,
  type SessionWarning,
  type StoreOptions,
} from '../../src/index.js';
import { createToyBackend } from '../conformance/toy-backend.mjs';

const hello: AgentInputItem = { role: 'user', content: 'hello' };

function toyStore(options: StoreOptions = {}, change: (backend: SessionBackend) => void = () => {}) {
  const backend: SessionBackend = createToyBackend();
  change(backend);
  const open = vi.fn((): SessionBackend | Promise<SessionBackend> => backend);
  const close = vi.spyOn(backend, 'close');
  const store = new SessionStore({ name: 'toy', supports: backend.supports, open }, options);
  return { backend, open, close, store };
}

test('making a store or a session does nothing; the first calls share one opening', async () => {
  const { store, open } = toyStore();
  const [one, other] = [store.session('a'), store.session('b')];
  expect(open).not.toHaveBeenCalled();
  await Promise.all([one.addItems([hello]), other.addItems([hello]), store.open()]);
  expect(open).toHaveBeenCalledTimes(1);
});

test('a failed opening is forgotten and tried again by the next call', async () => {
  const { store, open, backend } = toyStore();
  open.mockRejectedValueOnce(new SessionError('CONNECTION_FAILED', 'no server'));
  await expect(store.session('a').addItems([hello])).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
  await store.session('a').addItems([hello]);
  expect(open).toHaveBeenCalledTimes(2);
  expect(await backend.read('a')).toHaveLength(1);
});

test('close waits for the calls under way, ends the backend once, and refuses every later call', async () => {
  const { store, close, backend } = toyStore();
  const session = store.session('a');
  const added = session.addItems([hello]);
  const closing = store.close();
  await expect(session.getItems()).rejects.toMatchObject({ code: 'CLOSED' });
  await closing;
  await added;
  expect(await backend.read('a')).toHaveLength(1);
  await store.close();
  await store[Symbol.asyncDispose]();
  expect(close).toHaveBeenCalledTimes(1);
  for (const call of [
    session.addItems([hello]),
    session.getItems(),
    session.getItems(0),
    session.popItem(),
    session.clearSession(),
    store.open(),
  ]) {
    await expect(call).rejects.toMatchObject({ code: 'CLOSED' });
  }
  expect(() => store.with({})).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  expect(await session.getSessionId()).toBe('a');
});

test('a store that was never opened closes without opening', async () => {
  const { store, open } = toyStore();
  await store.close();
  expect(open).not.toHaveBeenCalled();
});

test('calls on one session start in the order in which they were made, of other sessions at once', async () => {
  const started: string[] = [];
  const { store } = toyStore({ groupCommit: false }, (backend) => {
    const append = backend.append.bind(backend);
    backend.append = (batches) => {
      started.push(String(batches[0]?.sessionId));
      return append(batches);
    };
  });
  await store.open();
  const calls = [
    store.session('a').addItems([hello]),
    store.session('a').addItems([hello]),
    store.session('b').addItems([hello]),
  ];
  expect(started).toEqual(['a', 'b']);
  await Promise.all(calls);
  expect(started).toEqual(['a', 'b', 'a']);
});

test('a failed call does not hold up the next one', async () => {
  const { store } = toyStore({}, (backend) => {
    vi.spyOn(backend, 'append').mockRejectedValueOnce(new SessionError('BUSY', 'busy'));
  });
  const session = store.session('a');
  const failed = session.addItems([hello]);
  const next = session.addItems([hello]);
  await expect(failed).rejects.toMatchObject({ code: 'BUSY' });
  await next;
  expect(await session.getItems()).toEqual([hello]);
});

test('empty appends and limits of zero reach no database', async () => {
  const { store, backend } = toyStore();
  const append = vi.spyOn(backend, 'append');
  const read = vi.spyOn(backend, 'read');
  await store.session('a').addItems([]);
  expect(await store.session('a').getItems(0)).toEqual([]);
  expect(append).not.toHaveBeenCalled();
  expect(read).not.toHaveBeenCalled();
});

test('the application is told of each corrupt row, by its id, without its content', async () => {
  const { store, backend } = toyStore();
  const warnings: SessionWarning[] = [];
  store.on('warning', (warning) => warnings.push(warning));
  await backend.append([{ sessionId: 'a', texts: ['canary', '{"role":"user","content":"x"}', 'canary'] }]);
  const session = store.session('a');
  await session.getItems();
  expect(warnings.map(({ code, rowId }) => [code, rowId])).toEqual([
    ['CORRUPT_ITEM', '3'],
    ['CORRUPT_ITEM', '1'],
  ]);
  warnings.length = 0;
  await session.popItem();
  expect(warnings).toMatchObject([{ rowId: '3', message: expect.stringContaining('removed') }]);
  expect(inspect(warnings)).not.toContain('canary');
});

test('without a listener the first warning of each kind goes to the process', async () => {
  const emitted = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
  const { store, backend } = toyStore();
  await backend.append([{ sessionId: 'a', texts: ['broken', 'broken'] }]);
  await store.session('a').getItems();
  await store.session('a').getItems();
  expect(emitted).toHaveBeenCalledTimes(1);
  expect(emitted).toHaveBeenCalledWith(expect.stringContaining('not an item'), {
    type: 'SessionStoreWarning',
    code: 'CORRUPT_ITEM',
  });
  emitted.mockRestore();
});

test("onCorruptItem 'throw': reading and popping fail with the row's id and change nothing", async () => {
  const { store, backend } = toyStore({ onCorruptItem: 'throw' });
  await backend.append([{ sessionId: 'a', texts: ['{"role":"user","content":"x"}', 'canary'] }]);
  const session = store.session('a');
  for (const call of [() => session.getItems(), () => session.getItems(1), () => session.popItem()]) {
    const error = await call().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CORRUPT_ITEM', rowId: '2', retryable: false });
    expect(inspect(error)).not.toContain('canary');
  }
  expect(await backend.read('a')).toHaveLength(2);
  await backend.pop('a');
  expect(await session.popItem()).toEqual({ role: 'user', content: 'x' });
  expect(await session.popItem()).toBeUndefined();
});

test('a limit passes over ten thousand corrupt rows in a few reads', async () => {
  const { store, backend } = toyStore();
  store.on('warning', () => {});
  const read = vi.spyOn(backend, 'read');
  await backend.append([
    { sessionId: 'a', texts: ['{"n":1}', ...new Array<string>(10_000).fill('broken'), '{"n":2}'] },
  ]);
  expect(await store.session('a').getItems(2)).toEqual([{ n: 1 }, { n: 2 }]);
  expect(read.mock.calls.length).toBeLessThan(20);
});

test('every call is published on the diagnostics channel while somebody listens', async () => {
  const messages: OperationMessage[] = [];
  const listener = (message: unknown) => void messages.push(message as OperationMessage);
  const { store } = toyStore();
  subscribe(OPERATION_CHANNEL, listener);
  await store.session('canary').addItems([hello]);
  await store
    .session('canary')
    .addItems([5 as never])
    .catch(() => {});
  unsubscribe(OPERATION_CHANNEL, listener);
  await store.session('canary').getItems();
  expect(messages).toMatchObject([
    { engine: 'toy', operation: 'addItems', ms: expect.any(Number), outcome: 'stored' },
    {
      engine: 'toy',
      operation: 'addItems',
      ms: expect.any(Number),
      outcome: 'unwritten',
      error: 'TypeError',
    },
  ]);
});

test('inspecting a store or a session shows no items and no connection', async () => {
  const { store } = toyStore();
  const session = store.session('a');
  await session.addItems([{ role: 'user', content: 'canary' }]);
  expect(inspect(store, { depth: 9, showHidden: true })).not.toContain('canary');
  expect(inspect(session, { depth: 9, showHidden: true })).not.toContain('canary');
});

test('a backend without transactions says so', async () => {
  const { store } = toyStore();
  expect(() => store.with({})).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  await store.open();
  expect(() => store.with({})).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
});
