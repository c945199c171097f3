import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { AgentInputItem } from '@openai/agents-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SessionBackend } from '../../src/backend.js';
import { OPERATION_CHANNEL, SessionError, SessionStore } from '../../src/index.js';
import { createToyBackend } from '../conformance/toy-backend.mjs';

const hello: AgentInputItem = { role: 'user', content: 'hello' };
const told: unknown[] = [];
const listen = (message: unknown) => void told.push(message);

beforeEach(() => subscribe(OPERATION_CHANNEL, listen));
afterEach(() => {
  unsubscribe(OPERATION_CHANNEL, listen);
  told.length = 0;
});

/** A store whose transactions are the backend itself, and whose `pop` throws this. */
function storeThatThrows(thrown: unknown, synchronous: boolean) {
  const toy: SessionBackend = createToyBackend();
  const supports = { ...toy.supports, transactions: true };
  const pop = () => {
    if (synchronous) throw thrown;
    return Promise.reject(thrown);
  };
  const backend: SessionBackend = { ...toy, supports, pop, with: () => ({ ...toy, supports, pop }) };
  return new SessionStore({ name: 'toy', supports, open: () => backend }).open();
}

const message = (operation: string, error?: string) => ({
  engine: 'toy',
  operation,
  ms: expect.any(Number),
  ...(error && { error }),
});

const THROWN: [string, unknown, string][] = [
  ['a SessionError', new SessionError('BUSY', 'busy'), 'BUSY'],
  ['a mistake', new RangeError('mistake'), 'RangeError'],
  ['null', null, 'Error'],
  ['undefined', undefined, 'Error'],
  ['a text', 'text', 'Error'],
  ['an object without a prototype', Object.create(null), 'Error'],
];

test.each(THROWN)(
  '%s reaches the caller and is published by its name alone',
  async (_what, thrown, error) => {
    const store = await storeThatThrows(thrown, true);
    await expect(store.session('a').popItem()).rejects.toBe(thrown);
    expect(told).toEqual([message('popItem', error)]);
  },
);

test.each(THROWN)(
  'inside a transaction %s is published too, thrown at once or later',
  async (_what, thrown, error) => {
    const later = (await storeThatThrows(thrown, false)).with({}).session('a');
    await later.addItems([hello]);
    await expect(later.popItem()).rejects.toBe(thrown);
    const atOnce = (await storeThatThrows(thrown, true)).with({}).session('a');
    let caught: unknown = 'nothing';
    try {
      void atOnce.popItem();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBe(thrown);
    expect(told).toEqual([message('addItems'), message('popItem', error), message('popItem', error)]);
  },
);

test('joining a transaction is UNSUPPORTED, open or not, where there are none', async () => {
  const toy: SessionBackend = createToyBackend();
  const store = new SessionStore({ name: 'toy', supports: toy.supports, open: () => toy });
  expect(() => store.with({})).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  await store.open();
  expect(() => store.with({})).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
});
