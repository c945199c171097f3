import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { SessionBackend } from '../../port/backend.js';
import type { ConversationQuery, ConversationVerbs, StoredConversation } from '../../port/conversations.js';
import { type Contract, needing, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

/** Ends of ids that patterns, collations and other orders of texts mix up. */
const ENDINGS = [
  '',
  'a',
  'A',
  'á',
  'b',
  '%',
  '_',
  '*',
  '?',
  "'",
  '\\',
  '"',
  ' ',
  '~',
  '\u{10ffff}',
  '10',
  '9',
];

const BEGINNING = { texts: ['{}'] };

/** Conversations of one beginning, made in one call: most databases give them one time. */
async function makeSessions(backend: SessionBackend): Promise<{ prefix: string; ids: string[] }> {
  const prefix = newId();
  const ids = ENDINGS.map((ending) => `${prefix}${ending}`);
  await backend.append(ids.map((sessionId) => ({ sessionId, ...BEGINNING })));
  return { prefix, ids };
}

function verbsOf({ conversations }: SessionBackend): ConversationVerbs {
  assert.ok(conversations, 'the backend says it has the verbs on conversations and has no "conversations"');
  return conversations;
}

type Wanted = Partial<ConversationQuery> & { prefix: string };

function query(wanted: Wanted): ConversationQuery {
  return { by: 'id', descending: false, limit: 100, ...wanted };
}

/** The ids on all pages of a list; between two pages `meanwhile` is called. */
async function allPages(
  backend: SessionBackend,
  wanted: Wanted,
  meanwhile: () => unknown = () => undefined,
): Promise<string[]> {
  const found: StoredConversation[] = [];
  for (;;) {
    const { list } = verbsOf(backend);
    const page = await list.call(backend.conversations, query({ limit: 4, after: found.at(-1), ...wanted }));
    found.push(...page);
    if (page.length < 4) return found.map(({ id }) => id);
    await meanwhile();
  }
}

async function listed(backend: SessionBackend, wanted: Wanted): Promise<string[]> {
  return (await verbsOf(backend).list(query(wanted))).map(({ id }) => id);
}

/** More than a second, as some databases count in seconds. */
const TRIES = 60;

/**
 * Makes a change until the conversation's time has moved on. Inside a transaction of the application it never does on
 * some databases: then all times are equal, and the ids decide.
 */
async function untilLater(change: () => unknown, time: () => Promise<number>, than: number): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    await wait(20);
    await change();
    if ((await time()) > than) return;
  }
}

async function described(backend: SessionBackend, sessionId: string): Promise<StoredConversation> {
  const found = await verbsOf(backend).get(sessionId);
  assert.ok(found, 'a conversation that was made is not there');
  return found;
}

/** A database in another time zone is an hour away or more; clocks of two machines are not. */
const TOLERANCE = 15 * 60 * 1000;

