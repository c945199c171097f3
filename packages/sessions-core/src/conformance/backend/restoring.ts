import assert from 'node:assert/strict';
import type { SessionBackend } from '../../port/backend.js';
import type { ConversationVerbs } from '../../port/conversations.js';
import { USAGE_COUNTS } from '../../port/usage.js';
import type { KeptConversation, WholeConversation } from '../../port/whole-conversations.js';
import { type Contract, needing, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

type Restoring = Required<Pick<ConversationVerbs, 'restore' | 'wholes'>> & ConversationVerbs;

function verbsOf({ conversations }: SessionBackend): Restoring {
  assert.ok(conversations?.restore, 'the backend says it can restore conversations and has no "restore"');
  assert.ok(conversations.wholes, 'the backend says it can restore conversations and has no "wholes"');
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
  return { id, tenant: '', createdAt: 1_751_371_200_500, updatedAt: 1_764_333_007_250, rows, ...more };
}

async function rowsOf({ backend }: BackendSubject, sessionId: string) {
  const rows = (await backend.history?.(sessionId, { limit: 1000, oldest: true })) ?? [];
  return rows.map(({ text, createdAt }) => ({ text, createdAt }));
}

const TEXTS = Array.from({ length: 205 }, (_, index) => `{"n":${index},"text":"it's \\\\ \\u0000 ☃"}`);

/** With all that this backend keeps. */
function wholeWithAll(id: string, { backend: { supports } }: BackendSubject): WholeConversation {
  const used = {
    requests: 1,
    inputTokens: 2,
    outputTokens: 3,
    totalTokens: 5,
    cachedTokens: 1,
    reasoningTokens: 2,
  };
  return whole(id, TEXTS.slice(0, 3), {
    tenant: 'acme',
    ...(supports.metadata && { description: { text: '{"title":"Orders"}', version: 7 } }),
    ...(supports.operations && {
      operations: [
        { id: 'a1', digest: 'first', createdAt: 1_764_333_005_000 },
        { id: 'b2', digest: 'second', createdAt: 1_764_333_006_000 },
      ],
    }),
    ...(supports.usage && {
      usage: [
        { ...used, key: 'r1', model: 'a model, of 2 words', recordedAt: 1_764_333_006_123, turn: 1 },
        { ...used, key: 'r2', model: '', recordedAt: 1_764_333_006_124 },
      ],
    }),
  });
}

/** Without ids of rows, and in an order that does not depend on the backend. */
function comparable(kept: KeptConversation | Omit<WholeConversation, 'tenant'> | undefined) {
  const { id, createdAt, updatedAt, rows = [], description, operations = [], usage = [] } = kept ?? {};
  return {
    id,
    createdAt,
    updatedAt,
    rows: rows.map(({ text, createdAt: at }) => [text, at]),
    description: description && [description.text, description.version],
    operations: operations.map((one) => [one.id, one.digest, one.createdAt]).sort(),
    usage: usage
      .map(({ key, model, recordedAt, turn, ...counts }) => [
        key,
        model,
        recordedAt,
        turn,
        ...USAGE_COUNTS.map((name) => counts[name]),
      ])
      .sort(),
  };
}

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
    {
      name: 'wholes gives conversations with all that is kept of them, those of others not',
      async run(subject) {
        const { restore, wholes } = verbsOf(subject.backend);
        const given = [wholeWithAll(newId(), subject), whole(newId(), []), wholeWithAll(newId(), subject)];
        await restore(given);
        const ids = given.map(({ id }) => id);
        const { found, left } = await wholes([ids[2] ?? '', newId(), ids[0] ?? '', ids[1] ?? '']);
        assert.deepEqual([...left], []);
        const byId = new Map(found.map((one) => [one.id, one]));
        assert.equal(byId.size, 3);
        for (const { id, tenant: _, ...one } of given)
          assert.deepEqual(comparable(byId.get(id)), comparable({ id, ...one }));
      },
    },
    {
      name: 'wholes says which conversations it had no room for',
      async run({ backend }) {
        const { restore, wholes } = verbsOf(backend);
        const given = [3, 2, 0, 4, 1].map((items) => whole(newId(), TEXTS.slice(0, items)));
        await restore(given);
        const sizes = new Map(given.map(({ id, rows }) => [id, rows.length]));
        const seen: string[] = [];
        for (let next = [...sizes.keys()]; next.length > 0; ) {
          const { found, left } = await wholes(next, 5);
          for (const { id, rows } of found) assert.equal(rows.length, sizes.get(id));
          assert.ok(found.reduce((sum, { rows }) => sum + rows.length, 0) <= 5);
          assert.ok(found.length > 0);
          assert.deepEqual([...found.map(({ id }) => id), ...left].sort(), next.toSorted());
          seen.push(...found.map(({ id }) => id));
          next = [...left];
        }
        assert.deepEqual(seen.sort(), [...sizes.keys()].sort());
        const [long = ''] = sizes.keys();
        const cut = await wholes([long], 2);
        assert.deepEqual([cut.found.length, [...cut.left]], [0, [long]]);
        assert.equal((await wholes([long])).found[0]?.rows.length, 3);
      },
    },
    {
      name: 'restore replaces what has not changed, and all that is kept of it',
      async run(subject) {
        const { restore, wholes } = verbsOf(subject.backend);
        const [id, other] = [newId(), newId()];
        const before = wholeWithAll(id, subject);
        const beside = wholeWithAll(other, subject);
        await restore([before, beside]);
        const after = whole(id, TEXTS.slice(5, 9), {
          updatedAt: 1_764_333_009_000,
          replaces: before.updatedAt,
        });
        assert.deepEqual([...(await restore([after, whole(newId(), [])]))], ['stored', 'stored']);
        const { found } = await wholes([id, other]);
        const byId = new Map(found.map((one) => [one.id, one]));
        assert.deepEqual(comparable(byId.get(id)), comparable(after));
        assert.deepEqual(comparable(byId.get(other)), comparable(beside));
      },
    },
    {
      name: 'restore does not replace what has changed, or is not there',
      async run({ backend }) {
        const { restore, get } = verbsOf(backend);
        const [changed, absent, fresh] = [newId(), newId(), newId()];
        const before = whole(changed, TEXTS.slice(0, 2));
        await restore([before]);
        await backend.append([{ sessionId: changed, texts: ['{"n":"mine"}'] }]);
        const replaces = before.updatedAt;
        const outcomes = await restore([
          whole(changed, TEXTS.slice(0, 5), { replaces }),
          whole(absent, TEXTS.slice(0, 5), { replaces }),
          whole(fresh, TEXTS.slice(0, 1)),
        ]);
        assert.deepEqual([...outcomes], ['taken', 'taken', 'stored']);
        const texts = (await backend.read(changed)).map(({ text }) => text);
        assert.deepEqual(texts, [...TEXTS.slice(0, 2), '{"n":"mine"}']);
        assert.equal(await get(absent), undefined);
      },
    },
  ]),
};
