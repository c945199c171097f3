// Promise: Encryption.
import { inspect } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import { expect, test, vi } from 'vitest';
import { hostOf, type SessionBackend } from '../../src/backend.js';
import { SessionStore, type SessionSupport, type StoreOptions, tenantSessionId } from '../../src/index.js';
import { createToyBackend } from '../conformance/toy-backend.mjs';

const message = (content: string): AgentInputItem => ({ role: 'user', content });
const OLD: StoreOptions = { encryption: { key: 'canary old' } };
const NEW: StoreOptions = { encryption: { key: 'canary new' } };

function toyStore(
  options: StoreOptions,
  backend: SessionBackend = createToyBackend(),
  support: Partial<SessionSupport> = {},
) {
  const supports = { ...backend.supports, ...support };
  const open = () => ({ ...backend, supports });
  return new SessionStore({ name: 'toy', supports, open }, options).on('warning', () => {});
}

test('options of another form are refused, without their values', () => {
  expect(() => toyStore({ encryption: { key: '' } })).toThrow(TypeError);
  const bad = { encryption: { key: 'canary', keys: ['canary'] } } as unknown as StoreOptions;
  expect(() => toyStore(bad)).toThrow(/option "encryption" must be/);
  expect(() => toyStore(bad)).not.toThrow(/canary/);
});

