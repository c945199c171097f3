import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { SessionBackend } from '../../port/backend.js';
import type { ConversationVerbs, DecideDescription, StoredConversation } from '../../port/conversations.js';
import type { StoredDescription } from '../../port/whole-conversations.js';
import { type Contract, needing, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

/** What literals, line ends and character sets spoil. */
const TEXT = '{"metadata":{\n"it\'s \\"a\\" \\\\ %_":"á 😀 \\u0000 $1 ?"\n}}';
const FIRST: StoredDescription = { text: TEXT, version: 1 };

function verbsOf({ conversations }: SessionBackend): ConversationVerbs {
  assert.ok(conversations, 'the backend says it has metadata and has no "conversations"');
  return conversations;
}

async function describe(
  { backend }: BackendSubject,
  sessionId: string,
  decide: DecideDescription,
  make = true,
): Promise<StoredConversation | undefined> {
  const verbs = verbsOf(backend);
  assert.ok(verbs.describe, 'the backend says it has metadata and has no "describe"');
  return verbs.describe(sessionId, decide, make);
}

/** As plain objects, as a driver may give rows without a prototype. */
async function found({ backend }: BackendSubject, sessionId: string): Promise<StoredDescription | undefined> {
  const description = (await verbsOf(backend).get(sessionId))?.description;
  return description && { ...description };
}

export const METADATA: Contract<BackendSubject> = {
  name: 'describe',
  cases: needing('metadata', [
    {
      name: 'describe makes a conversation that is not there, and any text of it is given back as it was',
      async run(subject) {
        const sessionId = newId();
        const shown: unknown[] = [];
        const made = await describe(subject, sessionId, (current) => {
          shown.push(current);
          return FIRST;
        });
        assert.deepEqual([...new Set(shown)], [undefined]);
        assert.deepEqual([made?.id, made?.time, { ...made?.description }], [sessionId, '', FIRST]);
        assert.deepEqual(await found(subject, sessionId), FIRST);
        const { list } = verbsOf(subject.backend);
        const query = { prefix: sessionId, by: 'changed', descending: true, limit: 1 } as const;
        const [listed] = await list.call(subject.backend.conversations, query);
        assert.deepEqual([listed?.id, { ...listed?.description }], [sessionId, FIRST]);
        assert.deepEqual(await subject.backend.read(sessionId), []);
      },
    },
    {
      name: 'describe shows what was stored last, and nothing changes where nothing is returned or it is refused',
      async run(subject) {
        const [sessionId, other] = [newId(), newId()];
        await describe(subject, sessionId, () => FIRST);
        const second = await describe(subject, sessionId, (current) => ({
          text: `${current?.text}!`,
          version: (current?.version ?? 0) + 1,
        }));
        const wanted = { text: `${TEXT}!`, version: 2 };
        assert.deepEqual({ ...second?.description }, wanted);
        const kept = await describe(subject, sessionId, () => undefined);
        assert.deepEqual({ ...kept?.description }, wanted);
        const refusal = new Error('no');
        const refuse = () => {
          throw refusal;
        };
        await assert.rejects(describe(subject, sessionId, refuse), refusal);
        assert.deepEqual(await found(subject, sessionId), wanted);
        assert.equal(await describe(subject, other, () => undefined), undefined);
        await assert.rejects(describe(subject, other, refuse), refusal);
        assert.equal(
          await verbsOf(subject.backend).get(other),
          undefined,
          'nothing was described and it is there',
        );
      },
    },
    {
      name: 'describe leaves the time of the last change as it is',
      async run(subject) {
        const sessionId = newId();
        await subject.backend.append([{ sessionId, texts: ['{}'] }]);
        const before = await verbsOf(subject.backend).get(sessionId);
        await wait(20);
        const after = await describe(subject, sessionId, () => FIRST);
        assert.equal(after?.updatedAt, before?.updatedAt);
        assert.equal(after?.createdAt, before?.createdAt);
      },
    },
    {
      name: 'a description outlives clear, and can be changed without making the conversation',
      async run(subject) {
        const { backend } = subject;
        const sessionId = newId();
        await backend.append([{ sessionId, texts: ['{}'] }]);
        await describe(subject, sessionId, () => FIRST);
        await backend.clear(sessionId);
        assert.equal(await verbsOf(backend).get(sessionId), undefined);
        const second = { text: 'b', version: 2 };
        const change = (current: StoredDescription | undefined) => {
          assert.deepEqual({ ...current }, FIRST);
          return second;
        };
        assert.equal(await describe(subject, sessionId, change, false), undefined);
        assert.equal(await verbsOf(backend).get(sessionId), undefined);
        if (backend.sessionIds) {
          const ids = await backend.sessionIds(sessionId.slice(0, -1), 1000);
          assert.ok(ids.includes(sessionId), 'nobody finds the description any more');
        }
        await backend.append([{ sessionId, texts: ['{}'] }]);
        assert.deepEqual(await found(subject, sessionId), second);
      },
    },
    {
      name: 'remove takes the description along, also where nothing else is left',
      async run(subject) {
        const { backend } = subject;
        const sessionId = newId();
        for (const clear of [false, true]) {
          await describe(subject, sessionId, (current) => {
            assert.equal(current, undefined, 'the description is there still');
            return FIRST;
          });
          if (clear) await backend.clear(sessionId);
          const removed = await verbsOf(backend).remove(sessionId);
          assert.deepEqual([removed.metadata, removed.sessions], [1, clear ? 0 : 1]);
        }
        await backend.append([{ sessionId, texts: ['{}'] }]);
        assert.equal(await found(subject, sessionId), undefined);
      },
    },
    {
      name: 'conversations are listed and counted by parts of their descriptions, byte for byte',
      async run(subject) {
        const prefix = newId();
        const parts = [
          '\n"a":"x"\n',
          '\n"a":"X"\n',
          '\n"a":"x "\n',
          '\n"a":"á"\n',
          '\n"a":"_%"\n',
          '\n"a":"\\\\"\n',
        ];
        for (const [index, part] of parts.entries())
          await describe(subject, `${prefix}-${index}`, () => ({ text: `{${part},\n"b":1\n}`, version: 1 }));
        await subject.backend.append([{ sessionId: `${prefix}-none`, texts: ['{}'] }]);
        const { list, count } = verbsOf(subject.backend);
        const matching = async (described: string[]) => {
          const filter = { prefix, described };
          const query = { ...filter, by: 'id', descending: false, limit: 100 } as const;
          const ids = (await list.call(subject.backend.conversations, query)).map(({ id }) => id);
          assert.equal(await count.call(subject.backend.conversations, filter), ids.length);
          return ids;
        };
        for (const [index, part] of parts.entries())
          assert.deepEqual(await matching([part, '\n"b":1\n']), [`${prefix}-${index}`]);
        assert.equal((await matching(['\n"b":1\n'])).length, parts.length);
        assert.deepEqual(await matching(['\n"b":2\n']), []);
      },
    },
  ]),
};
