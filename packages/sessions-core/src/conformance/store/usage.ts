import assert from 'node:assert/strict';
import type { ModelResponse, Session, Usage } from '@openai/agents-core';
import type { UsageSession } from '../../session/usage-session.js';
import type { RunUsage } from '../../usage/run-usage.js';
import { type Contract, messages, needing, newId } from '../harness.js';
import { type ConformingStore, failsWith, type StoreSubject } from './subject.js';

type Counting = Session & Pick<UsageSession, 'recordUsage' | 'usage' | 'turns'>;

function counting(store: { session(sessionId: string): Session }, id = newId()): Counting {
  const session = store.session(id) as Counting;
  assert.equal(
    typeof session.recordUsage,
    'function',
    'the subject says it has usage and its sessions have none',
  );
  return session;
}

/** What `size` requests of a model used, as the SDK tells it. */
function usage(size: number): Usage {
  return {
    requests: size,
    inputTokens: 10 * size,
    outputTokens: 2 * size,
    totalTokens: 12 * size,
    inputTokensDetails: [{ cached_tokens: size }],
    outputTokensDetails: [{ reasoning_tokens: size }],
  } as unknown as Usage;
}

function sumOf(size: number) {
  return {
    requests: size,
    inputTokens: 10 * size,
    outputTokens: 2 * size,
    totalTokens: 12 * size,
    cachedTokens: size,
    reasoningTokens: size,
  };
}

function response(id: string | undefined, model?: string): ModelResponse {
  return {
    usage: usage(1),
    output: [],
    ...(id && { responseId: id }),
    ...(model && { providerData: { model } }),
  };
}

/** @param all - How many requests the run made: those of agents that are tools of others have no response here. */
function runOf(rawResponses: ModelResponse[], all = rawResponses.length): RunUsage {
  return { rawResponses, state: { usage: usage(all) }, lastAgent: { model: 'agent-model' } };
}

/** As plain objects, without what is not there. */
async function plain(sums: Promise<unknown> | undefined): Promise<unknown> {
  return JSON.parse(JSON.stringify(await sums));
}

function sumsOf(store: Pick<ConformingStore, 'usage'> | undefined): NonNullable<ConformingStore['usage']> {
  assert.ok(store?.usage, 'the subject says it has usage and has no "usage"');
  return store.usage.bind(store);
}

