import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { SessionBackend } from '../../port/backend.js';
import type { ConversationVerbs } from '../../port/conversations.js';
import { type Contract, needing, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

type Pruning = Required<Pick<ConversationVerbs, 'forget' | 'lease' | 'refuse' | 'removeSome'>> &
  ConversationVerbs;

function verbsOf({ conversations }: SessionBackend): Pruning {
  assert.ok(
    conversations?.forget && conversations.lease && conversations.refuse && conversations.removeSome,
    'the backend says it can remove what is old and has no "forget", "lease", "refuse" and "removeSome"',
  );
  return conversations as Pruning;
}

const NOTHING = { messages: 0, operations: 0, metadata: 0, sessions: 0, usage: 0, runs: 0 };

async function filled({ backend }: BackendSubject, count: number): Promise<string> {
  const sessionId = newId();
  const texts = Array.from({ length: count }, (_, index) => `{"n":${index}}`);
  await backend.append([{ sessionId, texts }]);
  return sessionId;
}

async function left({ backend }: BackendSubject, sessionId: string): Promise<number> {
  return (await backend.read(sessionId)).length;
}

export const PRUNING: Contract<BackendSubject> = {
  name: 'removal of what is old',
  cases: needing('retention', [
    {
      name: 'removeSome leaves a conversation that has changed, decided by the database',
      async run(subject) {
        const { removeSome, get } = verbsOf(subject.backend);
        const sessionId = await filled(subject, 2);
        const { updatedAt } = (await get(sessionId)) ?? { updatedAt: 0 };
        const kept = await removeSome(sessionId, { atMost: 9, changedBefore: updatedAt });
        assert.deepEqual([{ usage: 0, runs: 0, ...kept.removed }, kept.isDone], [NOTHING, true]);
        assert.equal(await left(subject, sessionId), 2);
        const none = await removeSome(newId(), { atMost: 9, changedBefore: updatedAt });
        assert.deepEqual([{ usage: 0, runs: 0, ...none.removed }, none.isDone], [NOTHING, true]);
        const gone = await removeSome(sessionId, { atMost: 9, changedBefore: updatedAt + 1 });
        assert.deepEqual([gone.removed.messages, gone.removed.sessions, gone.isDone], [2, 1, true]);
      },
    },
    {
      name: 'removeSome removes nothing where the whole is more than it may remove',
      async run(subject) {
        const { removeSome } = verbsOf(subject.backend);
        const sessionId = await filled(subject, 4);
        const some = await removeSome(sessionId, { atMost: 3, whole: true });
        assert.deepEqual([{ usage: 0, runs: 0, ...some.removed }, some.isDone], [NOTHING, false]);
        assert.equal(await left(subject, sessionId), 4);
        const all = await removeSome(sessionId, { atMost: 4, whole: true });
        assert.deepEqual([all.removed.messages, all.removed.sessions, all.isDone], [4, 1, true]);
      },
    },
    {
      name: 'removeSome takes what stands before a row, and the conversation stays as old as it was',
      async run(subject) {
        const { removeSome, get } = verbsOf(subject.backend);
        const sessionId = await filled(subject, 5);
        const { updatedAt } = (await get(sessionId)) ?? {};
        const before = (await subject.backend.read(sessionId))[3]?.id;
        const first = await removeSome(sessionId, { atMost: 2, before });
        assert.deepEqual(
          [{ usage: 0, runs: 0, ...first.removed }, first.isDone],
          [{ ...NOTHING, messages: 2 }, false],
        );
        const second = await removeSome(sessionId, { atMost: 2, before });
        assert.deepEqual(
          [{ usage: 0, runs: 0, ...second.removed }, second.isDone],
          [{ ...NOTHING, messages: 1 }, true],
        );
        const rows = await subject.backend.read(sessionId);
        assert.deepEqual(
          rows.map(({ text }) => text),
          ['{"n":3}', '{"n":4}'],
        );
        assert.equal((await get(sessionId))?.updatedAt, updatedAt);
        const whole = await removeSome(sessionId, { atMost: 1, before: rows[1]?.id, whole: true });
        assert.deepEqual([whole.removed.messages, whole.isDone], [1, true]);
      },
    },
    {
      name: 'forget removes operations and refusals whose time is over, of the conversations that are meant',
      needs: ['operations'],
      async run({ backend }) {
        const { forget, refuse } = verbsOf(backend);
        const prefix = newId();
        const batchOf = (sessionId: string) => ({
          sessionId,
          texts: ['{}'],
          operation: { id: 'o', digest: 'd' },
        });
        const batches = [`${prefix}-a`, `${prefix}-b`, newId()].map(batchOf);
        await backend.append(batches);
        const young = await forget({ prefix, operationsOlderThan: 3600, atMost: 100 });
        assert.equal(young.operations, 0);
        await refuse(newId(), 1);
        const kept = newId();
        await refuse(kept, 3_600_000);
        // some databases count in seconds
        await wait(2100);
        assert.equal((await forget({ prefix, operationsOlderThan: 1, atMost: 1 })).operations, 1);
        const old = await forget({ prefix, operationsOlderThan: 1, atMost: 100 });
        assert.equal(old.operations, 1);
        const outcomes = await backend.append(batches);
        assert.deepEqual(outcomes, ['stored', 'stored', 'repeated']);
        await assert.rejects(async () => backend.append([{ sessionId: kept, texts: ['{}'] }]));
      },
    },
    {
      name: 'a lease has one holder until its time is over',
      async run({ backend }) {
        const { lease } = verbsOf(backend);
        const name = newId('x').slice(0, 30);
        assert.equal(await lease(name, 60_000, false), true);
        assert.equal(await lease(name, 60_000, false), false);
        assert.equal(await lease(name, 1, true), true);
        await wait(50);
        assert.equal(await lease(name, 1, false), true);
      },
    },
  ]),
};
