// Promise: Tenants.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import {
  type AgentInputItem,
  isRunContextAwareSession,
  isSessionHistoryRewriteAwareSession,
  isSessionHistoryTransactionAwareSession,
  RunContext,
} from '@openai/agents-core';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import type { SessionBackend, TenantOf } from '../../src/backend.js';
import { OPERATION_CHANNEL, SessionStore, type TenantSession } from '../../src/index.js';
import { createToyBackend } from '../conformance/toy-backend.mjs';

interface AppContext {
  tenant?: unknown;
}

const tenant: TenantOf<AppContext> = ({ context }) => context.tenant as string;
const as = (name: unknown) => new RunContext<AppContext>({ tenant: name });
const say = (content: string): AgentInputItem => ({ role: 'user', content });

function toyStore() {
  const backend: SessionBackend = createToyBackend();
  const open = vi.fn(() => backend);
  return { backend, open, store: new SessionStore({ name: 'toy', supports: backend.supports, open }) };
}

/** Every call that touches a history, with the run context where the SDK puts it. */
const CALLS: Record<string, (session: TenantSession, runContext?: RunContext<unknown>) => Promise<unknown>> =
  {
    getItems: (session, runContext) => session.getItems(undefined, runContext),
    'getItems of none': (session, runContext) => session.getItems(0, runContext),
    addItems: (session, runContext) => session.addItems([say('x')], runContext),
    'addItems of none': (session, runContext) => session.addItems([], runContext),
    'addItems with an operation id': (session, runContext) =>
      session.addItems([say('x')], runContext, { operationId: 'o1' }),
    popItem: (session, runContext) => session.popItem(runContext),
    clearSession: (session, runContext) => session.clearSession(runContext),
    replaceHistoryWithCompaction: (session, runContext) =>
      session.replaceHistoryWithCompaction([say('x')], runContext),
    applyHistoryTransaction: (session, runContext) =>
      session.applyHistoryTransaction(
        { operationId: 'o2', transaction: { type: 'append_items', items: [say('x')] } },
        runContext,
      ),
  };

describe.each(Object.keys(CALLS))('%s', (name) => {
  const call = CALLS[name] as (typeof CALLS)[string];

  test.each([
    ['no run context', undefined, /no run context/],
    ['null for a run context', null, /no run context/],
    ['a text for a run context', 'acme', /no run context/],
    ['an undefined tenant', as(undefined), /must return a text/],
    ['a null tenant', as(null), /must return a text/],
    ['an empty tenant', as(''), /must return a text/],
    ['a blank tenant', as(' \t'), /must return a text/],
    ['a number for a tenant', as(7), /must return a text/],
    ['an array for a tenant', as(['acme']), /must return a text/],
    ['a promise for a tenant', as(Promise.resolve('acme')), /must return a text/],
    ['a context that is not there', new RunContext<AppContext>(undefined), /must return a text/],
  ])('with %s there is no conversation, and no I/O', async (_why, runContext, message) => {
    const { store, open } = toyStore();
    const session = store.session('chat', { tenant });
    const failed = await call(session, runContext as RunContext<AppContext>).catch((error: unknown) => error);
    expect(failed).toMatchObject({ name: 'SessionError', code: 'TENANT_MISSING', retryable: false });
    expect((failed as Error).message).toMatch(message);
    expect(open).not.toHaveBeenCalled();
  });

  test('an asynchronous function names no tenant, and its failure ends nothing', async () => {
    const { store, open } = toyStore();
    const late = async () => {
      throw new Error('late');
    };
    const session = store.session('chat', { tenant: late as () => never });
    await expect(call(session, as('acme'))).rejects.toMatchObject({ code: 'TENANT_MISSING' });
    expect(open).not.toHaveBeenCalled(); // that nobody handled the rejection would fail the test
  });

  test('the error of the function is a missing tenant, without its text', async () => {
    const { store, open } = toyStore();
    const session = store.session('chat', {
      tenant: ({ context }: RunContext<AppContext>) => {
        throw new RangeError(`no such tenant: ${context.tenant}`);
      },
    });
    const failed = await call(session, as('secret')).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'TENANT_MISSING', cause: { name: 'RangeError' } });
    expect(inspect(failed)).not.toContain('secret');
    expect(open).not.toHaveBeenCalled();
  });

  test('a tenant that cannot be stored is a TypeError, before any I/O', async () => {
    const { store, open } = toyStore();
    const session = store.session('chat', { tenant });
    for (const name of ['a\0', '\ud800', 'x'.repeat(245)]) {
      await expect(call(session, as(name))).rejects.toThrow(TypeError);
    }
    expect(open).not.toHaveBeenCalled();
  });

  test('reaches the conversation of the tenant alone', async () => {
    const { store, backend } = toyStore();
    const session = store.session('chat', { tenant });
    const names = ['chat', '$tenant:4:acme:chat', '$tenant:5:other:chat'];
    await backend.append(names.map((sessionId) => ({ sessionId, texts: [JSON.stringify(say(sessionId))] })));
    const before = await Promise.all(names.map((id) => backend.read(id)));
    await call(session, as('acme'));
    const after = await Promise.all(names.map((id) => backend.read(id)));
    expect([after[0], after[2]]).toEqual([before[0], before[2]]);
    const unchanged = ['getItems', 'getItems of none', 'addItems of none'].includes(name);
    expect(JSON.stringify(after[1]) === JSON.stringify(before[1])).toBe(unchanged);
  });
});

