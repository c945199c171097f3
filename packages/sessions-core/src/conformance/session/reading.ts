import assert from 'node:assert/strict';
import { type Contract, contents, messages, newId, type SessionSubject } from '../harness.js';

/** What `getItems(limit)` gives of the messages 0, 1, 2: as the SDK's `MemorySession` (0.20). */
const LIMITS: readonly (readonly [limit: number | undefined, expected: readonly string[]])[] = [
  [undefined, ['m0', 'm1', 'm2']],
  [1, ['m2']],
  [2, ['m1', 'm2']],
  [3, ['m0', 'm1', 'm2']],
  [4, ['m0', 'm1', 'm2']],
  [2_147_483_647, ['m0', 'm1', 'm2']],
  [Number.MAX_VALUE, ['m0', 'm1', 'm2']],
  [Number.POSITIVE_INFINITY, ['m0', 'm1', 'm2']],
  [0, []],
  [-0, []],
  [-1, []],
  [-2.5, []],
  [Number.NEGATIVE_INFINITY, []],
  [0.5, ['m2']],
  [1.5, ['m1', 'm2']],
  [Number.NaN, ['m0', 'm1', 'm2']],
];

export const READING: Contract<SessionSubject> = {
  name: 'getItems',
  cases: [
    {
      name: 'an unknown conversation is empty',
      async run(subject) {
        const session = await subject.session(newId());
        assert.deepEqual(await session.getItems(), []);
        assert.deepEqual(await session.getItems(5), []);
      },
    },
    ...LIMITS.map(([limit, expected]) => ({
      name: `getItems(${Object.is(limit, -0) ? '-0' : limit}) of three items gives ${expected.length}`,
      async run(subject: SessionSubject) {
        const session = await subject.session(newId());
        await session.addItems(messages(3));
        assert.deepEqual(contents(await session.getItems(limit)), expected);
      },
    })),
    {
      name: 'two reads of the same rows give the same JSON text',
      async run(subject) {
        const session = await subject.session(newId());
        await session.addItems([{ role: 'user', content: 'hi', providerData: { z: 1, a: { y: 2, b: 3 } } }]);
        const first = JSON.stringify(await session.getItems());
        assert.equal(JSON.stringify(await session.getItems()), first);
        assert.equal(first, '[{"role":"user","content":"hi","providerData":{"z":1,"a":{"y":2,"b":3}}}]');
      },
    },
  ],
};
