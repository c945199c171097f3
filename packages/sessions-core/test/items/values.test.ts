import { runInNewContext } from 'node:vm';
import type { AgentInputItem } from '@openai/agents-core';
import { afterEach, expect, test } from 'vitest';
import { decodeItem, encodeItems } from '../../src/backend.js';

const withValue = (value: unknown) =>
  ({ role: 'user', content: 'x', providerData: { list: [value] } }) as AgentInputItem;
const hidden = (object: object, key: PropertyKey, value: unknown) =>
  Object.defineProperty(object, key, { value, enumerable: false });
const named = (array: unknown[]) => Object.assign(array, { note: 'lost' });

class Items extends Array<unknown> {}
class Bytes extends Uint8Array {}
class Moment extends Date {}

test.each<[string, unknown]>([
  ['an array with a hole and a named field', named(Array(3))],
  ['an array with a named field', named([1])],
  ['an empty array with a named field', named([])],
  ['an array with a symbol as key', Object.assign([1], { [Symbol('s')]: 1 })],
  ['an array with a hidden field', hidden([1], 'note', 'lost')],
  ['an array of a derived class', Items.from([1, 2])],
  ['an array without the methods of one', Object.setPrototypeOf([1], null)],
  ['an object with a hidden field', hidden({ a: 1 }, 'b', 2)],
  ['an object with a hidden toJSON', hidden({ a: 1 }, 'toJSON', () => 'another value')],
  ['an array with a hidden toJSON', hidden([1], 'toJSON', () => 'another value')],
  ['an object that inherits fields', Object.create(Object.assign(Object.create(null), { a: 1 }))],
  ['an object that inherits toJSON', Object.create(Object.assign(Object.create(null), { toJSON: () => 1 }))],
  ['bytes of a derived class', new Bytes([1])],
  ['bytes with a field', Object.assign(new Uint8Array([1]), { note: 'lost' })],
  ['bytes with a symbol as key', Object.assign(new Uint8Array([1]), { [Symbol('s')]: 1 })],
  ['a Buffer with a field', Object.assign(Buffer.from([1]), { note: 'lost' })],
  ['bytes of another realm with a field', runInNewContext('Object.assign(new Uint8Array([1]), { note: 1 })')],
  ['a Date of a derived class', new Moment(0)],
  ['a boxed text', Object('text')],
  ['a boxed boolean', Object(true)],
])('%s is refused with its path', (_what, value) => {
  expect(() => encodeItems([withValue(value)])).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED_VALUE', path: '[0].providerData.list[0]' }),
  );
});

/** A Proxy that answers a question in this way, and all others as the object does. */
const proxy = <T extends object>(object: T, trap: ProxyHandler<T>) => new Proxy(object, trap);
const fail = () => {
  throw new Error('canary');
};
const revoked = (object: object) => {
  const { proxy: revocable, revoke } = Proxy.revocable(object, {});
  revoke();
  return revocable;
};
const detached = () => {
  const bytes = new Uint8Array(1);
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
};

test.each<[string, () => unknown]>([
  ['an accessor that throws', () => Object.defineProperty({}, 'a', { enumerable: true, get: fail })],
  ['a Proxy that throws when its fields are listed', () => proxy({ a: 1 }, { ownKeys: fail })],
  ['a Proxy that throws when it is asked for its class', () => proxy({ a: 1 }, { getPrototypeOf: fail })],
  ['a Proxy that throws when it is read', () => proxy({ a: 1 }, { get: fail })],
  ['a Proxy that is revoked', () => revoked({ a: 1 })],
  ['a Proxy of an array that is revoked', () => revoked([1])],
  [
    'an array that says it is longer',
    () => proxy([1], { get: (_, key) => (key === 'length' ? 2 ** 40 : 1) }),
  ],
  ['bytes that went to another thread', detached],
])('%s is refused with its path, and without what it throws', (_what, value) => {
  const encode = () => encodeItems([withValue(value())]);
  expect(encode).toThrow(
    expect.objectContaining({
      code: 'UNSUPPORTED_VALUE',
      path: expect.stringMatching(/^\[0\].providerData.list\[0\]/),
    }),
  );
  expect(encode).not.toThrow('canary');
});

test.each<[string, () => unknown]>([
  ['a list', () => revoked([])],
  ['a list that throws', () => proxy([{}], { get: fail })],
  ['an item', () => [revoked({})]],
])('%s of items that cannot be read is a TypeError of ours', (_what, items) => {
  expect(() => encodeItems(items() as AgentInputItem[])).toThrow(/^(Items must|Item \[0\] is)/);
});

test('what answers otherwise each time is stored as it was looked at', () => {
  let reads = 0;
  const value = {
    get first() {
      return reads++ === 0 ? 'once' : fail;
    },
    get second() {
      return reads;
    },
  };
  expect(decodeItem(encodeItems([withValue(value)])[0] ?? '')).toEqual(
    withValue({ first: 'once', second: 1 }),
  );
});

test.each<[string, unknown, unknown]>([
  ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ['a Buffer', Buffer.from([1, 2]), new Uint8Array([1, 2])],
  [
    'what another realm made',
    runInNewContext('({ a: [1, { b: new Date(0) }] })'),
    { a: [1, { b: new Date(0) }] },
  ],
  ['bytes of another realm', runInNewContext('new Uint8Array([1])'), new Uint8Array([1])],
  ['a field called toJSON', { toJSON: 'text' }, { toJSON: 'text' }],
  [
    'an accessor',
    {
      get a() {
        return 1;
      },
    },
    { a: 1 },
  ],
  ['a proxy of a plain object', new Proxy({ a: [1] }, {}), { a: [1] }],
])('%s comes back as what it holds', (_what, value, expected) => {
  const [text = ''] = encodeItems([withValue(value)]);
  expect(decodeItem(text)).toEqual(withValue(expected));
});

test('an array that is longer than an item may be deep is no trouble', () => {
  const long = Array.from({ length: 100_000 }, (_, index) => index);
  const [text = ''] = encodeItems([withValue(long)]);
  expect(decodeItem(text)).toEqual(withValue(long));
});

const CHANGED = [Object, Array, String, Number, Boolean].map(({ prototype }): object => prototype);

afterEach(() => {
  for (const prototype of CHANGED) Reflect.deleteProperty(prototype, 'toJSON');
});

test.each(CHANGED)(
  'a toJSON that the application gave to all values of a kind is not obeyed: %#',
  (prototype) => {
    Object.defineProperty(prototype, 'toJSON', { configurable: true, value: () => 'another value' });
    expect(() => encodeItems([withValue('x')])).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_VALUE' }),
    );
  },
);