test('each tenant reads what it wrote', async () => {
  const { store } = toyStore();
  const session = store.session('chat', { tenant });
  await Promise.all([
    session.addItems([say('of acme')], as('acme')),
    session.addItems([say('of other')], as('other')),
    store.session('chat').addItems([say('of nobody')]),
  ]);
  expect(await session.getItems(undefined, as('acme'))).toEqual([say('of acme')]);
  expect(await session.getItems(undefined, as('other'))).toEqual([say('of other')]);
  expect(await store.session('chat').getItems()).toEqual([say('of nobody')]);
  expect(await store.scoped('acme').session('chat').getItems()).toEqual([say('of acme')]);
});

test('the same operation id of two tenants is two operations', async () => {
  const { store } = toyStore();
  const session = store.session('chat', { tenant });
  for (const name of ['acme', 'other', 'acme']) {
    await session.addItems([say(`of ${name}`)], as(name), { operationId: 'o1' });
  }
  expect(await session.getItems(undefined, as('acme'))).toEqual([say('of acme')]);
  expect(await session.getItems(undefined, as('other'))).toEqual([say('of other')]);
});

test('calls for one tenant take turns, those of another do not wait', async () => {
  const { store, backend } = toyStore();
  const gate = Promise.withResolvers<void>();
  const { pop } = backend;
  const started: string[] = [];
  backend.pop = async (storedId) => {
    started.push(storedId);
    if (started.length === 1) await gate.promise;
    return pop(storedId);
  };
  await store.open();
  const session = store.session('chat', { tenant });
  const pops = ['acme', 'acme', 'other'].map((name) => session.popItem(as(name)));
  await pops[2];
  expect(started).toEqual(['$tenant:4:acme:chat', '$tenant:5:other:chat']);
  gate.resolve();
  await Promise.all(pops);
});

test('the SDK is told what such a session can do, and of a plain one that it takes no run context', async () => {
  const { store } = toyStore();
  const tenants = store.session('chat', { tenant });
  expect(isRunContextAwareSession(tenants)).toBe(true);
  expect(isSessionHistoryTransactionAwareSession(tenants)).toBe(true);
  expect(isSessionHistoryRewriteAwareSession(tenants)).toBe(false);
  expect(tenants.sessionId).toBe('chat');
  expect(await tenants.getSessionId()).toBe('chat');
  for (const plain of [
    store.session('chat'),
    store.session('chat', {}),
    store.scoped('acme').session('chat'),
  ]) {
    expect('acceptsRunContext' in plain).toBe(false);
    expect(isRunContextAwareSession(plain)).toBe(false);
    expect(isSessionHistoryTransactionAwareSession(plain)).toBe(true);
    expect(isSessionHistoryRewriteAwareSession(plain)).toBe(true);
    expect(await plain.getSessionId()).toBe('chat');
  }
});

test('a run context is nothing to a session that does not ask for it', async () => {
  const { store } = toyStore();
  await store.session('chat').addItems([say('x')], as('acme'));
  expect(await store.session('chat').getItems(undefined, as('other'))).toEqual([say('x')]);
});

test('an error of the tenant is published like every other', async () => {
  const seen: unknown[] = [];
  const listen = (message: unknown) => seen.push(message);
  subscribe(OPERATION_CHANNEL, listen);
  try {
    const { store } = toyStore();
    await expect(store.session('chat', { tenant }).popItem()).rejects.toThrow();
    await store.close();
    await expect(store.session('chat', { tenant }).popItem()).rejects.toMatchObject({ code: 'CLOSED' });
  } finally {
    unsubscribe(OPERATION_CHANNEL, listen);
  }
  expect(seen).toMatchObject([
    { operation: 'popItem', error: 'TENANT_MISSING' },
    { operation: 'popItem', error: 'CLOSED' },
  ]);
});

test('options that do not exist, and a tenant that is no function, are refused', () => {
  const { store } = toyStore();
  expect(() => store.session('chat', { tennant: tenant } as object)).toThrow(
    /unknown option\. Known: .*tenant/,
  );
  expect(() => store.session('chat', { tenant: 'acme' } as object)).toThrow(/must be a function/);
  expect(() => store.session('chat', null as never)).toThrow(TypeError);
  expect(() => store.session('', { tenant })).toThrow(TypeError);
  expect(() => store.session('$tenant:4:acme:chat')).toThrow(/store\.scoped\(tenant\)/);
});

