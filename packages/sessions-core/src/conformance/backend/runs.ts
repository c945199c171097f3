import assert from 'node:assert/strict';
import type { SessionBackend } from '../../port/backend.js';
import type { NewRun, RunHold, RunState, RunVerbs, StoredRun } from '../../port/runs.js';
import { delay } from '../../port/timers.js';
import { type Contract, needing, newId } from '../harness.js';
import type { BackendSubject } from './subject.js';

function verbsOf({ runs }: SessionBackend): RunVerbs {
  assert.ok(runs, 'the backend says it has runs and has no "runs"');
  return runs;
}

/** In ms: nobody waits for its end. */
const LONG = 3_600_000;

function newRun(run: Partial<NewRun> = {}): NewRun {
  const content = '{"value":{"input":"ü \\u0000"}}';
  return { runId: newId('run'), sessionId: newId(), tenant: '', content, alone: false, lease: LONG, ...run };
}

async function begin(verbs: RunVerbs, run: Partial<NewRun> = {}): Promise<StoredRun> {
  const { outcome, run: begun } = await verbs.create(newRun(run));
  assert.equal(outcome, 'created');
  return begun;
}

function held({ runId, sessionId, fence }: StoredRun, lease = LONG): RunHold {
  return { runId, sessionId, fence, lease };
}

async function stateOf(verbs: RunVerbs, { runId }: StoredRun): Promise<RunState | undefined> {
  return (await verbs.read(runId))?.run.state;
}

/** Takes a run whose lease ends, by whatever clock. */
async function takeLate(verbs: RunVerbs, run: StoredRun): Promise<StoredRun> {
  for (;;) {
    const taken = await verbs.take(run, LONG);
    if (taken) return taken;
    await delay(5);
  }
}

