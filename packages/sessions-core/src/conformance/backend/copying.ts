import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { SessionBackend } from '../../port/backend.js';
import type { ConversationCopy, ConversationVerbs, CopyOutcome } from '../../port/conversations.js';
import { type Contract, needing, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

function verbsOf({ conversations }: SessionBackend): ConversationVerbs {
  assert.ok(conversations, 'the backend says it can copy conversations and has no "conversations"');
  return conversations;
}

async function copy(
  { backend }: BackendSubject,
  from: string,
  to: string,
  how: ConversationCopy,
): Promise<CopyOutcome> {
  const verbs = verbsOf(backend);
  assert.ok(verbs.copy, 'the backend says it can copy conversations and has no "copy"');
  return verbs.copy(from, to, how);
}

/** Copies, and looks at what is told of the copy. */
async function copied(
  subject: BackendSubject,
  from: string,
  to: string,
  how: ConversationCopy,
): Promise<void> {
  const made = await copy(subject, from, to, how);
  assert.deepEqual(flat(made), flat(await verbsOf(subject.backend).get(to)));
}

/** Rows of some drivers have no prototype. */
function flat(conversation: unknown): object {
  assert.ok(typeof conversation === 'object' && conversation !== null, `nothing was copied: ${conversation}`);
  const { description, ...rest } = conversation as { description?: object };
  return { ...rest, description: { ...description } };
}

const FORK: ConversationCopy = { move: false };
const MOVE: ConversationCopy = { move: true };

/** More than are rewritten at once. */
const TEXTS = Array.from({ length: 205 }, (_, index) => `{"n":${index}}`);

async function texts({ backend }: BackendSubject, sessionId: string): Promise<string[]> {
  return (await backend.read(sessionId)).map(({ text }) => text);
}

/** A conversation of some turns; with a description, where there are any. */
async function filled({ backend }: BackendSubject, sessionId = newId()): Promise<string> {
  for (const turn of [TEXTS.slice(0, 2), TEXTS.slice(2)]) await backend.append([{ sessionId, texts: turn }]);
  await verbsOf(backend).describe?.(sessionId, () => ({ text: 'a description', version: 3 }), true);
  return sessionId;
}

export const COPYING: Contract<BackendSubject> = {
  name: 'copy',
  cases: needing('copying', [
    {
      name: 'copy makes another conversation of all items in their order, and leaves the first as it is',
      async run(subject) {
        const { backend } = subject;
        // ids before and after the first one, in the order in which locks are taken
        const from = await filled(subject, newId('m'));
        for (const to of [newId('a'), newId('z')]) {
          await copied(subject, from, to, FORK);
          assert.deepEqual(await texts(subject, to), TEXTS);
          assert.deepEqual(await texts(subject, from), TEXTS);
          const description = (await verbsOf(backend).get(to))?.description;
          assert.deepEqual({ ...description }, { ...(await verbsOf(backend).get(from))?.description });
          await backend.append([{ sessionId: to, texts: ['{"n":"new"}'] }]);
          assert.deepEqual(await texts(subject, to), [...TEXTS, '{"n":"new"}']);
          assert.deepEqual(await texts(subject, from), TEXTS);
        }
      },
    },
    {
      name: 'copy takes the oldest items along, as many as it is told',
      async run(subject) {
        const from = await filled(subject);
        for (const upTo of [0, 3, TEXTS.length + 1]) {
          const to = newId();
          await copied(subject, from, to, { ...FORK, upTo });
          assert.deepEqual(await texts(subject, to), TEXTS.slice(0, upTo));
          assert.equal((await verbsOf(subject.backend).get(to))?.id, to);
        }
      },
    },
    {
      name: 'a conversation that is moved has another id, and its times',
      async run(subject) {
        const { backend } = subject;
        const [from, to] = [await filled(subject), newId()];
        const before = await verbsOf(backend).get(from);
        await wait(20);
        await copied(subject, from, to, MOVE);
        const { description, ...after } = (await verbsOf(backend).get(to)) ?? {};
        const { description: described, ...times } = { ...before, id: to };
        assert.deepEqual([{ ...after }, { ...description }], [{ ...times }, { ...described }]);
        assert.deepEqual(await texts(subject, to), TEXTS);
        assert.equal(await verbsOf(backend).get(from), undefined);
        const { usage: _, runs: __, ...left } = await verbsOf(backend).remove(from);
        assert.deepEqual({ ...left }, { messages: 0, metadata: 0, operations: 0, sessions: 0 });
      },
    },
    {
      name: 'items that are copied or moved keep their times',
      needs: ['history'],
      async run(subject) {
        const { backend } = subject;
        const times = async (sessionId: string) => {
          const rows = (await backend.history?.(sessionId, { limit: 300, oldest: true })) ?? [];
          return rows.map(({ createdAt }) => createdAt);
        };
        const from = newId();
        for (const text of ['{"n":1}', '{"n":2}']) {
          await backend.append([{ sessionId: from, texts: [text] }]);
          await wait(20);
        }
        const before = await times(from);
        const rewrite = (text: string) => `new ${text}`;
        for (const how of [FORK, { ...FORK, rewrite }, { ...MOVE, rewrite }]) {
          const to = newId();
          await copied(subject, from, to, how);
          assert.deepEqual(await times(to), before);
        }
      },
    },
    {
      name: 'operations go along with a conversation that is moved, and not with a copy',
      needs: ['operations'],
      async run(subject) {
        const { backend } = subject;
        const [from, fork, moved] = [newId(), newId(), newId()];
        const batch = { texts: ['{}'], operation: { id: 'o1', digest: 'd1' } };
        await backend.append([{ sessionId: from, ...batch }]);
        await copy(subject, from, fork, FORK);
        await copy(subject, from, moved, MOVE);
        const again = await backend.append([from, fork, moved].map((sessionId) => ({ sessionId, ...batch })));
        assert.deepEqual(again, ['stored', 'stored', 'repeated']);
      },
    },
    {
      name: 'what is not there is missing, what is there is taken, and nothing changes',
      async run(subject) {
        const { backend } = subject;
        for (const how of [FORK, MOVE]) {
          const [from, to] = [await filled(subject), newId()];
          assert.equal(await copy(subject, newId(), to, how), 'missing');
          assert.equal(await verbsOf(backend).get(to), undefined);
          await backend.append([{ sessionId: to, texts: ['{"n":"mine"}'] }]);
          assert.equal(await copy(subject, from, to, how), 'taken');
          assert.deepEqual(await texts(subject, to), ['{"n":"mine"}']);
          assert.deepEqual(await texts(subject, from), TEXTS);
          if (!verbsOf(backend).describe) continue;
          await verbsOf(backend).describe?.(to, () => ({ text: 'mine', version: 1 }), true);
          await backend.clear(to);
          assert.equal(await copy(subject, from, to, how), 'taken', 'a description was written over');
          assert.equal(await verbsOf(backend).get(to), undefined);
          assert.deepEqual(await texts(subject, from), TEXTS);
        }
      },
    },
    {
      name: 'texts are rewritten on the way, or nothing is copied',
      async run(subject) {
        const { backend } = subject;
        const [from, to] = [await filled(subject), newId()];
        const refusal = new Error('no');
        const refuse = (text: string) => {
          if (text === TEXTS[0]) throw refusal;
          return text;
        };
        await assert.rejects(copy(subject, from, to, { ...MOVE, rewrite: refuse }), refusal);
        assert.equal(await verbsOf(backend).get(to), undefined);
        assert.deepEqual(await texts(subject, from), TEXTS);
        const rewrite = (text: string) => `new ${text}`;
        await copied(subject, from, to, { ...FORK, rewrite });
        assert.deepEqual(await texts(subject, to), TEXTS.map(rewrite));
        assert.deepEqual(await texts(subject, from), TEXTS);
        const description = (await verbsOf(backend).get(to))?.description?.text ?? 'new a description';
        assert.equal(description, 'new a description');
      },
    },
  ]),
};
