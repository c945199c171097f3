// Promise: Conversations as objects.
import assert from 'node:assert/strict';
import type { Session } from '@openai/agents-core';
import { type Contract, messages, needing, newId } from '../harness.js';
import { type ConformingSessions, type ConformingStore, failsWith, type StoreSubject } from './subject.js';

interface Place {
  readonly sessions: ConformingSessions;
  session(sessionId: string): Session;
}

function placeOf(store: ConformingStore, tenant?: string): Place {
  const place = tenant === undefined ? store : store.scoped?.(tenant);
  assert.ok(place?.sessions, 'the subject says it has conversations and its store has no "sessions"');
  return { sessions: place.sessions, session: (id) => place.session(id) };
}

/** Conversations of one beginning, each with one item. */
async function fill({ session }: Place, count: number, idPrefix = newId()): Promise<string> {
  for (let index = 0; index < count; index++) await session(`${idPrefix}-${index}`).addItems(messages(1));
  return idPrefix;
}

async function idsIn(list: AsyncIterable<{ readonly id: string }>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of list) ids.push(id);
  return ids;
}

export const STORE_CONVERSATIONS: Contract<StoreSubject> = {
  name: 'conversations',
  cases: needing('conversations', [
    {
      name: 'a list is awaited for a page, and iterated over all',
      async run({ store }) {
        const { sessions, ...place } = placeOf(store);
        const idPrefix = await fill({ sessions, ...place }, 5);
        const options = { idPrefix, by: 'id', order: 'asc', limit: 2 } as const;
        const first = await sessions.list(options);
        assert.deepEqual(
          first.data.map(({ id }) => id),
          [`${idPrefix}-0`, `${idPrefix}-1`],
        );
        assert.equal(first.hasNextPage(), true);
        const second = await first.getNextPage();
        const third = await sessions.list({ ...options, after: second.nextCursor });
        assert.deepEqual(
          third.data.map(({ id }) => id),
          [`${idPrefix}-4`],
        );
        assert.equal(third.hasNextPage(), false);
        await assert.rejects(() => third.getNextPage(), RangeError);
        const all = await idsIn(sessions.list(options));
        assert.deepEqual(
          all,
          [0, 1, 2, 3, 4].map((index) => `${idPrefix}-${index}`),
        );
        const newestFirst = await idsIn(sessions.list({ ...options, order: 'desc' }));
        assert.deepEqual(newestFirst, all.toReversed());
        assert.equal(await sessions.count({ idPrefix }), 5);
      },
    },
    {
      name: 'a conversation is described, and deleted with all that it has',
      async run({ store }) {
        const { sessions, session } = placeOf(store);
        const id = newId();
        assert.equal(await sessions.retrieve(id), undefined);
        await session(id).addItems(messages(3));
        const info = await sessions.retrieve(id);
        assert.equal(info?.id, id);
        assert.ok(info.createdAt instanceof Date && info.updatedAt >= info.createdAt);
        const { deleted, removed } = await sessions.delete(id);
        assert.deepEqual([deleted, removed.messages], [true, 3]);
        assert.deepEqual(await session(id).getItems(), []);
        assert.equal((await sessions.delete(id)).deleted, false);
      },
    },
    {
      name: 'a tenant lists, counts, describes and deletes its own conversations only',
      needs: ['tenants'],
      async run({ store }) {
        const [acme, globex, nobody] = [placeOf(store, 'acme'), placeOf(store, 'globex'), placeOf(store)];
        const idPrefix = newId();
        for (const place of [acme, globex, nobody]) await fill(place, 2, idPrefix);
        await fill(globex, 3, idPrefix);
        const options = { idPrefix, by: 'id', order: 'asc' } as const;
        const ids = await idsIn(acme.sessions.list(options));
        assert.deepEqual(ids, [`${idPrefix}-0`, `${idPrefix}-1`]);
        assert.equal(await acme.sessions.count({ idPrefix }), 2);
        assert.equal((await idsIn(nobody.sessions.list(options))).length, 2);
        assert.equal(await nobody.sessions.count({ idPrefix }), 2);
        assert.equal(await nobody.sessions.count({ idPrefix: '$tenant:' }), 0);
        assert.equal(await acme.sessions.retrieve(`${idPrefix}-2`), undefined);
        assert.equal((await acme.sessions.delete(`${idPrefix}-2`)).deleted, false);
        assert.equal((await acme.sessions.delete(`${idPrefix}-0`)).deleted, true);
        assert.equal(await globex.sessions.count({ idPrefix }), 3);
        assert.equal(await nobody.sessions.count({ idPrefix }), 2);
        const { nextCursor } = await globex.sessions.list({ ...options, limit: 1 });
        const fromThere = await idsIn(acme.sessions.list({ ...options, after: nextCursor }));
        assert.deepEqual(
          fromThere.filter((id) => id !== `${idPrefix}-1`),
          [],
        );
      },
    },
    {
      name: 'what no list can be is a TypeError, and after close() every call is CLOSED',
      async run({ store }) {
        const { sessions } = placeOf(store);
        const idPrefix = await fill(placeOf(store), 2);
        const { nextCursor } = await sessions.list({ idPrefix, by: 'id', limit: 1 });
        assert.throws(
          () => sessions.list({ idPrefix, by: 'id', order: 'asc', after: nextCursor }),
          TypeError,
        );
        assert.throws(() => sessions.list({ after: 'of nobody' }), TypeError);
        assert.throws(() => sessions.list({ limit: 0 }), TypeError);
        await assert.rejects(() => sessions.retrieve(''), TypeError);
        await assert.rejects(() => sessions.delete('$tenant:4:acme:x'), TypeError);
        await store.close();
        await failsWith('CLOSED', async () => sessions.list());
        await failsWith('CLOSED', () => sessions.retrieve(newId()));
        await failsWith('CLOSED', () => sessions.count());
        await failsWith('CLOSED', () => sessions.delete(newId()));
      },
    },
  ]),
};
