import assert from 'node:assert/strict';
import type { SessionBackend } from '../../port/backend.js';
import {
  DAY,
  type StoredUsage,
  type UsageBatch,
  type UsageGroup,
  type UsageQuery,
  type UsageRow,
  type UsageVerbs,
} from '../../port/usage.js';
import { type Contract, needing, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

function verbsOf({ usage }: SessionBackend): UsageVerbs {
  assert.ok(usage, 'the backend says it has usage and has no "usage"');
  return usage;
}

const NOTHING = {
  requests: 0,
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  cachedTokens: 0,
  reasoningTokens: 0,
};

function row(key: string, size: number, model = 'm'): UsageRow {
  return {
    key,
    model,
    requests: 1,
    inputTokens: size,
    outputTokens: 2 * size,
    totalTokens: 3 * size,
    cachedTokens: 4 * size,
    reasoningTokens: 5 * size,
  };
}

/** What {@link row} of these sizes comes to. */
function sumOf(...sizes: number[]): Omit<UsageRow, 'key' | 'model'> {
  const {
    key: _,
    model: __,
    ...counts
  } = row(
    '',
    sizes.reduce((sum, size) => sum + size, 0),
  );
  return { ...counts, requests: sizes.length };
}

async function record(backend: SessionBackend, batch: Partial<UsageBatch> & Pick<UsageBatch, 'rows'>) {
  await verbsOf(backend).record({ sessionId: newId(), tenant: '', ...batch });
}

/** As plain objects, without what is not there. */
async function sums(backend: SessionBackend, query: Partial<UsageQuery>): Promise<StoredUsage[]> {
  const found = await verbsOf(backend).sum({ by: [], ...query });
  const plain = found.map((sum) => JSON.parse(JSON.stringify(sum)) as StoredUsage);
  return plain.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}

export const USAGE: Contract<BackendSubject> = {
  name: 'usage',
  cases: needing('usage', [
    {
      name: 'what responses used is summed up, and nothing is a sum of zeros',
      async run({ backend }) {
        const sessionId = newId();
        assert.deepEqual(await sums(backend, { sessionId }), [NOTHING]);
        assert.deepEqual(await sums(backend, { sessionId, by: ['model'] }), []);
        await record(backend, { sessionId, rows: [row('a', 1), row('b', 2 ** 40)] });
        await record(backend, { sessionId, rows: [row('c', 3)] });
        await record(backend, { rows: [row('d', 4)] });
        assert.deepEqual(await sums(backend, { sessionId }), [sumOf(1, 2 ** 40, 3)]);
      },
    },
    {
      name: 'a response that is recorded again adds nothing, also at the same moment; of each number the greater one counts',
      async run({ backend }) {
        const sessionId = newId();
        const rows = [row('a', 1), row('b', 2)];
        await Promise.all(Array.from({ length: 8 }, () => record(backend, { sessionId, rows })));
        assert.deepEqual(await sums(backend, { sessionId }), [sumOf(1, 2)]);
        await record(backend, { sessionId, rows: [row('a', 9), row('b', 1), row('c', 3)] });
        assert.deepEqual(await sums(backend, { sessionId }), [sumOf(9, 2, 3)]);
        const other = newId();
        await record(backend, { sessionId: other, rows: [row('a', 7)] });
        assert.deepEqual(await sums(backend, { sessionId: other }), [sumOf(7)]);
      },
    },
    {
      name: 'usage is summed by model, tenant, turn, conversation and all of them, byte for byte',
      async run({ backend }) {
        const [tenant, other] = [newId('Tenant á'), newId('tenant')];
        const [one, two] = [newId('one'), newId('Two \'"\\')];
        await record(backend, {
          tenant,
          sessionId: one,
          turn: '9',
          rows: [row('a', 1, 'M'), row('b', 2, 'm')],
        });
        await record(backend, { tenant, sessionId: one, turn: '10', rows: [row('c', 4, 'm')] });
        await record(backend, { tenant, sessionId: two, rows: [row('d', 8, 'm '), row('e', 16, '')] });
        await record(backend, { tenant: other, sessionId: other, rows: [row('f', 32)] });
        assert.deepEqual(await sums(backend, { tenant }), [sumOf(1, 2, 4, 8, 16)]);
        const by = async (...groups: UsageGroup[]) => sums(backend, { tenant, by: groups });
        assert.deepEqual(
          new Set(await by('model')),
          new Set([
            { model: 'M', ...sumOf(1) },
            { model: 'm', ...sumOf(2, 4) },
            { model: 'm ', ...sumOf(8) },
            { model: '', ...sumOf(16) },
          ]),
        );
        assert.deepEqual(
          new Set(await by('session')),
          new Set([
            { session: one, ...sumOf(1, 2, 4) },
            { session: two, ...sumOf(8, 16) },
          ]),
        );
        assert.deepEqual(await by('tenant'), [{ tenant, ...sumOf(1, 2, 4, 8, 16) }]);
        assert.deepEqual(
          new Set(await by('turn', 'model')),
          new Set([
            { turn: '9', model: 'M', ...sumOf(1) },
            { turn: '9', model: 'm', ...sumOf(2) },
            { turn: '10', model: 'm', ...sumOf(4) },
            { model: 'm ', ...sumOf(8) },
            { model: '', ...sumOf(16) },
          ]),
        );
        assert.deepEqual(await sums(backend, { sessionId: two, tenant: other }), [NOTHING]);
      },
    },
    {
      name: 'usage has the time of its recording, and is summed by days and between times',
      async run({ backend }) {
        const sessionId = newId();
        const before = Date.now();
        await record(backend, { sessionId, rows: [row('a', 1)] });
        // the clocks of this process and of the database may differ a little
        const [slack, hour] = [60_000, 3_600_000];
        const [day] = await sums(backend, { sessionId, by: ['day'] });
        const days = [before - slack, Date.now() + slack].map((at) => Math.floor(at / DAY));
        assert.ok(days.includes(day?.day ?? Number.NaN), `the day ${day?.day} is none of ${days.join()}`);
        const between = async (from: number | undefined, to: number | undefined) =>
          (await sums(backend, { sessionId, from, to }))[0]?.requests;
        assert.equal(await between(before - slack, undefined), 1);
        assert.equal(await between(before - hour, before + hour), 1);
        assert.equal(await between(before + hour, undefined), 0);
        assert.equal(await between(undefined, before - hour), 0);
      },
    },
    {
      name: 'usage outlives clear, and goes with remove, which says how many rows',
      async run({ backend }) {
        const sessionId = newId();
        await backend.append([{ sessionId, texts: ['{}'] }]);
        await record(backend, { sessionId, rows: [row('a', 1), row('b', 2)] });
        await backend.clear(sessionId);
        await record(backend, { sessionId, rows: [] });
        assert.deepEqual(await sums(backend, { sessionId }), [sumOf(1, 2)]);
        if (backend.sessionIds) {
          const ids = await backend.sessionIds(sessionId.slice(0, -1), 1000);
          assert.equal(ids.filter((id) => id === sessionId).length, 1, 'nobody finds the usage any more');
        }
        const removed = async () => (await backend.conversations?.remove(sessionId))?.usage;
        if (!backend.conversations) return;
        assert.equal(await removed(), 2, 'where nothing else is left');
        assert.equal(await removed(), 0);
        await backend.append([{ sessionId, texts: ['{}'] }]);
        await record(backend, { sessionId, rows: [row('a', 1)] });
        assert.equal(await removed(), 1);
        assert.deepEqual(await sums(backend, { sessionId }), [NOTHING]);
      },
    },
    {
      name: 'usage goes along with a conversation that is moved, with its turns, and not with a copy',
      needs: ['copying'],
      async run({ backend }) {
        const [from, copy, to] = [newId(), newId(), newId()];
        const verbs = backend.conversations;
        assert.ok(verbs?.copy, 'the backend says it copies and has no "copy"');
        await backend.append([{ sessionId: from, texts: ['{"a":1}', '{"a":2}', '{"a":3}'] }]);
        const [first, , last] = await backend.read(from);
        await record(backend, { sessionId: from, turn: first?.id, rows: [row('a', 1)] });
        await record(backend, { sessionId: from, turn: last?.id, rows: [row('b', 2)] });
        await record(backend, { sessionId: from, rows: [row('c', 4)] });
        assert.equal(typeof (await verbs.copy(from, copy, { move: false })), 'object');
        assert.deepEqual(await sums(backend, { sessionId: copy }), [NOTHING]);
        assert.equal(typeof (await verbs.copy(from, to, { move: true })), 'object');
        assert.deepEqual(await sums(backend, { sessionId: from }), [NOTHING]);
        const rows = await backend.read(to);
        assert.deepEqual(
          new Set(await sums(backend, { sessionId: to, by: ['turn'] })),
          new Set([{ turn: rows[0]?.id, ...sumOf(1) }, { turn: rows[2]?.id, ...sumOf(2) }, sumOf(4)]),
        );
      },
    },
  ]),
};
