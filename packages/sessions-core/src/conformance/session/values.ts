// Promise: Exact values.
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { AgentInputItem } from '@openai/agents-core';
import { type Contract, message, newId, type SessionSubject } from '../harness.js';

/** Values that plain JSON says, where databases, charsets and codecs still lose something. */
const JSON_VALUES: readonly (readonly [what: string, value: unknown])[] = [
  ['an empty text', ''],
  ['emoji and other planes', '😀 𝔘𝔫𝔦 👩‍👩‍👧'],
  ['every script', 'äöü ß é ñ 你好 Ελλάδα עברית हिन्दी \u2028\u2029'],
  ['a NUL character', 'a\0b'],
  ['lone surrogates', 'a\ud800b\udc01'],
  ['quotes and backslashes', `'"\\ \\n \\u0000 {} NULL \u007f`],
  ['control characters', '\u0001\u0008\t\n\r\u001f'],
  ['spaces at the ends', '  x  '],
  ['text that looks like binary data', 'data:image/png;base64,AAEC'],
  ['text that looks like a date', '2026-11-24T00:00:00.000Z'],
  ['null', null],
  ['empty objects and arrays', { a: {}, b: [], c: [[], {}] }],
  ['key order', { z: 1, y: 2, a: { c: 1, b: 2 } }],
  ['keys that look like numbers', { 10: 'ten', 2: 'two', x: 1 }],
  ['a key __proto__', JSON.parse('{"__proto__":{"x":1},"a":1}') as unknown],
  ['keys with dots, dollars and emoji', { 'a.b': 1, $c: 2, '😀': 3, '': 4 }],
  ['numbers at the edges', [0.1, 1e21, 5e-324, Number.MAX_SAFE_INTEGER, -1.5]],
  ['deep nesting', JSON.parse(`${'['.repeat(100)}1${']'.repeat(100)}`) as unknown],
];

/** Values that plain JSON loses. */
const OTHER_VALUES: readonly (readonly [what: string, value: unknown])[] = [
  ['Uint8Array', new Uint8Array([0, 1, 127, 128, 255])],
  ['an empty Uint8Array', new Uint8Array()],
  ['a part of a larger buffer', new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
  ['Date', new Date(1_760_000_000_123)],
  ['NaN and the infinities', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ['negative zero', [-0, 0]],
  ['BigInt', [0n, -1n, 2n ** 70n]],
  [
    'Map',
    new Map<unknown, unknown>([
      ['a', 1],
      [{ k: 1 }, new Map()],
    ]),
  ],
  ['Set', new Set<unknown>(['b', 'a', [1]])],
  ['undefined as a value', { a: undefined, b: [undefined], c: 1 }],
  [
    'all of them inside each other',
    new Map([[new Date(0), new Set([new Uint8Array([1]), -0, undefined, 1n])]]),
  ],
];

/** Values that cannot be kept. */
const REFUSED: readonly (readonly [what: string, value: unknown])[] = [
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  [
    'an instance of a class',
    new (class Point {
      x = 1;
    })(),
  ],
  ['an instance of a class derived from Map', new (class extends Map {})()],
  ['an error', new Error('e')],
  ['a regular expression', /x/],
  ['a WeakMap', new WeakMap()],
  ['an array with holes', new Array(3)],
  ['a boxed number', Object(1)],
];

function withValue(value: unknown): AgentInputItem {
  return { role: 'user', content: 'x', providerData: { before: 1, value, after: 2 } };
}

const roundTrip = ([what, value]: readonly [string, unknown], needs: readonly string[] = []) => ({
  name: `${what}: comes back exactly`,
  needs,
  async run(subject: SessionSubject) {
    const session = await subject.session(newId());
    await session.addItems([message('before'), withValue(value)]);
    await session.addItems([message('after')]);
    const items = await session.getItems();
    assert.deepEqual(items, [message('before'), withValue(value), message('after')]);
    const [, item] = items as [unknown, { providerData: Record<string, unknown> }];
    assert.deepEqual(Object.keys(item.providerData), ['before', 'value', 'after']);
    if (needs.length === 0) assert.equal(JSON.stringify(item), JSON.stringify(withValue(value)));
    await session.popItem();
    assert.deepEqual(await session.popItem(), withValue(value));
  },
});

export const VALUES: Contract<SessionSubject> = {
  name: 'values',
  cases: [
    ...JSON_VALUES.map((value) => roundTrip(value)),
    ...OTHER_VALUES.map((value) => roundTrip(value, ['anyValue'])),
    {
      // apart from the others: assert of Node 22 takes no invalid date for equal to another
      name: 'an invalid Date: comes back exactly',
      needs: ['anyValue'],
      async run(subject) {
        const session = await subject.session(newId());
        await session.addItems([withValue(new Date(Number.NaN))]);
        const [item] = (await session.getItems()) as unknown as [{ providerData: { value: unknown } }];
        const { value } = item.providerData;
        assert.ok(value instanceof Date && Number.isNaN(value.getTime()));
      },
    },
    {
      name: 'items that look like an escape of the codec come back as themselves',
      async run(subject) {
        const session = await subject.session(newId());
        const written = JSON.stringify({ v: new Map([['k', 1]]) });
        const lookalikes = [
          { $sessions: ['Date', 0] },
          { $sessions: ['Object', { $sessions: ['Object', { $sessions: 1 }] }] },
          { $sessions: ['undefined'] },
          { $sessions: 1, other: 2 },
          { $sessions: ['Uint8Array', 'AAEC'], content: written },
          { content: [{ $sessions: ['Map', [[1, 2]]] }, { $sessions: null }] },
        ] as unknown as AgentInputItem[];
        await session.addItems(lookalikes);
        assert.deepEqual(await session.getItems(), lookalikes);
      },
    },
    ...REFUSED.map(([what, value]) => ({
      name: `${what} is refused with its path, without its value, and nothing is written`,
      needs: ['namesPaths'],
      async run(subject: SessionSubject) {
        const session = await subject.session(newId());
        const items = [message('canary'), withValue({ list: [value] })];
        await assert.rejects(
          async () => session.addItems(items),
          (error: unknown) => {
            const { name, code, retryable, path } = error as Record<string, unknown>;
            assert.deepEqual(
              { name, code, retryable, path },
              {
                name: 'SessionError',
                code: 'UNSUPPORTED_VALUE',
                retryable: false,
                path: '[1].providerData.value.list[0]',
              },
            );
            assert.ok(
              !inspect(error, { depth: Number.POSITIVE_INFINITY }).includes('canary'),
              'it shows the items',
            );
            return true;
          },
        );
        assert.deepEqual(await session.getItems(), []);
      },
    })),
    {
      name: 'a cycle is refused with its path, and nothing is written',
      needs: ['namesPaths'],
      async run(subject) {
        const session = await subject.session(newId());
        const loop: Record<string, unknown> = {};
        loop.self = { again: loop };
        await assert.rejects(async () => session.addItems([withValue(loop)]), {
          code: 'UNSUPPORTED_VALUE',
          path: '[0].providerData.value.self.again',
        });
        assert.deepEqual(await session.getItems(), []);
      },
    },
    {
      name: 'items that are not an array of plain objects are refused with a TypeError',
      needs: ['namesPaths'],
      async run(subject) {
        const session = await subject.session(newId());
        for (const items of [
          null,
          'text',
          { 0: message('x') },
          [null],
          ['text'],
          [[message('x')]],
          [new Date()],
        ]) {
          await assert.rejects(async () => session.addItems(items as unknown as AgentInputItem[]), TypeError);
        }
        assert.deepEqual(await session.getItems(), []);
      },
    },
  ],
};