export const CONVERSATIONS: Contract<BackendSubject> = {
  name: 'conversations',
  cases: needing('conversations', [
    {
      name: 'a list in any order, read in pages, has each conversation of a beginning once',
      async run({ backend }) {
        const { prefix, ids } = await makeSessions(backend);
        for (const by of ['id', 'changed', 'created'] as const) {
          const ascending = await allPages(backend, { prefix, by });
          assert.deepEqual(ascending.toSorted(), ids.toSorted(), `by: ${by}`);
          const descending = await allPages(backend, { prefix, by, descending: true });
          assert.deepEqual(descending, ascending.toReversed(), `by: ${by}, descending`);
        }
      },
    },
    {
      name: 'a list is sorted by the last change, or by the creation',
      async run({ backend }) {
        const prefix = newId();
        const [old, recent] = [`${prefix}-b`, `${prefix}-a`];
        const addTo = (sessionId: string) => backend.append([{ sessionId, ...BEGINNING }]);
        await addTo(old);
        const makeRecent = async () => {
          await verbsOf(backend).remove(recent);
          await addTo(recent);
        };
        const created = async () => (await described(backend, recent)).createdAt;
        await untilLater(makeRecent, created, (await described(backend, old)).createdAt);
        const changed = async () => (await described(backend, old)).updatedAt;
        await untilLater(() => addTo(old), changed, (await described(backend, recent)).updatedAt);
        const all = [await described(backend, recent), await described(backend, old)]; // in the order of ids
        const byChange = all.toSorted((one, other) => one.updatedAt - other.updatedAt).map(({ id }) => id);
        const byCreation = all.toSorted((one, other) => one.createdAt - other.createdAt).map(({ id }) => id);
        assert.deepEqual(await listed(backend, { prefix, by: 'changed' }), byChange);
        assert.deepEqual(await listed(backend, { prefix, by: 'created' }), byCreation);
        const descending = true;
        assert.deepEqual(await listed(backend, { prefix, by: 'changed', descending }), byChange.toReversed());
        assert.deepEqual(
          await listed(backend, { prefix, by: 'created', descending }),
          byCreation.toReversed(),
        );
      },
    },
    {
      name: 'conversations that stay are listed once while others come, change and go between the pages',
      async run({ backend }) {
        const { prefix, ids } = await makeSessions(backend);
        const [gone = '', ...staying] = await allPages(backend, { prefix });
        let calls = 0;
        const meanwhile = async () => {
          await backend.append([{ sessionId: `${prefix}-${calls++}`, ...BEGINNING }]);
          await verbsOf(backend).remove(gone);
        };
        const created = await allPages(backend, { prefix, by: 'created' }, meanwhile);
        const byId = await allPages(backend, { prefix }, meanwhile);
        for (const found of [created, byId]) {
          assert.equal(new Set(found).size, found.length, 'one came twice');
          const old = found.filter((id) => ids.includes(id) && id !== gone);
          assert.deepEqual(old.toSorted(), staying.toSorted());
        }
      },
    },
    {
      name: 'a beginning is taken byte for byte, and those of another beginning can be left out',
      async run({ backend }) {
        const { prefix, ids } = await makeSessions(backend);
        for (const id of ids) {
          const wanted = { prefix: id };
          const right = ids.filter((other) => other.startsWith(id));
          assert.deepEqual((await listed(backend, wanted)).toSorted(), right.toSorted());
          assert.equal(await verbsOf(backend).count(wanted), right.length);
          if (id === prefix) continue;
          const without = await listed(backend, { prefix, withoutPrefix: id });
          assert.deepEqual(without.toSorted(), ids.filter((other) => !right.includes(other)).toSorted());
        }
      },
    },
    {
      name: 'those that changed after or before a time are listed and counted',
      async run({ backend }) {
        const prefix = newId();
        const sessionId = `${prefix}-a`;
        await backend.append([{ sessionId, ...BEGINNING }]);
        const { updatedAt: at } = await described(backend, sessionId);
        const matching = async (filter: { changedAfter?: number; changedBefore?: number }) => {
          const found = await listed(backend, { prefix, ...filter });
          assert.equal(await verbsOf(backend).count({ prefix, ...filter }), found.length);
          return found.length;
        };
        assert.equal(await matching({ changedAfter: at - 1 }), 1);
        assert.equal(await matching({ changedAfter: at + 1 }), 0);
        assert.equal(await matching({ changedBefore: at + 1 }), 1);
        assert.equal(await matching({ changedBefore: at - 1 }), 0);
        assert.equal(await matching({ changedAfter: at - 1, changedBefore: at + 1 }), 1);
      },
    },
    {
      name: 'get tells when a conversation began and changed, and nothing of one that is not there',
      async run({ backend }) {
        const sessionId = newId();
        assert.equal(await verbsOf(backend).get(sessionId), undefined);
        await backend.append([{ sessionId, ...BEGINNING }]);
        const first = await described(backend, sessionId);
        assert.equal(first.id, sessionId);
        assert.ok(Math.abs(first.createdAt - Date.now()) < TOLERANCE, 'not the time of its creation');
        assert.ok(Math.abs(first.updatedAt - Date.now()) < TOLERANCE, 'not the time of its change');
        assert.ok(Number.isInteger(first.createdAt) && Number.isInteger(first.updatedAt), 'not whole ms');
        await backend.append([{ sessionId, ...BEGINNING }]);
        const changed = await described(backend, sessionId);
        assert.ok(changed.updatedAt >= first.updatedAt);
        assert.equal(changed.createdAt, first.createdAt);
      },
    },
    {
      name: 'remove takes all rows of one conversation, and says how many',
      async run({ backend }) {
        const [sessionId, other] = [newId(), newId()];
        await backend.append([
          { sessionId, texts: ['{}', '{}', '{}'] },
          { sessionId: other, ...BEGINNING },
        ]);
        const {
          operations: remembered,
          usage: _,
          runs: ___,
          ...removed
        } = await verbsOf(backend).remove(sessionId);
        assert.deepEqual([{ ...removed }, remembered], [{ messages: 3, metadata: 0, sessions: 1 }, 0]);
        assert.deepEqual(await backend.read(sessionId), []);
        assert.equal(await verbsOf(backend).get(sessionId), undefined);
        assert.equal((await backend.read(other)).length, 1);
        const { usage: __, runs: ____, ...again } = await verbsOf(backend).remove(sessionId);
        assert.deepEqual({ ...again }, { messages: 0, metadata: 0, operations: 0, sessions: 0 });
      },
    },
    {
      name: 'remove forgets the operations of the conversation',
      needs: ['operations'],
      async run({ backend }) {
        const sessionId = newId();
        const batch = { sessionId, ...BEGINNING, operation: { id: 'o1', digest: 'd1' } };
        await backend.append([batch]);
        assert.equal((await verbsOf(backend).remove(sessionId)).operations, 1);
        assert.deepEqual(await backend.append([batch]), ['stored']);
      },
    },
  ]),
};