export const STORE_USAGE: Contract<StoreSubject> = {
  name: 'usage of models',
  cases: needing('usage', [
    {
      name: 'recordUsage counts every request of a run once, however often it is called, and of a run that goes on the rest',
      async run({ store }) {
        const session = counting(store);
        assert.deepEqual(await session.usage(), sumOf(0));
        const first = response(newId(), 'one');
        for (let call = 0; call < 3; call++) await session.recordUsage(runOf([first], 2));
        assert.deepEqual(await session.usage(), sumOf(2));
        await session.recordUsage(runOf([{ ...first }, response(newId(), 'two')], 5));
        assert.deepEqual(await session.usage(), sumOf(5));
        assert.deepEqual(await plain(session.usage({ by: 'model' })), [
          { model: 'agent-model', ...sumOf(3) },
          { model: 'one', ...sumOf(1) },
          { model: 'two', ...sumOf(1) },
        ]);
      },
    },
    {
      name: 'responses without ids count once by the operation id, or in this process as what they are',
      async run({ store }) {
        const session = counting(store);
        const [one, same] = [response(undefined), response('FAKE_ID')];
        for (const result of [runOf([one, same]), runOf([one, same])]) await session.recordUsage(result);
        await session.recordUsage(runOf([response(undefined)]));
        assert.deepEqual(await session.usage(), sumOf(3));
        for (let call = 0; call < 2; call++)
          await session.recordUsage(runOf([response('again'), response('again')]), {
            operationId: 'o',
            model: 'given',
          });
        assert.deepEqual(await plain(session.usage({ by: ['model'] })), [
          { model: 'agent-model', ...sumOf(3) },
          { model: 'given', ...sumOf(2) },
        ]);
      },
    },
    {
      name: 'usage belongs to the newest turn, or to the one that is named, also when the items are cleared',
      needs: ['history'],
      async run({ store }) {
        const session = counting(store);
        await session.recordUsage(runOf([response(newId())]));
        await session.addItems(messages(1));
        await session.recordUsage(runOf([response(newId()), response(newId())]));
        await session.addItems(messages(1));
        const { data } = await session.turns();
        const [first, second] = data.map(({ id }) => id);
        await session.recordUsage(runOf([response(newId())]));
        await session.recordUsage(runOf([response(newId())], 4), { turn: String(first) });
        const wanted = [sumOf(1), { turn: first, ...sumOf(6) }, { turn: second, ...sumOf(1) }];
        assert.deepEqual(await plain(session.usage({ by: 'turn' })), wanted);
        await session.clearSession();
        assert.deepEqual(await session.usage(), sumOf(8));
      },
    },
    {
      name: 'a store sums over all its conversations, a tenant over its own',
      needs: ['tenants'],
      async run({ store }) {
        const [one, two] = [newId('acme'), newId('globex')];
        const from = new Date(Date.now() - 60_000);
        const scoped = (tenant: string) => store.scoped?.(tenant) as Required<ConformingStore>;
        await counting(scoped(one), 'chat').recordUsage(runOf([response('r')]));
        await counting(scoped(two), 'chat').recordUsage(runOf([response('r')], 3));
        const id = newId();
        await counting(store, id).recordUsage(runOf([response('r')]));
        assert.deepEqual(await sumsOf(scoped(one))(), sumOf(1));
        assert.deepEqual(await plain(sumsOf(scoped(two))({ by: 'session', from })), [
          { sessionId: 'chat', ...sumOf(3) },
        ]);
        assert.deepEqual(await sumsOf(scoped(newId()))({ by: 'model' }), []);
        const all = (await plain(sumsOf(store)({ by: ['tenant', 'session'], from }))) as {
          tenant?: string;
        }[];
        assert.deepEqual(
          all.filter(({ tenant }) => tenant === one || tenant === two),
          [
            { tenant: one, sessionId: 'chat', ...sumOf(1) },
            { tenant: two, sessionId: 'chat', ...sumOf(3) },
          ],
        );
        const bySession = (await plain(sumsOf(store)({ by: 'session' }))) as { sessionId: string }[];
        assert.deepEqual(
          bySession.filter(({ sessionId }) => sessionId === id),
          [{ sessionId: id, ...sumOf(1) }],
        );
        const [day] = await sumsOf(store)({ by: 'day', from: new Date() });
        assert.equal(day === undefined || /^\d{4}-\d\d-\d\d$/.test(day.day ?? ''), true);
        assert.deepEqual(await sumsOf(store)({ to: new Date(0) }), sumOf(0));
      },
    },
    {
      name: 'usage goes with a conversation that is deleted',
      needs: ['conversations'],
      async run({ store }) {
        const session = counting(store);
        await session.addItems(messages(1));
        await session.recordUsage(runOf([response(newId())]));
        await store.sessions?.delete(await session.getSessionId());
        assert.deepEqual(await session.usage(), sumOf(0));
      },
    },
    {
      name: 'usage rolls back with a transaction of the application',
      needs: ['transactions', 'inTransaction'],
      async run({ store, inTransaction }) {
        const session = counting(store);
        const id = await session.getSessionId();
        assert.deepEqual(await session.usage(), sumOf(0));
        for (const end of ['rollback', 'commit'] as const) {
          await inTransaction?.(
            (transaction) => counting(store.with(transaction), id).recordUsage(runOf([response(end)])),
            end,
          );
        }
        assert.deepEqual(await session.usage(), sumOf(1));
      },
    },
    {
      name: 'what is no run, no group and no time is a TypeError, and after close() usage is CLOSED',
      async run({ store }) {
        const session = counting(store);
        const record = session.recordUsage.bind(session) as (...args: unknown[]) => Promise<unknown>;
        const sum = session.usage.bind(session) as (...args: unknown[]) => Promise<unknown>;
        const all = sumsOf(store) as (...args: unknown[]) => Promise<unknown>;
        const run = runOf([response(newId())]);
        for (const wrong of [
          () => record(),
          () => record({ rawResponses: [] }),
          () => record(run, { model: '' }),
          () => record(run, { operationId: ' ' }),
          () => record(run, { turns: 'x' }),
          () => sum({ by: 'tenant' }),
          () => sum({ by: ['day', 'day'] }),
          () => sum({ from: 1 }),
          () => all({ by: 'turn' }),
          () => all({ to: new Date(Number.NaN) }),
        ])
          await assert.rejects(async () => wrong(), TypeError);
        assert.deepEqual(await session.usage(), sumOf(0));
        await store.close();
        for (const call of [() => record(run), () => sum(), () => all()]) await failsWith('CLOSED', call);
      },
    },
  ]),
};
