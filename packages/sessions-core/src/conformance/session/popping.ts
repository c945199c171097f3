import assert from 'node:assert/strict';
import { type Contract, contents, message, messages, newId, type SessionSubject } from '../harness.js';

export const POPPING: Contract<SessionSubject> = {
  name: 'popItem',
  cases: [
    {
      name: 'popping gives the newest item and removes it alone',
      async run(subject) {
        const session = await subject.session(newId());
        await session.addItems(messages(12));
        assert.deepEqual(await session.popItem(), message('m11'));
        assert.deepEqual(await session.popItem(), message('m10'));
        assert.deepEqual(await session.getItems(), messages(10));
      },
    },
    {
      name: 'popping an empty or unknown conversation gives undefined',
      async run(subject) {
        const session = await subject.session(newId());
        assert.equal(await session.popItem(), undefined);
        await session.addItems(messages(1));
        await session.popItem();
        assert.equal(await session.popItem(), undefined);
        assert.deepEqual(await session.getItems(), []);
      },
    },
    {
      name: 'what is added after popping comes last',
      async run(subject) {
        const session = await subject.session(newId());
        await session.addItems(messages(3));
        await session.popItem();
        await session.addItems([message('new')]);
        assert.deepEqual(contents(await session.getItems()), ['m0', 'm1', 'new']);
      },
    },
    {
      name: 'each of many callers at once pops another item',
      async run(subject) {
        const id = newId();
        const session = await subject.session(id);
        await session.addItems(messages(20));
        const others = await Promise.all(Array.from({ length: 20 }, () => subject.session(id)));
        const popped = contents(
          (await Promise.all(others.map((one) => one.popItem()))).map((item) => item ?? message('')),
        );
        assert.deepEqual(popped.toSorted(), contents(messages(20)).toSorted());
        assert.deepEqual(await session.getItems(), []);
      },
    },
  ],
};
