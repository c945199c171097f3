// Promise: Corrupt rows never hide the rest.
import assert from 'node:assert/strict';
import type { Session } from '@openai/agents-core';
import { type Contract, contents, messages, newId, type SessionSubject } from '../harness.js';

const NO_ITEMS = [
  '',
  '{',
  'null',
  '5',
  '"text"',
  '[]',
  '[{"role":"user"}]',
  '{"role":"user","content":NaN}',
  'undefined',
];

/** A conversation `m0, m1, <rows>, n0, n1`. */
async function damaged(subject: SessionSubject, rows: readonly string[]): Promise<Session> {
  assert.ok(subject.insertRaw, 'the subject says it has raw access and has no insertRaw()');
  const id = newId();
  const session = await subject.session(id);
  await session.addItems(messages(2));
  for (const row of rows) await subject.insertRaw(id, row);
  await session.addItems(messages(2, 'n'));
  return session;
}

export const CORRUPT_ROWS: Contract<SessionSubject> = {
  name: 'rows that are not items',
  cases: [
    {
      name: 'reading leaves them out and shows the rest',
      needs: ['raw'],
      async run(subject) {
        const session = await damaged(subject, NO_ITEMS);
        assert.deepEqual(contents(await session.getItems()), ['m0', 'm1', 'n0', 'n1']);
        assert.deepEqual(contents(await session.getItems()), ['m0', 'm1', 'n0', 'n1']);
      },
    },
    {
      name: 'a limit counts items, not rows',
      needs: ['raw'],
      async run(subject) {
        const session = await damaged(subject, NO_ITEMS);
        assert.deepEqual(contents(await session.getItems(3)), ['m1', 'n0', 'n1']);
        assert.deepEqual(contents(await session.getItems(4)), ['m0', 'm1', 'n0', 'n1']);
        assert.deepEqual(contents(await session.getItems(5)), ['m0', 'm1', 'n0', 'n1']);
      },
    },
    {
      name: 'a limit reaches over a long run of them',
      needs: ['raw'],
      async run(subject) {
        const session = await damaged(subject, new Array(100).fill('damaged'));
        assert.deepEqual(contents(await session.getItems(3)), ['m1', 'n0', 'n1']);
      },
    },
    {
      name: 'popping removes them on its way and gives the next item',
      needs: ['raw'],
      async run(subject) {
        const session = await damaged(subject, NO_ITEMS);
        const popped = [];
        for (let count = 0; count < 5; count++) popped.push(await session.popItem());
        assert.deepEqual(popped, [...messages(2, 'n').reverse(), ...messages(2).reverse(), undefined]);
      },
    },
    {
      name: 'popping a conversation of nothing else gives undefined',
      needs: ['raw'],
      async run(subject) {
        const session = await damaged(subject, new Array(40).fill('damaged'));
        for (let count = 0; count < 2; count++) await session.popItem();
        await session.addItems(messages(1, 'x'));
        assert.deepEqual(contents(await session.getItems(2)), ['m1', 'x0']);
        for (let count = 0; count < 3; count++) await session.popItem();
        assert.equal(await session.popItem(), undefined);
      },
    },
  ],
};
