import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { AgentInputItem } from '@openai/agents-core';
import { type Contract, contents, messages, needing, newId } from '../harness.js';
import { type ConformingStore, failsWith, type StoreSubject } from './subject.js';

type Prune = (options: object) => Promise<{
  readonly conversations: number;
  readonly shortened: number;
  readonly removed: { readonly messages: number };
}>;

function prunerOf(store: object | undefined): Prune {
  const prune: unknown = Reflect.get(store ?? {}, 'prune');
  assert.ok(typeof prune === 'function', 'the subject says it can remove what is old and has no "prune"');
  return prune.bind(store) as Prune;
}

/** A tenant of its own: the database may be one that is in use. */
function tenantOf(store: ConformingStore) {
  const tenant = store.scoped?.(newId('tenant'));
  assert.ok(tenant?.sessions, 'the subject says it has tenants and conversations');
  return tenant;
}

const call = (callId: string): AgentInputItem => ({
  type: 'function_call',
  callId,
  name: 'weather',
  arguments: '{}',
  status: 'completed',
});
const result = (callId: string): AgentInputItem => ({
  type: 'function_call_result',
  callId,
  name: 'weather',
  status: 'completed',
  output: 'rain',
});

export const STORE_PRUNING: Contract<StoreSubject> = {
  name: 'prune',
  cases: needing(
    'tenants',
    needing('retention', [
      {
        name: 'prune removes the conversations that are old, of its tenant only',
        async run({ store }) {
          const [acme, globex] = [tenantOf(store), tenantOf(store)];
          for (const tenant of [acme, globex]) await tenant.session('old').addItems(messages(3));
          // of whole seconds, on some databases
          await wait(1100);
          const { updatedAt } = (await acme.sessions?.retrieve('old')) ?? { updatedAt: new Date(0) };
          await wait(1100);
          await acme.session('young').addItems(messages(2));
          let told = 0;
          const onProgress = ({ conversations }: { conversations: number }) => {
            told = conversations;
          };
          const olderThan = new Date(updatedAt.getTime() + 1);
          const { conversations, removed } = await prunerOf(acme)({ olderThan, onProgress });
          assert.deepEqual([conversations, removed.messages, told], [1, 3, 1]);
          assert.deepEqual(await acme.session('old').getItems(), []);
          assert.equal((await acme.session('young').getItems()).length, 2);
          assert.equal((await globex.session('old').getItems()).length, 3);
        },
      },
      {
        name: 'a long conversation goes in steps of the size that is given',
        async run({ store }) {
          const tenant = tenantOf(store);
          await tenant.session('long').addItems(messages(10));
          let steps = 0;
          const onProgress = () => steps++;
          const olderThan = new Date(Date.now() + 3_600_000);
          const { removed } = await prunerOf(tenant)({ olderThan, batchSize: 3, onProgress });
          assert.equal(removed.messages, 10);
          assert.ok(steps >= 4, 'it went in one step');
          assert.deepEqual(await tenant.session('long').getItems(), []);
        },
      },
      {
        name: 'keep leaves the newest turns or items, beginning with a user message',
        async run({ store }) {
          const tenant = tenantOf(store);
          const turn = (index: number): AgentInputItem[] => [
            ...messages(1, `u${index}-`),
            call(`c${index}`),
            result(`c${index}`),
          ];
          const session = tenant.session('chat');
          for (let index = 0; index < 6; index++) await session.addItems(turn(index));
          await tenant.session('short').addItems(turn(0));
          const turns = await prunerOf(tenant)({ keep: { turns: 4 }, batchSize: 3 });
          assert.deepEqual([turns.shortened, turns.removed.messages, turns.conversations], [1, 6, 0]);
          assert.equal(contents(await session.getItems())[0], 'u2-0');
          const items = await prunerOf(tenant)({ keep: { items: 5 } });
          assert.equal(items.removed.messages, 6);
          assert.deepEqual(await session.getItems(), [...turn(4), ...turn(5)]);
          assert.equal((await tenant.session('short').getItems()).length, 3);
          assert.equal((await prunerOf(tenant)({ keep: { items: 5 } })).removed.messages, 0);
        },
      },
      {
        name: 'keep parts no call from its result',
        async run({ store }) {
          const tenant = tenantOf(store);
          const session = tenant.session('chat');
          const waiting = [
            ...messages(1, 'a'),
            call('c'),
            ...messages(1, 'b'),
            result('c'),
            ...messages(1, 'd'),
          ];
          await session.addItems([...messages(1, 'old'), ...waiting]);
          await prunerOf(tenant)({ keep: { turns: 2 } });
          assert.deepEqual(await session.getItems(), waiting);
          await prunerOf(tenant)({ keep: { turns: 1 } });
          assert.deepEqual(await session.getItems(), messages(1, 'd'));
        },
      },
      {
        name: 'what no pruning can be is a TypeError, a signal ends it, and after close() it is CLOSED',
        async run({ store }) {
          const tenant = tenantOf(store);
          await tenant.session('chat').addItems(messages(4));
          const olderThan = new Date(Date.now() + 3_600_000);
          const wrong = [{}, { olderThan: 5 }, { keep: { items: 0 } }, { keep: { items: 1, turns: 1 } }];
          for (const options of [...wrong, { olderThan, batchSize: 0 }, { olderThan, later: true }])
            await assert.rejects(() => prunerOf(tenant)(options), TypeError);
          const abort = new AbortController();
          const onProgress = () => abort.abort(new RangeError('enough'));
          const ended = prunerOf(tenant)({ olderThan, batchSize: 1, signal: abort.signal, onProgress });
          await assert.rejects(ended, RangeError);
          assert.equal((await tenant.session('chat').getItems()).length, 3);
          await store.close();
          await failsWith('CLOSED', () => prunerOf(tenant)({ olderThan }));
        },
      },
    ]),
  ),
};
