// Promise: The SDK's optional capabilities.
import {
  type AgentInputItem,
  isSessionHistoryRewriteAwareSession,
  isSessionHistoryTransactionAwareSession,
} from '@openai/agents-core';
import { describe, expect, test } from 'vitest';
import type { SessionBackend } from '../../src/backend.js';
import { SessionStore, type StoreOptions } from '../../src/index.js';
import { createToyBackend } from '../conformance/toy-backend.mjs';

function open(options: StoreOptions = {}) {
  const backend: SessionBackend = createToyBackend();
  const store = new SessionStore({ name: 'toy', supports: backend.supports, open: () => backend }, options);
  store.on('warning', () => {});
  return { backend, session: store.session('a') };
}

const message = (content: string): AgentInputItem => ({ role: 'user', content });
const call = (callId: string, name = 'tool'): AgentInputItem & { type: 'function_call' } => ({
  type: 'function_call',
  callId,
  name,
  arguments: '{}',
});

test("the SDK's guards find every capability", () => {
  const { session } = open();
  expect(isSessionHistoryTransactionAwareSession(session)).toBe(true);
  expect(isSessionHistoryRewriteAwareSession(session)).toBe(true);
  expect(typeof session.replaceHistoryWithCompaction).toBe('function');
});

test('where operations cannot be remembered the session has no applyHistoryTransaction', async () => {
  const backend: SessionBackend = createToyBackend();
  const supports = { ...backend.supports, operations: false };
  const store = new SessionStore({ name: 'toy', supports, open: () => ({ ...backend, supports }) });
  const session = store.session('a');
  expect(isSessionHistoryTransactionAwareSession(session)).toBe(false);
  expect(isSessionHistoryRewriteAwareSession(session)).toBe(true);
  await expect(session.addItems([message('x')], undefined, { operationId: 'o' })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
  });
  expect(await session.getItems()).toEqual([]);
});