test('where the database has no edit, nothing is popped: another writer may add a row that no key opens', async () => {
  const backend: SessionBackend = createToyBackend();
  await toyStore(OLD, backend)
    .session('a')
    .addItems([message('0')]);
  const read = backend.read.bind(backend);
  // another process, between a look at the newest row and its removal
  backend.read = async (...args) => {
    const rows = await read(...args);
    await toyStore(NEW, backend)
      .session('a')
      .addItems([message('of another key')]);
    return rows;
  };
  const session = toyStore(OLD, backend, { edit: false }).session('a');
  await expect(session.popItem()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  expect(await read('a')).toHaveLength(1);
});

test('re-encryption is refused where it cannot be done', async () => {
  await expect(toyStore({}).reencrypt()).rejects.toThrow(TypeError);
  await expect(toyStore(OLD).reencrypt({ onprogress: () => {} } as never)).rejects.toThrow(
    /unknown option\. Known: .*onProgress/,
  );
  await expect(toyStore(OLD).reencrypt({ sessionIds: 'a' })).rejects.toThrow(TypeError);
  await expect(toyStore(OLD).reencrypt({ sessionIds: [], after: 'a' })).rejects.toThrow(/"after"/);
  const without = (support: Partial<SessionSupport>) => toyStore(OLD, undefined, support);
  await expect(without({ edit: false }).reencrypt()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  await expect(without({ listing: false }).reencrypt()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  await expect(without({ listing: false }).reencrypt({ sessionIds: [] })).resolves.toMatchObject({
    sessions: 0,
  });
  const closed = toyStore(OLD);
  await closed.close();
  await expect(closed.reencrypt()).rejects.toMatchObject({ code: 'CLOSED' });
});

test('re-encryption ends with CLOSED when the store is closed meanwhile', async () => {
  const backend: SessionBackend = createToyBackend();
  await toyStore(OLD, backend)
    .session('a')
    .addItems([message('0')]);
  await toyStore(OLD, backend)
    .session('b')
    .addItems([message('0')]);
  const store = toyStore({ encryption: { keys: ['canary new', 'canary old'] } }, backend);
  const work = store.reencrypt({ onProgress: () => void store.close() });
  await expect(work).rejects.toMatchObject({ code: 'CLOSED' });
});

test('re-encryption takes its turn among the calls of the session', async () => {
  const backend: SessionBackend = createToyBackend();
  let under = 0;
  const watched = (name: 'read' | 'edit' | 'append') => {
    const verb = backend[name] as (...args: unknown[]) => Promise<unknown>;
    return async (...args: unknown[]) => {
      expect(++under).toBe(1);
      try {
        return await verb(...args);
      } finally {
        under--;
      }
    };
  };
  const watchedBackend = {
    ...backend,
    read: watched('read'),
    edit: watched('edit'),
    append: watched('append'),
  };
  const store = toyStore({ encryption: { keys: ['n', 'o'] } }, watchedBackend as unknown as SessionBackend);
  await toyStore({ encryption: { key: 'o' } }, backend)
    .session('a')
    .addItems([message('0')]);
  const calls = Array.from({ length: 10 }, (_, n) => store.session('a').addItems([message(String(n))]));
  await Promise.all([store.reencrypt({ sessionIds: ['a', 'a'] }), ...calls]);
  expect(await store.session('a').getItems()).toHaveLength(11);
});

test('rows that come while a page is rewritten do not keep it from being finished', async () => {
  const backend: SessionBackend = createToyBackend();
  const old = toyStore({ encryption: { key: 'o' } }, backend).session('a');
  await old.addItems(Array.from({ length: 150 }, (_, n) => message(String(n))));
  let bursts = 0;
  const edit = vi.fn(async (...args: Parameters<SessionBackend['edit']>) => {
    if (bursts++ < 2) await backend.append([{ sessionId: 'a', texts: new Array(400).fill('no item') }]);
    await backend.edit(...args);
  });
  const store = toyStore({ encryption: { keys: ['n', 'o'] } }, { ...backend, edit });
  const { reencrypted } = await store.reencrypt();
  expect(reencrypted).toBe(150);
  expect(
    await toyStore({ encryption: { key: 'n' } }, backend)
      .session('a')
      .getItems(),
  ).toHaveLength(150);
});

test('a row that is rewritten between the reading of its page and the edit keeps what is newer', async () => {
  const backend: SessionBackend = createToyBackend();
  const old = toyStore({ encryption: { key: 'o' } }, backend).session('a');
  await old.addItems([message('older'), message('same')]);
  const edit = vi.fn(async (...args: Parameters<SessionBackend['edit']>) => {
    if (edit.mock.calls.length === 1)
      await old.replaceHistoryWithCompaction([message('newer'), message('same')]);
    await backend.edit(...args);
  });
  const { reencrypted } = await toyStore(
    { encryption: { keys: ['n', 'o'] } },
    { ...backend, edit },
  ).reencrypt();
  expect(reencrypted).toBe(2);
  const fresh = toyStore({ encryption: { key: 'n' } }, backend).session('a');
  expect(await fresh.getItems()).toEqual([message('newer'), message('same')]);
});

test('conversations of tenants are encrypted for the id they are stored under', async () => {
  const backend: SessionBackend = createToyBackend();
  const store = toyStore(OLD, backend);
  await store
    .scoped('acme')
    .session('chat')
    .addItems([message('0')]);
  await store
    .scoped('other')
    .session('chat')
    .addItems([message('1')]);
  const [row] = await backend.read(tenantSessionId('acme', 'chat'));
  expect(
    hostOf(store)
      .codec(tenantSessionId('acme', 'chat'))
      .decode(row?.text ?? ''),
  ).toEqual(message('0'));
  await backend.append([{ sessionId: tenantSessionId('other', 'chat'), texts: [row?.text ?? ''] }]);
  expect(await store.scoped('other').session('chat').getItems()).toEqual([message('1')]);
  const both = toyStore({ encryption: { keys: ['canary new', 'canary old'] } }, backend);
  expect(await both.reencrypt()).toMatchObject({ sessions: 2, reencrypted: 2, unopened: 1 });
  expect(await toyStore(NEW, backend).scoped('acme').session('chat').getItems()).toEqual([message('0')]);
});

test('keys of conversations are kept as long as their sessions, and no longer', async () => {
  const store = toyStore(NEW);
  const session = store.session('a');
  await session.addItems([message('0')]);
  const derive = vi.spyOn(process.getBuiltinModule('node:crypto'), 'hkdfSync');
  try {
    for (let read = 0; read < 10; read++) await session.getItems();
    expect(derive).not.toHaveBeenCalled();
    await store.session('a').getItems();
    expect(derive).toHaveBeenCalledTimes(1);
  } finally {
    derive.mockRestore();
  }
  expect(inspect(store, { depth: Infinity, showHidden: true })).not.toContain('canary');
});
