import assert from 'node:assert/strict';
import { type Contract, contents, message, messages, needing, newId } from '../harness.js';
import { type ConformingStore, failsWith, type StoreSubject } from './subject.js';

type Transact = NonNullable<ConformingStore['transaction']>;

function transactionOf({ store }: StoreSubject): Transact {
  assert.ok(store.transaction, 'the subject says it begins transactions and has no transaction()');
  return store.transaction.bind(store);
}

export const OWN_TRANSACTIONS: Contract<StoreSubject> = {
  name: "transaction(): the store's own transactions",
  cases: needing('ownTransactions', [
    {
      name: 'the turns of several conversations commit together',
      async run(subject) {
        const { store } = subject;
        const [id, other] = [newId(), newId()];
        await store.session(id).addItems(messages(2));
        const result = await transactionOf(subject)(async (tx) => {
          const popped = await tx.session(id).popItem();
          await tx.session(other).addItems(popped ? [popped] : []);
          return contents(await tx.session(id).getItems());
        });
        assert.deepEqual(result, ['m0']);
        assert.deepEqual(contents(await store.session(id).getItems()), ['m0']);
        assert.deepEqual(contents(await store.session(other).getItems()), ['m1']);
      },
    },
    {
      name: 'what the callback throws rolls everything back, and reaches the caller as it is',
      async run(subject) {
        const { store } = subject;
        const [id, other] = [newId(), newId()];
        await store.session(id).addItems(messages(2));
        const thrown = new Error('no');
        const failed = transactionOf(subject)(async (tx) => {
          await tx.session(id).clearSession();
          await tx.session(other).addItems([message('new')]);
          throw thrown;
        });
        await assert.rejects(failed, (error) => error === thrown);
        assert.deepEqual(contents(await store.session(id).getItems()), ['m0', 'm1']);
        assert.deepEqual(await store.session(other).getItems(), []);
      },
    },
    {
      name: 'calls that nobody waits for are inside, and none is taken after the end',
      async run(subject) {
        const { store } = subject;
        const id = newId();
        const tx = await transactionOf(subject)(async (inside) => {
          for (const text of ['a', 'b', 'c']) void inside.session(id).addItems([message(text)]);
          return inside;
        });
        assert.deepEqual(contents(await store.session(id).getItems()), ['a', 'b', 'c']);
        await failsWith('NOT_OPEN', () => tx.session(id).addItems([message('late')]));
        assert.deepEqual(contents(await store.session(id).getItems()), ['a', 'b', 'c']);
      },
    },
    {
      name: 'close() waits for a transaction, and a closed store begins none',
      async run(subject) {
        const { store } = subject;
        await store.open();
        const transaction = transactionOf(subject);
        const end = Promise.withResolvers<void>();
        const steps: string[] = [];
        const begun = transaction(async (tx) => {
          await end.promise;
          await tx.session(newId()).addItems([message('x')]);
        }).then(() => steps.push('transaction'));
        const closed = store.close().then(() => steps.push('close'));
        end.resolve();
        await Promise.all([begun, closed]);
        assert.deepEqual(steps, ['transaction', 'close']);
        await failsWith('CLOSED', () => transaction(async () => undefined));
      },
    },
  ]),
};