export const RUNS: Contract<BackendSubject> = {
  name: 'runs',
  cases: needing('runs', [
    {
      name: 'a run begins held, and is there as it began',
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const wanted = newRun({ tenant: newId('Tenant á') });
        assert.equal(await verbs.read(wanted.runId), undefined);
        const before = Date.now();
        const run = await begin(verbs, wanted);
        const { heldFor, createdAt, changedAt, ...rest } = run;
        const { lease: _, ...given } = wanted;
        assert.deepEqual({ ...rest }, { ...given, state: 'running', fence: 1 });
        assert.ok(heldFor > 0 && heldFor <= LONG, `it is held for ${heldFor} ms of ${LONG}`);
        // the clocks of this process and of the database may differ a little
        for (const time of [createdAt, changedAt])
          assert.ok(Math.abs(time - before) < 60_000, `it began at ${time}, and that was ${before}`);
        const found = await verbs.read(wanted.runId);
        assert.deepEqual({ ...found?.run, heldFor }, { ...run });
        assert.deepEqual(found?.entries, []);
        assert.equal(await verbs.take(run, LONG), undefined, 'it was taken from who holds it');
      },
    },
    {
      name: 'there is one run of an id, whoever begins it how often, also at the same moment',
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const wanted = newRun();
        const made = await Promise.all(
          Array.from({ length: 8 }, (_, index) => verbs.create({ ...wanted, content: `{"value":${index}}` })),
        );
        assert.equal(made.filter(({ outcome }) => outcome === 'created').length, 1);
        assert.equal(made.filter(({ outcome }) => outcome === 'found').length, 7);
        assert.equal(new Set(made.map(({ run }) => run.content)).size, 1);
        const elsewhere = await verbs.create({ ...wanted, sessionId: newId() });
        assert.deepEqual([elsewhere.outcome, elsewhere.run.sessionId], ['found', wanted.sessionId]);
        assert.notEqual(
          (await verbs.create({ ...wanted, runId: wanted.runId.toUpperCase() })).outcome,
          'found',
        );
      },
    },
    {
      name: 'of runs that are to be alone a conversation has one, until it has ended, also at the same moment',
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const sessionId = newId();
        const create = () => verbs.create(newRun({ sessionId, alone: true }));
        const made = await Promise.all(Array.from({ length: 8 }, create));
        const [first, ...more] = made.filter(({ outcome }) => outcome === 'created');
        assert.ok(first && more.length === 0, `${more.length + 1} of them began`);
        for (const { outcome, run } of made)
          assert.deepEqual([outcome === 'busy' || outcome === 'created', run.runId], [true, first.run.runId]);
        await begin(verbs, { sessionId });
        await begin(verbs, { sessionId: newId(), alone: true });
        for (const state of ['waiting', 'running'] as const) {
          await verbs.settle({ ...nameOf(first.run), ...(state === 'waiting' && { fence: 1 }), state });
          assert.equal((await create()).outcome, 'busy', `it is ${state}`);
        }
        await verbs.settle({ ...nameOf(first.run), state: 'failed' });
        assert.equal((await create()).outcome, 'created');
      },
    },
    {
      name: 'a run that was in another store is there as it was, and nobody holds it',
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const times = { createdAt: 1_760_000_000_123, changedAt: 1_760_000_060_456 };
        for (const state of ['waiting', 'running'] as const) {
          const wanted = newRun({ alone: true, tenant: newId('Tenant'), was: { state, fence: 7, ...times } });
          const { heldFor, ...run } = await begin(verbs, wanted);
          const { lease: _, was: __, ...given } = wanted;
          assert.deepEqual({ ...run }, { ...given, state, fence: 7, ...times });
          assert.ok(heldFor <= 0, `it is held for ${heldFor} ms`);
          const entry = { key: 'model:0', content: '{"value":"ü"}' };
          assert.deepEqual({ ...(await verbs.add(run, entry)) }, entry);
          const { sessionId } = run;
          assert.equal((await verbs.create(newRun({ sessionId, alone: true }))).outcome, 'busy');
          const [listed] = await verbs.list({ state, tenant: run.tenant, free: true, limit: 9 });
          assert.equal(listed?.alone, true);
          const taken = await takeLate(verbs, { ...run, heldFor });
          assert.deepEqual([taken.fence, taken.createdAt], [8, times.createdAt]);
          await verbs.settle({ ...held(taken), state: 'done' });
          assert.equal((await verbs.read(run.runId))?.run.alone, false, 'it has ended');
        }
        assert.equal((await begin(verbs)).alone, false);
      },
    },
    {
      name: 'who holds a run keeps entries, each once, and others see them',
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const run = await begin(verbs);
        const other = await begin(verbs, { sessionId: run.sessionId });
        const entries = ['model:0', 'Tool:a', 'tool:a'].map((key) => ({
          key,
          content: `{"value":"${key}"}`,
        }));
        for (const entry of entries) assert.equal(await verbs.write(held(run), entry), true);
        const again = { key: 'tool:a', content: '{"value":"again"}' };
        assert.equal(await verbs.write(held(run), again), true);
        const long = { key: 'long', content: `{"value":"${'ü'.repeat(200_000)}"}` };
        assert.equal(await verbs.write(held(run), long), true);
        const found = (await verbs.read(run.runId))?.entries ?? [];
        const sorted = [...found].map(({ key, content }) => ({ key, content })).sort(byKey);
        assert.deepEqual(sorted, [...entries, long].sort(byKey));
        assert.deepEqual((await verbs.read(other.runId))?.entries, []);
      },
    },
    {
      name: 'a lease ends by itself and is renewed by each write; who lost the run writes nothing any more',
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const run = await begin(verbs, { lease: 1 });
        const entry = { key: 'model:0', content: '{"value":"late"}' };
        const taken = await takeLate(verbs, run);
        assert.deepEqual([taken.fence, taken.state, taken.content], [2, 'running', run.content]);
        assert.equal(await verbs.write(held(run), entry), false);
        assert.equal(await verbs.write(held(run)), false);
        assert.equal(await verbs.settle({ ...held(run), state: 'done', content: '{"value":"late"}' }), false);
        const found = await verbs.read(run.runId);
        assert.deepEqual(
          [found?.run.state, found?.run.content, found?.entries],
          ['running', run.content, []],
        );
        assert.equal(await verbs.write({ ...held(taken), lease: 1 }), true);
        const third = await takeLate(verbs, run);
        assert.equal(await verbs.write(held(taken), entry), false, 'it wrote after its lease');
        assert.equal(await verbs.write(held(third), entry), true);
      },
    },
    {
      name: 'who comes back after the lease writes nothing, also where nobody took the run',
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const run = await begin(verbs, { lease: 1 });
        while (((await verbs.read(run.runId))?.run.heldFor ?? 0) > 0) await delay(5);
        assert.equal(await verbs.write(held(run), { key: 'model:0', content: '{}' }), false);
        assert.equal(await verbs.settle({ ...held(run), state: 'done' }), false);
        assert.equal(await stateOf(verbs, run), 'running');
      },
    },
    {
      name: 'a run that waits is taken once, also at the same moment, and one that has ended never',
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const run = await begin(verbs);
        const waiting = '{"value":"waiting"}';
        assert.equal(await verbs.settle({ ...held(run), state: 'waiting', content: waiting }), true);
        assert.equal(await verbs.write(held(run), { key: 'model:0', content: '{}' }), false);
        const taken = (await Promise.all(Array.from({ length: 8 }, () => verbs.take(run, LONG)))).filter(
          isThere,
        );
        assert.deepEqual(
          taken.map(({ fence, content }) => [fence, content]),
          [[2, waiting]],
        );
        for (const [index, state] of (['done', 'failed', 'cancelled'] as const).entries()) {
          const ended = index === 0 ? (taken[0] as StoredRun) : await begin(verbs);
          assert.equal(await verbs.settle({ ...held(ended), state }), true);
          assert.equal(await stateOf(verbs, ended), state);
          assert.equal(await verbs.take(ended, LONG), undefined);
          assert.equal(await verbs.settle({ ...held(ended), state: 'waiting' }), false);
          assert.equal(await verbs.settle({ ...nameOf(ended), state: 'failed' }), false);
          assert.equal(await stateOf(verbs, ended), state);
        }
        assert.equal(await verbs.settle({ ...nameOf(run), runId: newId(), state: 'cancelled' }), false);
      },
    },
    {
      name: 'others end a run from outside, or let one go on that waits',
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const run = await begin(verbs);
        assert.equal(await verbs.settle({ ...nameOf(run), state: 'running' }), false, 'it does not wait');
        assert.equal(await verbs.write(held(run)), true, 'it was taken away');
        assert.equal(await verbs.settle({ ...nameOf(run), state: 'cancelled' }), true);
        assert.equal(await verbs.write(held(run)), false);
        const other = await begin(verbs);
        await verbs.settle({ ...held(other), state: 'waiting' });
        assert.equal(await verbs.settle({ ...nameOf(other), state: 'running' }), true);
        assert.equal(await stateOf(verbs, other), 'running');
        assert.equal((await verbs.take(other, LONG))?.fence, 2);
      },
    },
    {
      name: 'of entries that others add to a run the first one counts, also at the same moment',
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const run = await begin(verbs);
        const add = (index: number) => verbs.add(run, { key: 'decision:a', content: `{"value":${index}}` });
        const kept = await Promise.all(Array.from({ length: 8 }, (_, index) => add(index)));
        assert.equal(new Set(kept.map((entry) => entry?.content)).size, 1);
        const { entries } = (await verbs.read(run.runId)) ?? {};
        assert.deepEqual(
          entries?.map(({ key, content }) => [key, content]),
          [['decision:a', kept[0]?.content]],
        );
        const nobody = { runId: newId(), sessionId: run.sessionId };
        assert.equal(await verbs.add(nobody, { key: 'decision:a', content: '{}' }), undefined);
        assert.equal(await verbs.read(nobody.runId), undefined);
      },
    },
    {
      name: 'runs are listed by state, by whether they are held, by conversation and tenant, page by page',
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const tenant = newId('Tenant');
        const runs: StoredRun[] = [];
        for (let index = 0; index < 5; index++)
          runs.push(await begin(verbs, { tenant, sessionId: newId(`${index}`) }));
        const [first, second, third] = runs as [StoredRun, StoredRun, StoredRun];
        for (const run of [first, second, third]) await verbs.settle({ ...held(run), state: 'waiting' });
        await verbs.settle({ ...nameOf(third), state: 'running' });
        await begin(verbs, { tenant: newId('tenant'), sessionId: second.sessionId });
        const ids = async (query: Partial<Parameters<RunVerbs['list']>[0]>) =>
          (await verbs.list({ state: 'running', tenant, limit: 100, ...query })).map(({ runId }) => runId);
        const some = (...those: StoredRun[]) => new Set(those.map(({ runId }) => runId));
        assert.deepEqual(new Set(await ids({ state: 'waiting' })), some(first, second));
        assert.deepEqual(await ids({ state: 'done' }), []);
        assert.deepEqual(new Set(await ids({ free: true })), some(third));
        assert.deepEqual(new Set(await ids({})), some(third, ...runs.slice(3)));
        assert.deepEqual(await ids({ state: 'waiting', sessionId: second.sessionId }), [second.runId]);
        const pages: string[] = [];
        for (let after: string | undefined; ; ) {
          const page = await ids({ after, limit: 2 });
          pages.push(...page);
          if (page.length < 2) break;
          after = page.at(-1);
        }
        assert.equal(pages.length, 3);
        assert.deepEqual(new Set(pages), some(third, ...runs.slice(3)));
      },
    },
    {
      name: 'runs outlive clear, and go with remove, which says how many rows',
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const run = await begin(verbs, { alone: true });
        const { sessionId } = run;
        await verbs.write(held(run), { key: 'model:0', content: '{}' });
        await backend.append([{ sessionId, texts: ['{}'] }]);
        await backend.clear(sessionId);
        assert.equal((await verbs.read(run.runId))?.entries.length, 1);
        if (backend.sessionIds) {
          const ids = await backend.sessionIds(sessionId.slice(0, -1), 1000);
          assert.equal(ids.filter((id) => id === sessionId).length, 1, 'nobody finds the run any more');
        }
        if (!backend.conversations) return;
        assert.equal((await backend.conversations.remove(sessionId)).runs, 2, 'where nothing else is left');
        assert.equal((await backend.conversations.remove(sessionId)).runs, 0);
        assert.equal(await verbs.read(run.runId), undefined);
        assert.equal(await verbs.write(held(run), { key: 'model:1', content: '{}' }), false);
        assert.equal(await verbs.settle({ ...held(run), state: 'done' }), false);
        await begin(verbs, { sessionId, alone: true });
        await backend.append([{ sessionId, texts: ['{}'] }]);
        assert.equal((await backend.conversations.remove(sessionId)).runs, 1);
      },
    },
    {
      name: 'runs go along with a conversation that is moved, and not with a copy',
      needs: ['copying'],
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const run = await begin(verbs, { alone: true });
        const [from, copy, to] = [run.sessionId, newId(), newId()];
        await backend.append([{ sessionId: from, texts: ['{}'] }]);
        const conversations = backend.conversations;
        assert.ok(conversations?.copy, 'the backend says it copies and has no "copy"');
        assert.equal(typeof (await conversations.copy(from, copy, { move: false })), 'object');
        assert.deepEqual(await verbs.list({ state: 'running', sessionId: copy, limit: 9 }), []);
        assert.equal(typeof (await conversations.copy(from, to, { move: true })), 'object');
        assert.equal((await verbs.read(run.runId))?.run.sessionId, to);
        assert.equal(await verbs.write({ ...held(run), sessionId: to }), true);
        assert.equal((await verbs.create(newRun({ sessionId: to, alone: true }))).outcome, 'busy');
        await begin(verbs, { sessionId: from, alone: true });
      },
    },
    {
      name: 'forget removes runs that ended before a time, with their steps, of the conversations that are meant',
      needs: ['retention'],
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const prefix = newId();
        const [done, cancelled, waiting, running, foreign] = (await Promise.all(
          [`${prefix}-a`, `${prefix}-a`, `${prefix}-b`, `${prefix}-b`, newId()].map((sessionId) =>
            begin(verbs, { sessionId }),
          ),
        )) as [StoredRun, StoredRun, StoredRun, StoredRun, StoredRun];
        await verbs.write(held(done), { key: 'model:0', content: '{}' });
        for (const run of [done, foreign]) await verbs.settle({ ...held(run), state: 'done' });
        await verbs.settle({ ...nameOf(cancelled), state: 'cancelled' });
        await verbs.settle({ ...held(waiting), state: 'waiting' });
        const { changedAt = 0 } = (await verbs.read(done.runId))?.run ?? {};
        const forget = async (runsEndedBefore: number, atMost = 9) =>
          (await backend.conversations?.forget?.({ prefix, runsEndedBefore, atMost }))?.runs;
        assert.equal(await forget(changedAt - 60_000), 0);
        const later = Date.now() + LONG;
        const one = (await forget(later, 1)) ?? 0;
        assert.ok(one === 1 || one === 2, 'the rows of one run');
        assert.equal(one + ((await forget(later)) ?? 0), 3, 'the rows of both runs that ended');
        assert.equal(await verbs.read(done.runId), undefined);
        for (const run of [waiting, running, foreign]) assert.ok(await verbs.read(run.runId));
      },
    },
    {
      name: 'removeSome leaves a conversation with a run that goes on or waits, however old it is, and not one whose runs have ended',
      needs: ['retention'],
      async run({ backend }) {
        const verbs = verbsOf(backend);
        const { sessionId, ...run } = await begin(verbs);
        await backend.append([{ sessionId, texts: ['{}'] }]);
        const prune = async () => {
          const removal = { atMost: 9, whole: true, changedBefore: Date.now() + LONG };
          return (await backend.conversations?.removeSome?.(sessionId, removal))?.removed;
        };
        assert.equal((await prune())?.messages, 0, 'a conversation whose run is under way is gone');
        await verbs.settle({ ...held({ sessionId, ...run }), state: 'waiting' });
        assert.equal((await prune())?.messages, 0, 'a conversation whose run waits is gone');
        await verbs.settle({ runId: run.runId, sessionId, state: 'cancelled' });
        const { messages, runs } = (await prune()) ?? {};
        assert.deepEqual([messages, runs], [1, 1]);
        assert.equal(await verbs.read(run.runId), undefined);
      },
    },
  ]),
};

function nameOf({ runId, sessionId }: StoredRun): Pick<StoredRun, 'runId' | 'sessionId'> {
  return { runId, sessionId };
}

function byKey({ key: one }: { key: string }, { key: other }: { key: string }): number {
  return one < other ? -1 : 1;
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined;
}
