import assert from 'node:assert/strict';
import { isSessionError } from '../../port/errors.js';
import { type Contract, messages, needing, newId } from '../harness.js';
import {
  type ConformingSessions,
  type ConformingStore,
  failsWith,
  reopenedStore,
  type StoreSubject,
} from './subject.js';

type Update = NonNullable<ConformingSessions['update']>;

interface Described extends ConformingSessions {
  update: Update;
}

function sessionsOf(store: Pick<ConformingStore, 'sessions'> | undefined): Described {
  const sessions = store?.sessions;
  assert.ok(sessions?.update, 'the subject says it has metadata and its "sessions" has no "update"');
  return sessions as Described;
}

async function shown(sessions: ConformingSessions, id: string): Promise<unknown> {
  const { title, metadata, version } = (await sessions.retrieve(id)) ?? {};
  return [title, metadata, version];
}

async function idsIn(list: AsyncIterable<{ readonly id: string }>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of list) ids.push(id);
  return ids.sort();
}

/** JSON that a careless way of storing would change. */
const VALUES = {
  text: 'it\'s "a" \\ á 😀 \0 \ud800 \n',
  '"odd" key\\': [1.5, -0.1, 1e21, true, null, { b: 1, a: [] }],
  __proto__x: {},
  '': '',
};

