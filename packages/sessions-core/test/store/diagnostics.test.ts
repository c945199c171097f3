import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SessionBackend } from '../../src/backend.js';
import { OPERATION_CHANNEL, type OperationMessage, SessionError, SessionStore } from '../../src/index.js';
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

const NOTHING = { retries: 0, rowsRead: 0, rowsWritten: 0, bytesRead: 0, bytesWritten: 0 };
const message = (operation: string, fields: object) => ({
  engine: 'toy',
  operation,
  ms: expect.any(Number),
  waiting: expect.any(Number),
  ...NOTHING,
  ...fields,
});
/** Of a SessionError it is known that nothing was written; whatever else a backend throws says nothing. */
const failed = (error: string) => ({ error, outcome: error === 'BUSY' ? 'unwritten' : 'unknown' });

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
    expect(told).toEqual([message('popItem', failed(error))]);
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
    const added = { rowsWritten: 1, bytesWritten: JSON.stringify(hello).length, outcome: 'uncommitted' };
    const popped = message('popItem', failed(error));
    expect(told).toEqual([message('addItems', added), popped, popped]);
  },
);

test('joining a transaction is UNSUPPORTED, open or not, where there are none', async () => {
  const toy: SessionBackend = createToyBackend();
  const store = new SessionStore({ name: 'toy', supports: toy.supports, open: () => toy });
  expect(() => store.with({})).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
  await store.open();
  expect(() => store.with({})).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
});

test('a message that is printed, copied or serialised has no id; who asks for it gets it as it was given', async () => {
  const toy: SessionBackend = createToyBackend();
  const store = new SessionStore({ name: 'toy', table: 'chats', supports: toy.supports, open: () => toy });
  await store.scoped('acme').session('secret').getItems();
  await store.session('secret').addItems([hello]);
  await store.sessions.count();
  expect(told.map((one) => (one as OperationMessage).sessionId)).toEqual(['secret', 'secret', undefined]);
  const [first] = told;
  expect(first).toMatchObject({ table: 'chats' });
  for (const shown of [JSON.stringify(told), inspect(told, { showHidden: true, getters: false })])
    expect(shown).not.toContain('secret');
  expect({ ...(first as object) }).not.toHaveProperty('sessionId');
});
