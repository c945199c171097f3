import { inspect } from 'node:util';
import {
  type AgentInputItem,
  isRunContextAwareSession,
  MemorySession,
  RunContext,
  type Session,
} from '@openai/agents-core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { sessionConformance } from '../../src/conformance/index.js';
import { EncryptedSession, type EncryptedSessionOptions } from '../../src/index.js';
import { ItemEncryption } from '../../src/items/encryption/item-encryption.js';
import { decodeItem, encodeItems } from '../../src/items/item-codec.js';

const message = (content: string): AgentInputItem => ({ role: 'user', content });
const contents = (items: readonly AgentInputItem[]) =>
  items.map((item) => (item as { content: unknown }).content);
const KEY = 'canary one';

function wrap(session: Session, options: Partial<EncryptedSessionOptions> = {}) {
  return new EncryptedSession({ session, key: KEY, ...options } as EncryptedSessionOptions);
}

/** A session that holds envelopes: `m0`, then two of another key, then `m1`. */
async function mixed(): Promise<MemorySession> {
  const session = new MemorySession({ sessionId: 'a' });
  await wrap(session).addItems([message('m0')]);
  await wrap(session, { key: 'canary two' }).addItems([message('other'), message('other')]);
  await wrap(session).addItems([message('m1')]);
  return session;
}

afterEach(() => void vi.restoreAllMocks());

sessionConformance({
  name: "the SDK's MemorySession, encrypted",
  describe,
  test,
  open: () => {
    const sessions = new Map<string, MemorySession>();
    const session = (sessionId: string) => {
      const known = sessions.get(sessionId) ?? new MemorySession({ sessionId });
      sessions.set(sessionId, known);
      return wrap(known);
    };
    return { session };
  },
  supports: { anyValue: true, namesPaths: true },
});

test('the wrapped session holds envelopes, and keys are derived from its id', async () => {
  const session = new MemorySession({ sessionId: 'a' });
  await wrap(session).addItems([message('canary')]);
  const [stored] = await session.getItems();
  expect(Object.keys(stored as object)).toEqual(['__enc__', 'v', 'kid', 'payload']);
  const other = new MemorySession({ sessionId: 'b', initialItems: [stored as AgentInputItem] });
  await expect(wrap(other).getItems()).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
});

test('100 pops with a wrong key remove nothing', async () => {
  const session = new MemorySession({ sessionId: 'a' });
  await wrap(session).addItems([message('m0'), message('m1')]);
  const before = await session.getItems();
  const pop = vi.spyOn(session, 'popItem');
  const wrong = wrap(session, { key: 'wrong' });
  for (let count = 0; count < 100; count++) {
    await expect(wrong.popItem()).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
  }
  await expect(wrong.getItems()).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
  await expect(wrong.getItems(1)).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
  expect(pop).not.toHaveBeenCalled();
  expect(await session.getItems()).toEqual(before);
});

test('items of another key are left out, with one warning; a limit counts those that open', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const session = wrap(await mixed());
  expect(contents(await session.getItems())).toEqual(['m0', 'm1']);
  expect(contents(await session.getItems(2))).toEqual(['m0', 'm1']);
  expect(contents(await session.getItems(1))).toEqual(['m1']);
  expect(contents(await session.getItems(9))).toEqual(['m0', 'm1']);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(String(warn.mock.calls)).not.toContain('canary');
});

test('a pop stops at an item of another key, which stays', async () => {
  const inner = await mixed();
  const session = wrap(inner);
  expect(await session.popItem()).toEqual(message('m1'));
  await expect(session.popItem()).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
  expect(await inner.getItems()).toHaveLength(3);
});

test('an item of another key that comes between reading and popping goes back', async () => {
  const inner = new MemorySession({ sessionId: 'a' });
  const session = wrap(inner);
  await session.addItems([message('m0')]);
  const read = inner.getItems.bind(inner);
  vi.spyOn(inner, 'getItems').mockImplementationOnce(async (limit) => {
    const seen = await read(limit);
    await wrap(inner, { key: 'canary two' }).addItems([message('other')]);
    return seen;
  });
  await expect(session.popItem()).rejects.toMatchObject({ code: 'DECRYPTION_FAILED' });
  expect(await inner.getItems()).toHaveLength(2);
});

