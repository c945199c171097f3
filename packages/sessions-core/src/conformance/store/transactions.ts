import assert from 'node:assert/strict';
import type { Session } from '@openai/agents-core';
import { type Contract, contents, message, messages, needing, newId } from '../harness.js';
import type { StoreSubject, TransactionEnd } from './subject.js';

/** Makes one call on a conversation of `m0, m1`, inside a transaction that ends so; the items it leaves. */
async function afterTransaction(
  { store, inTransaction }: StoreSubject,
  end: TransactionEnd,
  call: (session: Session) => Promise<unknown>,
): Promise<unknown[]> {
  assert.ok(inTransaction, 'the subject says it has transactions and has no inTransaction()');
  const id = newId();
  await store.session(id).addItems(messages(2));
  await inTransaction((transaction) => call(store.with(transaction).session(id)), end);
  return contents(await store.session(id).getItems());
}

export const JOINED_TRANSACTIONS: Contract<StoreSubject> = {
  name: "with(): the application's transactions",
  cases: needing('transactions', [
    {
      name: 'a turn commits with the transaction',
      needs: ['inTransaction'],
      async run(subject) {
        const left = await afterTransaction(subject, 'commit', (session) =>
          session.addItems([message('new')]),
        );
        assert.deepEqual(left, ['m0', 'm1', 'new']);
      },
    },
    {
      name: 'a turn rolls back with the transaction',
      needs: ['inTransaction'],
      async run(subject) {
        const left = await afterTransaction(subject, 'rollback', (session) =>
          session.addItems([message('new')]),
        );
        assert.deepEqual(left, ['m0', 'm1']);
      },
    },
    {
      name: 'popping rolls back with the transaction',
      needs: ['inTransaction'],
      async run(subject) {
        let popped: unknown;
        const left = await afterTransaction(subject, 'rollback', async (session) => {
          popped = await session.popItem();
        });
        assert.deepEqual([popped, left], [message('m1'), ['m0', 'm1']]);
      },
    },
    {
      name: 'clearing rolls back with the transaction',
      needs: ['inTransaction'],
      async run(subject) {
        const left = await afterTransaction(subject, 'rollback', (session) => session.clearSession());
        assert.deepEqual(left, ['m0', 'm1']);
      },
    },
    {
      name: 'compaction rolls back with the transaction',
      needs: ['inTransaction', 'edit'],
      async run(subject) {
        const left = await afterTransaction(subject, 'rollback', async (session) =>
          session.replaceHistoryWithCompaction?.([message('new')]),
        );
        assert.deepEqual(left, ['m0', 'm1']);
      },
    },
    {
      name: 'reading shows what the transaction may see',
      needs: ['inTransaction'],
      async run(subject) {
        let seen: unknown;
        await afterTransaction(subject, 'commit', async (session) => {
          seen = contents(await session.getItems());
        });
        assert.deepEqual(seen, ['m0', 'm1']);
      },
    },
  ]),
};
