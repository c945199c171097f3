import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { SessionBackend } from '../../port/backend.js';
import type { ConversationVerbs, RemovedRows } from '../../port/conversations.js';
import { type Contract, needing, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

type Erasing = Required<Pick<ConversationVerbs, 'refuse' | 'removeSome'>> & ConversationVerbs;

function verbsOf({ conversations }: SessionBackend): Erasing {
  assert.ok(
    conversations?.refuse && conversations.removeSome,
    'the backend says it can erase conversations and has no "refuse" and "removeSome"',
  );
  return conversations as Erasing;
}

function refused(call: () => unknown): Promise<void> {
  return assert.rejects(async () => call(), { name: 'SessionError', code: 'SESSION_ERASED' });
}

const HOUR = 3_600_000;

const USED = {
  key: 'k',
  model: '',
  requests: 1,
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
};

const RUN = { tenant: '', content: '{}', alone: false, lease: HOUR };

function texts(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `{"n":${index}}`);
}

/** The cases of usage and runs look at those. */
function withoutUsage({ usage: _, runs: __, ...removed }: RemovedRows): RemovedRows {
  return removed;
}

async function stored(backend: SessionBackend, sessionId: string): Promise<string[]> {
  return (await backend.read(sessionId)).map(({ text }) => text);
}

/** Every call that makes a conversation. */
function makers(backend: SessionBackend, sessionId: string): (() => unknown)[] {
  const { describe, copy } = verbsOf(backend);
  return [
    () => backend.append([{ sessionId, texts: ['{}'] }]),
    () => backend.append([{ sessionId, texts: ['{}'], operation: { id: 'o1', digest: 'd1' } }]),
    () => backend.edit(sessionId, 1, () => ({ append: ['{}'] })),
    () => backend.edit(sessionId, 1, () => ({}), { id: 'o1', digest: 'd1' }),
    ...(backend.usage ? [() => backend.usage?.record({ sessionId, tenant: '', rows: [USED] })] : []),
    ...(backend.runs ? [() => backend.runs?.create({ ...RUN, runId: newId(), sessionId })] : []),
    ...(describe ? [() => describe(sessionId, () => ({ text: 'a title', version: 1 }), true)] : []),
    ...(copy
      ? [true, false].map((move) => async () => {
          const from = newId();
          await backend.append([{ sessionId: from, texts: texts(2) }]);
          try {
            await copy(from, sessionId, { move });
          } finally {
            assert.deepEqual(await stored(backend, from), texts(2));
          }
        })
      : []),
  ];
}

export const ERASING: Contract<BackendSubject> = {
  name: 'refuse and removeSome',
  cases: needing('erasure', [
    {
      name: 'removeSome takes the oldest items step by step, and in the last step all that is left',
      async run({ backend }) {
        const { describe, get, removeSome } = verbsOf(backend);
        const operation = { id: 'o1', digest: 'd1' };
        for (const [count, left] of [
          [5, 1],
          [4, 0],
        ] as const) {
          const [sessionId, other] = [newId(), newId()];
          await backend.append([{ sessionId, texts: texts(count), operation }]);
          await backend.append([{ sessionId: other, texts: texts(3), operation }]);
          await describe?.(sessionId, () => ({ text: 'a title', version: 1 }), true);
          for (const from of [2, 4]) {
            const { removed, isDone } = await removeSome(sessionId, { atMost: 2 });
            assert.deepEqual(withoutUsage(removed), { messages: 2, operations: 0, metadata: 0, sessions: 0 });
            assert.equal(isDone, false);
            assert.deepEqual(await stored(backend, sessionId), texts(count).slice(from));
            assert.ok(await get(sessionId), 'the conversation went before its items');
          }
          const last = await removeSome(sessionId, { atMost: 2 });
          const metadata = describe ? 1 : 0;
          assert.deepEqual(withoutUsage(last.removed), {
            messages: left,
            operations: 1,
            metadata,
            sessions: 1,
          });
          assert.equal(last.isDone, true);
          assert.equal(await get(sessionId), undefined);
          const again = await removeSome(sessionId, { atMost: 2 });
          assert.deepEqual(withoutUsage(again.removed), {
            messages: 0,
            operations: 0,
            metadata: 0,
            sessions: 0,
          });
          assert.equal(again.isDone, true);
          assert.deepEqual(await stored(backend, other), texts(3));
        }
      },
    },
    {
      name: 'no call makes a conversation that is refused, and nothing is written',
      async run({ backend }) {
        const { refuse, get, remove } = verbsOf(backend);
        const sessionId = newId();
        await refuse(sessionId, HOUR);
        for (const make of makers(backend, sessionId)) {
          await refused(make);
          assert.equal(await get(sessionId), undefined);
        }
        const nothing = { messages: 0, operations: 0, metadata: 0, sessions: 0 };
        const removed = await remove(sessionId);
        assert.deepEqual([withoutUsage(removed), removed.usage ?? 0, removed.runs ?? 0], [nothing, 0, 0]);
      },
    },
    {
      name: 'of several sessions in one append none is stored where one is refused',
      async run({ backend }) {
        const [one, erased, other] = [newId('a'), newId('b'), newId('c')];
        await verbsOf(backend).refuse(erased, HOUR);
        for (const operation of [undefined, { id: 'o1', digest: 'd1' }]) {
          const batches = [one, erased, other].map((sessionId) => ({ sessionId, texts: ['{}'], operation }));
          await refused(() => backend.append(batches));
          for (const sessionId of [one, erased, other])
            assert.deepEqual(await stored(backend, sessionId), []);
          const allowed = batches.filter(({ sessionId }) => sessionId !== erased);
          assert.deepEqual(await backend.append(allowed), ['stored', 'stored']);
          for (const { sessionId } of allowed) await backend.clear(sessionId);
        }
      },
    },
    {
      name: 'what makes nothing is not refused',
      async run({ backend }) {
        const sessionId = newId();
        await verbsOf(backend).refuse(sessionId, HOUR);
        assert.deepEqual(await stored(backend, sessionId), []);
        assert.equal(await backend.pop(sessionId), undefined);
        await backend.edit(sessionId, 'all', () => ({ remove: [] }));
        await backend.clear(sessionId);
        await backend.append([{ sessionId: newId(), texts: ['{}'] }]);
      },
    },
    {
      name: 'a refusal ends, and a longer one is not made shorter',
      async run({ backend }) {
        const { refuse } = verbsOf(backend);
        const [short, long] = [newId(), newId()];
        await refuse(long, HOUR);
        await refuse(long, 1);
        await refuse(short, 1);
        await wait(50);
        assert.deepEqual(await backend.append([{ sessionId: short, texts: ['{}'] }]), ['stored']);
        await refused(() => backend.append([{ sessionId: long, texts: ['{}'] }]));
      },
    },
  ]),
};
