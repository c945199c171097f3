import assert from 'node:assert/strict';
import { type Contract, contents, messages, newId, type SessionSubject } from '../harness.js';

export const CLEARING: Contract<SessionSubject> = {
  name: 'clearSession',
  cases: [
    {
      name: 'clearing removes every item',
      async run(subject) {
        const session = await subject.session(newId());
        await session.addItems(messages(5));
        await session.clearSession();
        assert.deepEqual(await session.getItems(), []);
        assert.equal(await session.popItem(), undefined);
      },
    },
    {
      name: 'clearing an unknown conversation does nothing',
      async run(subject) {
        const session = await subject.session(newId());
        await session.clearSession();
        await session.clearSession();
        assert.deepEqual(await session.getItems(), []);
      },
    },
    {
      name: 'a cleared session keeps its id and can be used again',
      async run(subject) {
        const id = newId();
        const session = await subject.session(id);
        await session.addItems(messages(2, 'old'));
        await session.clearSession();
        assert.equal(await session.getSessionId(), id);
        await session.addItems(messages(2, 'new'));
        assert.deepEqual(contents(await session.getItems()), ['new0', 'new1']);
        assert.deepEqual(await (await subject.session(id)).getItems(), messages(2, 'new'));
      },
    },
    {
      name: 'clearing leaves other conversations alone',
      async run(subject) {
        const one = await subject.session(newId());
        const other = await subject.session(newId());
        await one.addItems(messages(2, 'one'));
        await other.addItems(messages(2, 'other'));
        await one.clearSession();
        assert.deepEqual(contents(await other.getItems()), ['other0', 'other1']);
      },
    },
  ],
};