test('without interactive transactions a session has the five methods alone', async () => {
  const backend: SessionBackend = createToyBackend();
  const supports = { ...backend.supports, edit: false };
  const edit = () => {
    throw new Error('not to be called');
  };
  const open = () => ({ ...backend, supports, edit });
  const lenient = new SessionStore({ name: 'toy', supports, open }).on('warning', () => {}).session('a');
  const strict = new SessionStore({ name: 'toy', supports, open }, { onCorruptItem: 'throw' }).session('a');
  expect(isSessionHistoryTransactionAwareSession(lenient)).toBe(false);
  expect(isSessionHistoryRewriteAwareSession(lenient)).toBe(false);
  expect(typeof lenient.replaceHistoryWithCompaction).toBe('undefined');
  await lenient.addItems([message('1'), message('2')]);
  await backend.append([{ sessionId: 'a', texts: ['broken', 'broken'] }]);
  await expect(strict.popItem()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  expect(await backend.read('a')).toHaveLength(4);
  expect(await lenient.popItem()).toEqual(message('2'));
  await expect(strict.popItem()).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  expect(await lenient.popItem()).toEqual(message('1'));
  expect(await lenient.popItem()).toBeUndefined();
});

describe('addItems with an operation id', () => {
  test('stores the same items once, and refuses others', async () => {
    const { session } = open();
    const add = (content: string, operationId: string) =>
      session.addItems([message(content)], undefined, { operationId });
    await Promise.all([add('x', 'o1'), add('x', 'o1'), add('x', 'o2')]);
    expect(await session.getItems()).toEqual([message('x'), message('x')]);
    await expect(add('y', 'o1')).rejects.toMatchObject({ code: 'OPERATION_CONFLICT', retryable: false });
    await session.clearSession();
    await add('y', 'o1');
    expect(await session.getItems()).toEqual([message('y')]);
  });

  test.each(['', ' ', 7, null])('%j is no operation id', async (operationId) => {
    const { session } = open();
    const added = session.addItems([message('x')], undefined, { operationId: operationId as string });
    await expect(added).rejects.toThrow(TypeError);
    expect(await session.getItems()).toEqual([]);
  });
});

describe('applyHistoryTransaction', () => {
  const replace = (expectedSuffix: AgentInputItem[], replacement: AgentInputItem[], operationId = 'o1') => ({
    operationId,
    transaction: { type: 'replace_suffix' as const, expectedSuffix, replacement },
  });

  test('passes over rows that are not items, and keeps them', async () => {
    const { backend, session } = open();
    await session.addItems([message('1'), message('2')]);
    await backend.append([{ sessionId: 'a', texts: new Array<string>(40).fill('broken') }]);
    await session.addItems([message('3')]);
    await session.applyHistoryTransaction(replace([message('2'), message('3')], [message('4')]));
    expect(await session.getItems()).toEqual([message('1'), message('4')]);
    expect(await backend.read('a')).toHaveLength(42);
  });

  test("with onCorruptItem 'throw' such a row refuses the transaction", async () => {
    const { backend, session } = open({ onCorruptItem: 'throw' });
    await session.addItems([message('1')]);
    await backend.append([{ sessionId: 'a', texts: ['broken'] }]);
    await expect(session.applyHistoryTransaction(replace([message('1')], []))).rejects.toMatchObject({
      code: 'CORRUPT_ITEM',
    });
    expect(await backend.read('a')).toHaveLength(2);
  });

  test('what the caller changes after the call changes nothing', async () => {
    const { session } = open();
    await session.addItems([message('1')]);
    const args = replace([message('1')], [message('2')]);
    const applied = session.applyHistoryTransaction(args);
    Object.assign(args.transaction.replacement[0] as object, { content: 'changed' });
    args.transaction.expectedSuffix.length = 0;
    await applied;
    expect(await session.getItems()).toEqual([message('2')]);
  });

  test('an error shows nothing of the items', async () => {
    const { session } = open();
    await session.addItems([message('canary')]);
    const error: unknown = await session
      .applyHistoryTransaction(replace([message('canary-2')], []))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SUFFIX_MISMATCH', retryable: false });
    expect(JSON.stringify([String(error), error])).not.toContain('canary');
  });
});

describe('applyHistoryMutations', () => {
  test('the first call becomes the replacement in its place, later ones with its id go', async () => {
    const { backend, session } = open();
    await session.addItems([message('1'), call('c1'), message('2'), call('c1'), call('c2')]);
    const before = await backend.read('a');
    await session.applyHistoryMutations({
      mutations: [
        { type: 'replace_function_call', callId: 'c1', replacement: call('c9', 'new') },
        { type: 'replace_function_call', callId: 'nosuch', replacement: call('c8') },
      ],
    });
    expect(await session.getItems()).toEqual([message('1'), call('c9', 'new'), message('2'), call('c2')]);
    const after = await backend.read('a');
    expect(after.map(({ id }) => id)).toEqual([0, 1, 2, 4].map((index) => before[index]?.id));
  });

  test('mutations build on each other', async () => {
    const { session } = open();
    await session.addItems([call('c1'), call('c2'), call('c3')]);
    await session.applyHistoryMutations({
      mutations: [
        { type: 'replace_function_call', callId: 'c2', replacement: call('c1', 'second') },
        { type: 'replace_function_call', callId: 'c1', replacement: call('c3', 'third') },
      ],
    });
    expect(await session.getItems()).toEqual([call('c3', 'third'), call('c3')]);
  });

  test('a replacement that cannot be stored changes nothing', async () => {
    const { session } = open();
    await session.addItems([call('c1')]);
    const replacement = { ...call('c1'), providerData: { bad: () => 1 } };
    const mutations = [{ type: 'replace_function_call' as const, callId: 'c1', replacement }];
    await expect(session.applyHistoryMutations({ mutations })).rejects.toMatchObject({
      code: 'UNSUPPORTED_VALUE',
    });
    expect(await session.getItems()).toEqual([call('c1')]);
  });
});

describe('replaceHistoryWithCompaction', () => {
  const compaction: AgentInputItem = { type: 'compaction', encrypted_content: 'ENC' };

  test('items that stay keep their rows, and the compaction item stands before them', async () => {
    const { backend, session } = open();
    await session.addItems(['1', '2', '3', '4'].map(message));
    const before = await backend.read('a');
    await session.replaceHistoryWithCompaction([compaction, message('3'), message('4')]);
    expect(await session.getItems()).toEqual([compaction, message('3'), message('4')]);
    expect((await backend.read('a')).map(({ id }) => id)).toEqual(before.slice(1).map(({ id }) => id));
    await session.addItems([message('5')]);
    expect(await session.getItems(2)).toEqual([message('4'), message('5')]);
  });

  test.each([
    ['nothing stays', ['1', '2'], ['x', 'y', 'z']],
    ['all stays and something comes before it', ['1', '2'], ['x', '1', '2']],
    ['it is the same', ['1', '2'], ['1', '2']],
    ['it becomes empty', ['1', '2'], []],
    ['it was empty', [], ['1']],
    ['it becomes a part', ['1', '2', '3'], ['2', '3']],
  ])('%s', async (_what, before, after) => {
    const { session } = open();
    await session.addItems(before.map(message));
    await session.replaceHistoryWithCompaction(after.map(message));
    expect(await session.getItems()).toEqual(after.map(message));
  });
});

describe('an edit that the database undid, and that is made again', () => {
  /** Each edit is decided once in vain: what was read meanwhile is gone. The newest 20 rows are no items. */
  async function openAfterUndoing(...items: AgentInputItem[]) {
    const { backend, session } = open();
    const edit = backend.edit.bind(backend);
    backend.edit = async (sessionId, last, decide, operation) => {
      const read = async (count: number | 'all') =>
        backend.read(sessionId, count === 'all' ? undefined : count);
      let patch = decide(await read(last), undefined, last);
      while ('need' in patch) patch = decide(await read(patch.need), undefined, patch.need);
      await edit(sessionId, last, decide, operation);
    };
    await session.addItems(items);
    await backend.append([{ sessionId: 'a', texts: Array<string>(20).fill('no item') }]);
    return session;
  }

  test('pops the item that is there', async () => {
    const session = await openAfterUndoing(message('1'));
    expect(await session.popItem()).toEqual(message('1'));
  });

  test('replaces the suffix that is there', async () => {
    const session = await openAfterUndoing(message('1'), message('2'));
    await session.applyHistoryTransaction({
      operationId: 'o',
      transaction: {
        type: 'replace_suffix',
        expectedSuffix: [message('2')],
        replacement: [message('3')],
      },
    });
    expect(await session.getItems()).toEqual([message('1'), message('3')]);
  });
});
