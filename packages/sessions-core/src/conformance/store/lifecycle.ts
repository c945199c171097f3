import assert from 'node:assert/strict';
import { type Contract, contents, messages, newId } from '../harness.js';
import type { StoreSubject } from './subject.js';
import { callsOf, failsWith, reopenedStore, storeOutOfReach } from './subject.js';

async function refusesEverything({ store }: Pick<StoreSubject, 'store'>): Promise<void> {
  for (const [, call] of callsOf(store.session(newId()))) await failsWith('CLOSED', call);
  await failsWith('CLOSED', () => store.open());
}

export const LIFECYCLE: Contract<StoreSubject> = {
  name: 'opening and closing',
  cases: [
    {
      name: 'open() gives the store, and may be called again',
      async run({ store }) {
        assert.equal(await store.open(), store);
        assert.equal(await store.open(), store);
      },
    },
    {
      name: 'the first call opens the store by itself, and calls that are made meanwhile keep their order',
      async run({ store }) {
        const session = store.session(newId());
        const [, , items] = await Promise.all([
          session.addItems(messages(2, 'a')),
          session.addItems(messages(2, 'b')),
          session.getItems(),
          store.open(),
        ]);
        assert.deepEqual(items, [...messages(2, 'a'), ...messages(2, 'b')]);
      },
    },
    {
      name: 'after close() every call fails with CLOSED',
      async run({ store }) {
        await store.session(newId()).addItems(messages(1));
        await store.close();
        await refusesEverything({ store });
      },
    },
    {
      name: 'getSessionId() works after close()',
      async run({ store }) {
        const id = newId();
        const session = store.session(id);
        await store.close();
        assert.equal(await session.getSessionId(), id);
      },
    },
    {
      name: 'close() waits for the calls under way',
      async run({ store }) {
        const session = store.session(newId());
        const done: string[] = [];
        const added = session.addItems(messages(2)).then(() => done.push('addItems'));
        const read = session.getItems().then((items) => done.push(contents(items).join()));
        await store.close();
        done.push('close');
        await Promise.all([added, read]);
        assert.deepEqual(done, ['addItems', 'm0,m1', 'close']);
      },
    },
    {
      name: 'a call made while the store closes fails with CLOSED',
      async run({ store }) {
        const session = store.session(newId());
        const added = session.addItems(messages(1));
        const closing = store.close();
        await failsWith('CLOSED', () => session.getItems());
        await Promise.all([added, closing]);
      },
    },
    {
      name: 'close() may be called again, and on a store that was never opened',
      async run({ store }) {
        await store.close();
        await store.close();
        await refusesEverything({ store });
      },
    },
    {
      name: 'await using closes the store',
      async run({ store }) {
        {
          await using used = store;
          await used.session(newId()).addItems(messages(1));
        }
        await refusesEverything({ store });
      },
    },
    {
      name: 'closing one store leaves another over the same conversations open',
      needs: ['reopen'],
      async run(subject) {
        const id = newId();
        await subject.store.session(id).addItems(messages(2));
        const other = await reopenedStore(subject);
        try {
          await other.session(id).getItems();
          await subject.store.close();
          await other.session(id).addItems(messages(1, 'n'));
          assert.deepEqual(contents(await other.session(id).getItems()), ['m0', 'm1', 'n0']);
        } finally {
          await other.close();
        }
      },
    },
    {
      name: 'making a store and its sessions asks nothing of the database',
      needs: ['outOfReach'],
      async run(subject) {
        const { store } = await storeOutOfReach(subject);
        const id = newId();
        assert.equal(await store.session(id).getSessionId(), id);
        await store.close();
      },
    },
    {
      name: 'a database out of reach is a SessionError of every call that needs it',
      needs: ['outOfReach'],
      async run(subject) {
        const { store } = await storeOutOfReach(subject);
        const session = store.session(newId());
        const calls = [session.addItems(messages(1)), session.getItems(), store.open()];
        for (const { reason } of (await Promise.allSettled(calls)) as { reason?: unknown }[]) {
          assert.equal((reason as Error | undefined)?.name, 'SessionError');
        }
        await store.close();
      },
    },
    {
      name: 'a failed opening is forgotten, and the next call tries again',
      needs: ['outOfReach'],
      async run(subject) {
        const { store, mend } = await storeOutOfReach(subject);
        const session = store.session(newId());
        await assert.rejects(async () => session.addItems(messages(1)));
        await assert.rejects(async () => store.open());
        await mend();
        await session.addItems(messages(2, 'n'));
        assert.deepEqual(contents(await session.getItems()), ['n0', 'n1']);
        await store.close();
      },
    },
  ],
};