describe('a scoped store', () => {
  test('reaches the conversations of its tenant alone', async () => {
    const { store } = toyStore();
    const [acme, other] = [store.scoped('acme'), store.scoped('other')];
    await acme.session('chat').addItems([say('of acme')]);
    await other.session('chat').addItems([say('of other')]);
    await store.session('chat').addItems([say('of nobody')]);
    for (const id of ['chat', '$tenant:5:other:chat', ':5:other:chat', ':chat', '../other:chat']) {
      const session = other.session(id);
      if (id !== 'chat') expect(await session.getItems()).toEqual([]);
      await session.clearSession();
    }
    expect(await acme.session('chat').getItems()).toEqual([say('of acme')]);
    expect(await other.session('chat').getItems()).toEqual([]);
    expect(await store.session('chat').getItems()).toEqual([say('of nobody')]);
  });

  test('shows nothing of the store it is a view of', () => {
    const { store } = toyStore();
    const acme = store.scoped('acme');
    expect(Object.entries(acme)).toEqual([['tenant', 'acme']]);
    const names = Object.getOwnPropertyNames(Object.getPrototypeOf(acme)).toSorted();
    expect(names).toEqual([
      'constructor',
      'prune',
      'runs',
      'session',
      'sessions',
      'supports',
      'transaction',
      'usage',
      'watch',
      'with',
    ]);
    expect(Object.keys(acme.session('chat'))).toEqual(['sessionId']);
  });

  test('is not opened or closed itself: it works from the first call until its store is closed', async () => {
    const { store, open } = toyStore();
    const acme = store.scoped('acme');
    expect(open).not.toHaveBeenCalled();
    expect(acme.supports).toBe(store.supports);
    await acme.session('chat').addItems([say('x')]);
    expect(open).toHaveBeenCalledTimes(1);
    await store.close();
    await expect(acme.session('chat').getItems()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(() => acme.with({})).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  });

  test('knows what the store can do once it is open', async () => {
    const { store, backend } = toyStore();
    const acme = store.scoped('acme');
    Object.defineProperty(backend, 'supports', { value: { ...backend.supports, operations: false } });
    await store.open();
    expect(acme.supports.operations).toBe(false);
    expect(acme.session('chat').applyHistoryTransaction).toBeUndefined();
  });

  test('joins a transaction and stays limited there', async () => {
    const { store, backend } = toyStore();
    const tx = {};
    const joined: unknown[] = [];
    backend.with = (transaction) => {
      joined.push(transaction);
      return backend;
    };
    await store.open();
    await store
      .scoped('acme')
      .with(tx)
      .session('chat')
      .addItems([say('of acme')]);
    expect(joined).toEqual([tx]);
    expect(await backend.read('chat')).toEqual([]);
    expect(await backend.read('$tenant:4:acme:chat')).toHaveLength(1);
    const byContext = store.with(tx).session('chat', { tenant });
    expect(await byContext.getItems(undefined, as('acme'))).toEqual([say('of acme')]);
    expect(() => byContext.getItems()).toThrow(expect.objectContaining({ code: 'TENANT_MISSING' }));
    expect(() => store.scoped('acme').with(tx).session('chat', { tenant })).toThrow(TypeError);
  });

  test('has its tenant: another one in the options is refused', () => {
    const acme = toyStore().store.scoped('acme');
    expect(() => acme.session('chat', { tenant } as object)).toThrow(/leave the option "tenant" out/);
    expect(() => acme.session('chat', { tennant: 1 } as object)).toThrow(/unknown option\. Known: .*tenant/);
    expect(acme).not.toHaveProperty('scoped');
  });

  test.each([undefined, '', '  ', 7, 'a\0'])('needs a tenant: %j is none', (name) => {
    expect(() => toyStore().store.scoped(name as string)).toThrow(TypeError);
  });

  test('counts the stored id', () => {
    const acme = toyStore().store.scoped('acme');
    expect(acme.session('x'.repeat(240)).sessionId).toHaveLength(240);
    expect(() => acme.session('x'.repeat(241))).toThrow(/at most 255 characters/);
  });
});

test('the type of a session that asks for its tenant lacks what such a session lacks', () => {
  const { store } = toyStore();
  const session = store.session('a', { tenant: () => 'acme' });
  expectTypeOf(session).toEqualTypeOf<TenantSession>();
  expectTypeOf(session).not.toHaveProperty('applyHistoryMutations');
  expectTypeOf(store.session('a')).toHaveProperty('applyHistoryMutations');
  expect(Reflect.get(session, 'applyHistoryMutations')).toBeUndefined();
});