test('items whose time is over are left out, and removed by pops', async () => {
  vi.useFakeTimers({ now: 0, toFake: ['Date'] });
  try {
    const inner = new MemorySession({ sessionId: 'a' });
    const session = wrap(inner, { ttlSeconds: 10 });
    await session.addItems([message('m0')]);
    vi.setSystemTime(11_000);
    expect(await session.getItems()).toEqual([]);
    expect(await inner.getItems()).toHaveLength(1);
    expect(await session.popItem()).toBeUndefined();
    expect(await inner.getItems()).toHaveLength(0);
  } finally {
    vi.useRealTimers();
  }
});

test('several keys, and plaintext where it is accepted', async () => {
  const inner = new MemorySession({ sessionId: 'a', initialItems: [message('plain')] });
  await wrap(inner).addItems([message('old')]);
  const both = new EncryptedSession({ session: inner, keys: ['new', KEY], acceptPlaintext: true });
  await both.addItems([message('new')]);
  expect(contents(await both.getItems())).toEqual(['plain', 'old', 'new']);
  const strict = new EncryptedSession({ session: inner, keys: ['new', KEY] });
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  expect(contents(await strict.getItems())).toEqual(['old', 'new']);
});

test('what is encrypted has the shape that the Python SDK reads, if it is asked for', async () => {
  const inner = new MemorySession({ sessionId: 'a' });
  const call: AgentInputItem = { type: 'function_call', callId: 'c1', name: 'weather', arguments: '{}' };
  const result: AgentInputItem = {
    type: 'function_call_result',
    callId: 'c1',
    name: 'weather',
    status: 'completed',
    output: { type: 'text', text: 'sunny' },
  };
  const session = wrap(inner, { itemFormat: 'responses' });
  await session.addItems([call, result]);
  const codec = new ItemEncryption({ key: KEY }).codec('a', { encode: encodeItems, decode: decodeItem });
  const rows = (await inner.getItems()).map((stored) => codec.decode(JSON.stringify(stored)));
  expect(rows).toMatchObject([
    { type: 'function_call', call_id: 'c1', name: 'weather' },
    { type: 'function_call_output', call_id: 'c1', output: 'sunny' },
  ]);
  expect(await session.getItems()).toEqual([call, result]);
  expect(await wrap(inner).getItems()).toEqual([call, result]);
  expect(await session.popItem()).toEqual(result);
});

test("a result of Python's has the name of its call", async () => {
  const inner = new MemorySession({ sessionId: 'a' });
  const rows = [
    { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{}' },
    { type: 'function_call_output', call_id: 'c1', output: 'sunny' },
  ];
  await wrap(inner).addItems(rows as never);
  expect((await wrap(inner).getItems())[1]).toMatchObject({ type: 'function_call_result', name: 'weather' });
});

test('the run context is handed on to a session that takes it, and to no other', async () => {
  const plain = new MemorySession({ sessionId: 'a' });
  expect(isRunContextAwareSession(wrap(plain))).toBe(false);
  const spied = vi.spyOn(plain, 'getItems');
  await wrap(plain).getItems(5, new RunContext());
  expect(spied).toHaveBeenCalledWith(5);

  const aware = Object.assign(new MemorySession({ sessionId: 'a' }), { acceptsRunContext: true });
  const methods = ['getItems', 'addItems', 'popItem', 'clearSession'] as const;
  const spies = methods.map((name) => vi.spyOn(aware, name as 'getItems'));
  const session = wrap(aware);
  expect(isRunContextAwareSession(session)).toBe(true);
  const context = new RunContext();
  await session.addItems([message('x')], context);
  await session.getItems(undefined, context);
  await session.popItem(context);
  await session.clearSession(context);
  for (const spy of spies) expect(spy.mock.lastCall?.at(-1)).toBe(context);
});

test('nothing shows a key', async () => {
  const session = wrap(await mixed(), { keys: ['canary one', 'canary two'], key: undefined });
  await session.getItems();
  expect(inspect(session, { depth: Infinity, showHidden: true })).not.toContain('canary');
});

test.each([
  ['no session', { key: 'canary' }],
  ['something else as session', { key: 'canary', session: {} }],
  ['no key', { session: new MemorySession() }],
  ['a format that is not known', { session: new MemorySession(), key: 'canary', itemFormat: 'python' }],
  ['an unknown option', { session: new MemorySession(), key: 'canary', ttl: 1 }],
])('refused: %s', (_, options) => {
  const make = () => new EncryptedSession(options as never);
  expect(make).toThrow(TypeError);
  expect(make).not.toThrow(/canary/);
});
