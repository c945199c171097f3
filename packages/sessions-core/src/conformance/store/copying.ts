import assert from 'node:assert/strict';
import { type Contract, contents, messages, needing, newId } from '../harness.js';
import {
  type ConformingSessions,
  type ConformingStore,
  failsWith,
  reopenedStore,
  type StoreSubject,
} from './subject.js';

type Copying = Required<Pick<ConformingSessions, 'fork' | 'rename'>> & ConformingSessions;

function sessionsOf(store: Pick<ConformingStore, 'sessions'> | undefined): Copying {
  const sessions = store?.sessions;
  assert.ok(sessions?.fork && sessions.rename, 'the subject says it can copy and has no "fork" and "rename"');
  return sessions as Copying;
}

export const STORE_COPYING: Contract<StoreSubject> = {
  name: 'fork and rename',
  cases: needing(
    'conversations',
    needing('copying', [
      {
        name: 'a fork has the items up to a place, and goes its own way',
        async run({ store }) {
          const [id, all, some] = [newId(), newId(), newId()];
          await store.session(id).addItems(messages(4));
          assert.equal((await sessionsOf(store).fork(id, all)).id, all);
          await sessionsOf(store).fork(id, some, { upTo: 2 });
          await store.session(some).addItems(messages(1, 'other'));
          assert.deepEqual(contents(await store.session(all).getItems()), ['m0', 'm1', 'm2', 'm3']);
          assert.deepEqual(contents(await store.session(some).getItems()), ['m0', 'm1', 'other0']);
          assert.deepEqual(contents(await store.session(id).getItems()), ['m0', 'm1', 'm2', 'm3']);
        },
      },
      {
        name: 'a renamed conversation is there under its new id alone, in the order of the calls for either',
        async run({ store }) {
          const [id, newOne] = [newId(), newId()];
          const calls = [
            store.session(id).addItems(messages(1, 'a')),
            sessionsOf(store).rename(id, newOne),
            store.session(newOne).addItems(messages(1, 'b')),
            store.session(id).addItems(messages(1, 'c')),
          ];
          await Promise.all(calls);
          assert.deepEqual(contents(await store.session(newOne).getItems()), ['a0', 'b0']);
          assert.deepEqual(contents(await store.session(id).getItems()), ['c0']);
        },
      },
      {
        name: 'what is not there cannot be copied, what is there is not written over',
        async run({ store }) {
          const [id, other] = [newId(), newId()];
          for (const one of [id, other]) await store.session(one).addItems(messages(1, one));
          for (const method of ['fork', 'rename'] as const) {
            const sessions = sessionsOf(store);
            await failsWith('SESSION_EXISTS', () => sessions[method](id, other));
            await failsWith('SESSION_EXISTS', () => sessions[method](id, id));
            await failsWith('SESSION_MISSING', () => sessions[method](newId(), newId()));
            for (const [from, to] of [
              ['', newId()],
              [id, '$tenant:4:acme:x'],
            ] as const)
              await assert.rejects(async () => sessions[method](from, to), TypeError);
          }
          await assert.rejects(async () => sessionsOf(store).fork(id, newId(), { upTo: -1 }), TypeError);
          for (const one of [id, other])
            assert.deepEqual(contents(await store.session(one).getItems()), [`${one}0`]);
          await store.close();
          await failsWith('CLOSED', () => sessionsOf(store).fork(id, newId()));
          await failsWith('CLOSED', () => sessionsOf(store).rename(id, newId()));
        },
      },
      {
        name: 'of two stores that want one id, one gets it',
        needs: ['reopen'],
        async run(subject) {
          const { store } = subject;
          const other = await reopenedStore(subject);
          const ids = [newId(), newId()];
          for (const id of ids) await store.session(id).addItems(messages(2, id));
          const to = newId();
          const ends = await Promise.allSettled([
            sessionsOf(store).rename(ids[0] ?? '', to),
            sessionsOf(other).rename(ids[1] ?? '', to),
          ]);
          const winner = ends.findIndex(({ status }) => status === 'fulfilled');
          const loser = ends[1 - winner] as PromiseRejectedResult;
          assert.equal((loser.reason as { code?: unknown } | undefined)?.code, 'SESSION_EXISTS');
          assert.deepEqual(contents(await store.session(to).getItems()), [
            `${ids[winner]}0`,
            `${ids[winner]}1`,
          ]);
          assert.equal((await store.session(ids[1 - winner] ?? '').getItems()).length, 2);
          assert.equal((await store.session(ids[winner] ?? '').getItems()).length, 0);
          await other.close();
        },
      },
      {
        name: 'conversations that two stores rename to each other and back are never doubled or lost',
        needs: ['reopen'],
        async run(subject) {
          const { store } = subject;
          const other = await reopenedStore(subject);
          const [a, b] = [newId(), newId()];
          await store.session(a).addItems(messages(1));
          const renames = Array.from({ length: 8 }, (_, index) => {
            const { rename } = sessionsOf(index % 2 ? other : store);
            const sessions = index % 2 ? other.sessions : store.sessions;
            return rename.call(sessions, index % 4 < 2 ? a : b, index % 4 < 2 ? b : a);
          });
          await Promise.allSettled(renames);
          const there = [await store.session(a).getItems(), await store.session(b).getItems()].flat();
          assert.deepEqual(contents(there), ['m0']);
          await other.close();
        },
      },
      {
        name: 'a tenant copies within its own conversations only',
        needs: ['tenants'],
        async run({ store }) {
          const acme = store.scoped?.('acme');
          const [id, to] = [newId(), newId()];
          await store.session(id).addItems(messages(1, 'of nobody'));
          await failsWith('SESSION_MISSING', () => sessionsOf(acme).fork(id, to));
          await acme?.session(id).addItems(messages(1, 'of acme'));
          await sessionsOf(acme).rename(id, to);
          assert.deepEqual(contents((await acme?.session(to).getItems()) ?? []), ['of acme0']);
          assert.deepEqual(contents(await store.session(id).getItems()), ['of nobody0']);
          assert.deepEqual(await store.session(to).getItems(), []);
        },
      },
    ]),
  ),
};
