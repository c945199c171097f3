import assert from 'node:assert/strict';
import { type Contract, contents, messages, needing, newId } from '../harness.js';
import {
  type ConformingErasure,
  type ConformingSessions,
  type ConformingStore,
  failsWith,
  reopenedStore,
  type StoreSubject,
} from './subject.js';

type Erase = (erasure: object) => Promise<ConformingErasure>;

function eraserOf(store: Pick<ConformingStore, 'sessions'> | undefined): Erase {
  const { sessions } = store ?? {};
  assert.ok(sessions, 'the subject says it can erase conversations and its store has no "sessions"');
  return (sessions.delete as unknown as Erase).bind(sessions);
}

function sessionsOf({ sessions }: Pick<ConformingStore, 'sessions'>): ConformingSessions {
  assert.ok(sessions, 'the subject says it can erase conversations and its store has no "sessions"');
  return sessions;
}

export const STORE_ERASING: Contract<StoreSubject> = {
  name: 'erasure',
  cases: needing(
    'conversations',
    needing('erasure', [
      {
        name: 'an erasure says what it removed, and leaves the others',
        async run({ store }) {
          const ids = [newId(), newId(), newId()];
          const [first = '', second = '', third = ''] = ids;
          for (const id of ids) await store.session(id).addItems(messages(2));
          let told: ConformingErasure | undefined;
          const onProgress = (erased: ConformingErasure) => {
            told = erased;
          };
          const erased = await eraserOf(store)({ ids: [first, second, first, newId()], onProgress });
          assert.deepEqual([erased.conversations, erased.removed.messages], [2, 4]);
          assert.deepEqual(told, erased);
          for (const id of [first, second]) assert.deepEqual(await store.session(id).getItems(), []);
          assert.equal((await store.session(third).getItems()).length, 2);
          assert.equal((await eraserOf(store)({ ids: [first, second] })).conversations, 0);
        },
      },
      {
        name: 'an erased conversation takes no late turn, from no store, and every other one does',
        needs: ['reopen'],
        async run(subject) {
          const { store } = subject;
          const [id, other] = [newId(), newId()];
          for (const one of [id, other]) await store.session(one).addItems(messages(1));
          await using second = await reopenedStore(subject);
          await second.session(id).getItems();
          await eraserOf(store)({ ids: [id] });
          for (const late of [store, second]) {
            const turns = [id, other].map((one) => late.session(one).addItems(messages(1, 'late')));
            const [refused, stored] = await Promise.allSettled(turns);
            assert.equal((refused as PromiseRejectedResult).reason?.code, 'SESSION_ERASED');
            assert.equal(stored?.status, 'fulfilled');
            assert.deepEqual(await late.session(id).getItems(), []);
          }
          assert.deepEqual(contents(await store.session(other).getItems()), ['m0', 'late0', 'late0']);
        },
      },
      {
        name: 'a conversation that was deleted begins anew, unless it is to be refused',
        async run({ store }) {
          const [id, refused] = [newId(), newId()];
          for (const one of [id, refused]) await store.session(one).addItems(messages(1));
          await sessionsOf(store).delete(id);
          await (sessionsOf(store).delete as (id: string, options: object) => unknown)(refused, {
            refuseFor: 60_000,
          });
          await store.session(id).addItems(messages(1, 'new'));
          assert.deepEqual(contents(await store.session(id).getItems()), ['new0']);
          await failsWith('SESSION_ERASED', () => store.session(refused).addItems(messages(1)));
          await eraserOf(store)({ ids: [id], refuseFor: 0 });
          await store.session(id).addItems(messages(1, 'newer'));
          assert.deepEqual(contents(await store.session(id).getItems()), ['newer0']);
        },
      },
      {
        name: 'turns that were added before an erasure are stored before it',
        async run({ store }) {
          const id = newId();
          await store.session(id).addItems(messages(1));
          const adding = store.session(id).addItems(messages(2));
          const erasing = eraserOf(store)({ ids: [id] });
          await adding;
          assert.equal((await erasing).removed.messages, 3);
        },
      },
      {
        name: 'a tenant erases its own conversations only, all of them or some',
        needs: ['tenants'],
        async run({ store }) {
          const id = newId();
          // of its own: the database may be one that is in use
          const tenants = [newId('acme'), newId('globex')] as const;
          const [acme, globex] = tenants.map((tenant) => store.scoped?.(tenant));
          const places = [acme, globex, store];
          for (const place of places) {
            await place?.session(id).addItems(messages(1));
            await place?.session(`${id}-2`).addItems(messages(1));
          }
          const count = async (place: typeof acme) => [
            (await place?.session(id).getItems())?.length,
            (await place?.session(`${id}-2`).getItems())?.length,
          ];
          assert.equal((await eraserOf(acme)({ ids: [id] })).conversations, 1);
          assert.deepEqual(
            [await count(acme), await count(globex)],
            [
              [0, 1],
              [1, 1],
            ],
          );
          assert.equal((await eraserOf(store)({ tenant: tenants[1] })).conversations, 2);
          assert.deepEqual(
            [await count(acme), await count(globex), await count(store)],
            [
              [0, 1],
              [0, 0],
              [1, 1],
            ],
          );
          await assert.rejects(() => eraserOf(acme)({ tenant: tenants[1] }), TypeError);
          assert.equal((await eraserOf(acme)({ tenant: tenants[0] })).conversations, 1);
          assert.deepEqual(
            [await count(acme), await count(store)],
            [
              [0, 0],
              [1, 1],
            ],
          );
          await failsWith('SESSION_ERASED', () => acme?.session(id).addItems(messages(1)));
        },
      },
      {
        name: 'what no erasure can be is a TypeError, and after close() it is CLOSED',
        async run({ store }) {
          const id = newId();
          const wrong = [
            {},
            { ids: [id], tenant: 'acme' },
            { ids: id },
            { ids: [id, ''] },
            { ids: [id], later: 1 },
          ];
          for (const erasure of [...wrong, { ids: [id], refuseFor: -1 }])
            await assert.rejects(() => eraserOf(store)(erasure), TypeError);
          const ended = eraserOf(store)({ ids: [id], signal: AbortSignal.abort(new RangeError('no')) });
          await assert.rejects(ended, RangeError);
          await store.close();
          await failsWith('CLOSED', () => eraserOf(store)({ ids: [id] }));
        },
      },
    ]),
  ),
};
