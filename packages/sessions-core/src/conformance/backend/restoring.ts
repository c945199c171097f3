import assert from 'node:assert/strict';
import type { SessionBackend } from '../../port/backend.js';
import type { ConversationVerbs, WholeConversation } from '../../port/conversations.js';
import { type Contract, needing, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

type Restoring = Required<Pick<ConversationVerbs, 'restore'>> & ConversationVerbs;

function verbsOf({ conversations }: SessionBackend): Restoring {
  assert.ok(conversations?.restore, 'the backend says it can restore conversations and has no "restore"');
  return conversations as Restoring;
}

/** Whole seconds and others, of summer and winter. */
const TIMES = [1_764_333_006_000, 1_764_333_006_123, 1_751_371_200_999];

function whole(
  id: string,
  texts: readonly string[],
  more: Partial<WholeConversation> = {},
): WholeConversation {
  const rows = texts.map((text, index) => ({ text, createdAt: TIMES[index % TIMES.length] ?? 0 }));
  return { id, createdAt: 1_751_371_200_500, updatedAt: 1_764_333_007_250, rows, ...more };
}

async function rowsOf({ backend }: BackendSubject, sessionId: string) {
  const rows = (await backend.history?.(sessionId, { limit: 1000, oldest: true })) ?? [];
  return rows.map(({ text, createdAt }) => ({ text, createdAt }));
}

const TEXTS = Array.from({ length: 205 }, (_, index) => `{"n":${index},"text":"it's \\\\ \\u0000 ☃"}`);

export const RESTORING: Contract<BackendSubject> = {
  name: 'conversations as they were elsewhere',
  cases: needing('restoring', [
    {
      needs: ['history'],
      name: 'restore makes conversations with their items in order, and their times',
      async run(subject) {
        const { restore, get } = verbsOf(subject.backend);
        const [long, short, empty] = [newId(), newId(), newId()];
        const wholes = [whole(long, TEXTS), whole(short, TEXTS.slice(0, 2)), whole(empty, [])];
        assert.deepEqual([...(await restore(wholes))], ['stored', 'stored', 'stored']);
        for (const { id, rows, createdAt, updatedAt } of wholes) {
          assert.deepEqual(await rowsOf(subject, id), rows);
          const found = await get(id);
          assert.deepEqual([found?.createdAt, found?.updatedAt], [createdAt, updatedAt]);
          assert.equal(found?.description, undefined);
        }
        await subject.backend.append([{ sessionId: short, texts: ['{"n":"new"}'] }]);
        const texts = (await subject.backend.read(short)).map(({ text }) => text);
        assert.deepEqual(texts, [...TEXTS.slice(0, 2), '{"n":"new"}']);
      },
    },
    {
      needs: ['history'],
      name: 'restore leaves alone what is there, and makes the others',
      async run(subject) {
        const { restore } = verbsOf(subject.backend);
        const [there, other] = [newId(), newId()];
        await subject.backend.append([{ sessionId: there, texts: ['{"n":"mine"}'] }]);
        const outcomes = await restore([whole(there, TEXTS.slice(0, 3)), whole(other, TEXTS.slice(0, 3))]);
        assert.deepEqual([...outcomes], ['taken', 'stored']);
        assert.deepEqual(
          (await rowsOf(subject, there)).map(({ text }) => text),
          ['{"n":"mine"}'],
        );
        assert.equal((await rowsOf(subject, other)).length, 3);
        assert.deepEqual([...(await restore([whole(other, TEXTS)]))], ['taken']);
        assert.equal((await rowsOf(subject, other)).length, 3);
        assert.deepEqual([...(await restore([]))], []);
      },
    },
    {
      needs: ['metadata'],
      name: 'restore brings descriptions along, with their versions',
      async run(subject) {
        const { restore, get } = verbsOf(subject.backend);
        const description = { text: '{"title":"Orders"}', version: 7 };
        const id = newId();
        await restore([whole(newId(), []), whole(id, TEXTS.slice(0, 1), { description })]);
        assert.deepEqual({ ...(await get(id))?.description }, description);
      },
    },
    {
      needs: ['metadata'],
      name: 'restore does not take the place of one that was cleared and is described still',
      async run(subject) {
        const { restore, describe, get } = verbsOf(subject.backend);
        const id = newId();
        const description = { text: '{"title":"Mine"}', version: 1 };
        await describe?.(id, () => description, true);
        await subject.backend.clear(id);
        const other = { text: '{"title":"Other"}', version: 2 };
        assert.deepEqual([...(await restore([whole(id, TEXTS, { description: other })]))], ['taken']);
        assert.equal(await get(id), undefined);
        assert.equal((await subject.backend.read(id)).length, 0);
        await describe?.(
          id,
          (current) => {
            assert.deepEqual({ ...current }, description);
            return undefined;
          },
          false,
        );
      },
    },
    {
      needs: ['erasure'],
      name: 'restore does not bring back what was erased a short time ago',
      async run(subject) {
        const { restore, refuse, remove, get } = verbsOf(subject.backend);
        const [erased, other] = [newId(), newId()];
        await refuse?.(erased, 60_000);
        await remove(erased);
        const outcomes = await restore([whole(other, TEXTS.slice(0, 2)), whole(erased, TEXTS.slice(0, 2))]);
        assert.deepEqual([...outcomes], ['stored', 'erased']);
        assert.equal(await get(erased), undefined);
        assert.equal((await subject.backend.read(erased)).length, 0);
        assert.equal((await subject.backend.read(other)).length, 2);
      },
    },
  ]),
};