export const STORE_METADATA: Contract<StoreSubject> = {
  name: 'titles and metadata',
  cases: needing(
    'conversations',
    needing('metadata', [
      {
        name: 'update makes a conversation, and merges with what it was given before',
        async run({ store }) {
          const sessions = sessionsOf(store);
          const id = newId();
          const made = await sessions.update(id, { title: 'A "chat"', metadata: VALUES });
          assert.deepEqual([made.id, made.title, made.metadata, made.version], [id, 'A "chat"', VALUES, 1]);
          assert.ok(made.createdAt instanceof Date && made.updatedAt instanceof Date);
          const second = await sessions.update(id, { metadata: { text: null, pinned: true, '': undefined } });
          const { text: _, ...rest } = VALUES;
          const merged = { ...rest, pinned: true };
          assert.deepEqual([second.title, second.metadata, second.version], ['A "chat"', merged, 2]);
          await sessions.update(id, { title: null });
          assert.deepEqual(await shown(sessions, id), [undefined, merged, 3]);
          assert.equal(await sessions.count({ idPrefix: id }), 1);
          const [listed] = (await sessions.list({ idPrefix: id })).data;
          assert.deepEqual([listed?.title, listed?.metadata, listed?.version], [undefined, merged, 3]);
          assert.deepEqual(await store.session(id).getItems(), []);
        },
      },
      {
        name: 'a conversation that was never updated has no title, no metadata and version 0',
        async run({ store }) {
          const id = newId();
          await store.session(id).addItems(messages(1));
          assert.deepEqual(await shown(sessionsOf(store), id), [undefined, {}, 0]);
        },
      },
      {
        name: 'an update of another version is VERSION_CONFLICT and changes nothing',
        async run({ store }) {
          const sessions = sessionsOf(store);
          const id = newId();
          await failsWith('VERSION_CONFLICT', () => sessions.update(id, { title: 'x' }, { ifVersion: 1 }));
          assert.equal(await sessions.retrieve(id), undefined);
          await sessions.update(id, { title: 'first' }, { ifVersion: 0 });
          const late = sessions.update(id, { title: 'late' }, { ifVersion: 0 });
          const told = await late.catch((error: unknown) => error);
          assert.ok(isSessionError(told) && told.code === 'VERSION_CONFLICT' && !told.retryable);
          assert.deepEqual(await shown(sessions, id), ['first', {}, 1]);
          assert.equal((await sessions.update(id, { title: 'next' }, { ifVersion: 1 })).version, 2);
        },
      },
      {
        name: 'updates of two stores at once lose none',
        needs: ['reopen'],
        async run(subject) {
          const id = newId();
          const other = await reopenedStore(subject);
          const stores = [sessionsOf(subject.store), sessionsOf(other)];
          const updates = Array.from({ length: 12 }, (_, index) =>
            stores[index % 2]?.update(id, { metadata: { [`key ${index}`]: index } }),
          );
          await Promise.all(updates);
          const info = await subject.store.sessions?.retrieve(id);
          assert.equal(info?.version, 12);
          assert.equal(Object.keys(info.metadata).length, 12);
          await other.close();
        },
      },
      {
        name: 'title and metadata stay when the items are cleared, and go with delete',
        async run({ store }) {
          const sessions = sessionsOf(store);
          const id = newId();
          await store.session(id).addItems(messages(2));
          await sessions.update(id, { title: 'A chat', metadata: { a: 1 } });
          await store.session(id).clearSession();
          assert.equal(await sessions.retrieve(id), undefined);
          assert.equal(await sessions.count({ idPrefix: id }), 0);
          await store.session(id).addItems(messages(1));
          assert.deepEqual(await shown(sessions, id), ['A chat', { a: 1 }, 1]);
          await store.session(id).clearSession();
          assert.equal((await sessions.update(id, { metadata: { b: 2 } })).version, 2);
          assert.equal((await sessions.delete(id)).deleted, true);
          await store.session(id).addItems(messages(1));
          assert.deepEqual(await shown(sessions, id), [undefined, {}, 0]);
        },
      },
      {
        name: 'what is too large or no JSON is refused before anything is written',
        async run({ store }) {
          const sessions = sessionsOf(store);
          const id = newId();
          const large = { metadata: { a: 'x'.repeat(65_000) } };
          await sessions.update(id, large);
          await failsWith('ITEM_TOO_LARGE', () => sessions.update(id, { title: 'x'.repeat(600) }));
          await failsWith('ITEM_TOO_LARGE', () => sessions.update(id, { metadata: { b: 'á'.repeat(300) } }));
          const cycle: unknown[] = [];
          cycle.push(cycle);
          for (const value of [() => 1, new Date(), Number.NaN, new Map(), 1n, [undefined], cycle])
            await failsWith('UNSUPPORTED_VALUE', () => sessions.update(id, { metadata: { value } }));
          assert.deepEqual(await shown(sessions, id), [undefined, large.metadata, 1]);
        },
      },
      {
        name: 'an update holds what its arguments held when it was called',
        async run({ store }) {
          const sessions = sessionsOf(store);
          const id = newId();
          const metadata = { tags: ['a'] };
          const updated = sessions.update(id, { metadata });
          metadata.tags.push('b');
          assert.deepEqual((await updated).metadata, { tags: ['a'] });
        },
      },
      {
        name: 'conversations are listed and counted by the values of their metadata',
        async run({ store }) {
          const sessions = sessionsOf(store);
          const idPrefix = newId();
          const all = [
            { user: 'u1', n: 1 },
            { user: 'U1', n: 1 },
            { user: 'u1', n: 2 },
            { nested: { user: 'u1' }, other: 'u1' },
          ];
          for (const [index, metadata] of all.entries())
            await sessions.update(`${idPrefix}-${index}`, { title: '"user":"u1"', metadata });
          const matching = async (metadata: Record<string, string | number | boolean>) => {
            const ids = await idsIn(sessions.list({ idPrefix, metadata, limit: 1 }));
            assert.equal(await sessions.count({ idPrefix, metadata }), ids.length);
            return ids.map((id) => id.slice(idPrefix.length + 1));
          };
          assert.deepEqual(await matching({ user: 'u1' }), ['0', '2']);
          assert.deepEqual(await matching({ user: 'u1', n: 2 }), ['2']);
          assert.deepEqual(await matching({ n: true }), []);
          assert.equal((await matching({})).length, 4);
          assert.throws(() => sessions.list({ metadata: { user: ['u1'] } as never }), TypeError);
        },
      },
      {
        name: 'a tenant updates its own conversations only',
        needs: ['tenants'],
        async run({ store }) {
          const [acme, globex] = ['acme', 'globex'].map((tenant) => sessionsOf(store.scoped?.(tenant)));
          const id = newId();
          await acme?.update(id, { title: 'of acme', metadata: { a: 1 } });
          await globex?.update(id, { title: 'of globex', metadata: { a: 1 } });
          assert.deepEqual(await shown(sessionsOf(store.scoped?.('acme')), id), ['of acme', { a: 1 }, 1]);
          assert.equal(await sessionsOf(store).retrieve(id), undefined);
          assert.equal(await sessionsOf(store).count({ idPrefix: id, metadata: { a: 1 } }), 0);
          assert.equal(await acme?.count({ idPrefix: id, metadata: { a: 1 } }), 1);
          await acme?.delete(id);
          assert.deepEqual(await shown(sessionsOf(store.scoped?.('globex')), id), ['of globex', { a: 1 }, 1]);
        },
      },
      {
        name: 'what no update can be is a TypeError, and after close() it is CLOSED',
        async run({ store }) {
          const call = (...args: unknown[]) =>
            Reflect.apply(sessionsOf(store).update, store.sessions, args) as unknown;
          const id = newId();
          for (const args of [
            ['', {}],
            ['$tenant:4:acme:x', {}],
            [id, undefined],
            [id, { name: 'x' }],
            [id, { title: 1 }],
            [id, { metadata: [] }],
            [id, {}, { ifVersion: -1 }],
            [id, {}, { version: 1 }],
          ])
            await assert.rejects(async () => call(...args), TypeError);
          assert.equal(await sessionsOf(store).retrieve(id), undefined);
          await store.close();
          await failsWith('CLOSED', () => call(id, { title: 'x' }));
        },
      },
    ]),
  ),
};
