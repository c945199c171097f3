import assert from 'node:assert/strict';
import type { Session } from '@openai/agents-core';
import { type Contract, type Features, message, newId } from '../harness.js';
import type { ConformingStore, StoreSubject } from './subject.js';
import { failsWith, storeOutOfReach } from './subject.js';

function assertManifest({ supports }: ConformingStore, told: Features): void {
  for (const [name, value] of Object.entries(supports)) {
    if (Object.hasOwn(told, name)) assert.equal(value, told[name], `store.supports.${name}`);
  }
}

export const MANIFEST: Contract<StoreSubject> = {
  name: 'supports',
  cases: [
    {
      name: 'the manifest is the one that was promised, before the store is open and after',
      async run({ store }, told) {
        for (const name of ['durable', 'shared', 'edit', 'operations', 'transactions'])
          assert.equal(typeof Reflect.get(store.supports, name), 'boolean', `store.supports.${name}`);
        assertManifest(store, told);
        await store.open();
        assertManifest(store, told);
      },
    },
    {
      name: 'addItems takes an operation id, or fails with UNSUPPORTED, as supports.operations says',
      async run({ store }) {
        const session = store.session(newId());
        const add = (session.addItems as (...args: unknown[]) => Promise<void>).bind(session);
        const adding = () => add([message('x')], undefined, { operationId: 'o1' });
        if (store.supports.operations) await adding();
        else await failsWith('UNSUPPORTED', adding);
        assert.equal((await session.getItems()).length, store.supports.operations ? 1 : 0);
      },
    },
    {
      name: 'with() before the store is open is refused, with NOT_OPEN where opening helps',
      needs: ['outOfReach'],
      async run(subject) {
        const { store } = await storeOutOfReach(subject);
        await failsWith(store.supports.transactions ? 'NOT_OPEN' : 'UNSUPPORTED', () => store.with({}));
        await store.close();
      },
    },
    {
      name: 'with() is refused with CLOSED when the store is closed',
      async run({ store }) {
        await store.open();
        await store.close();
        await failsWith('CLOSED', () => store.with({}));
      },
    },
    {
      name: 'with() is refused with UNSUPPORTED exactly where supports.transactions is false',
      async run({ store }) {
        await store.open();
        let session: Session | undefined;
        let refusal: unknown;
        try {
          session = store.with({}).session(newId());
        } catch (error) {
          refusal = error;
        }
        const unsupported = (refusal as { code?: unknown } | undefined)?.code === 'UNSUPPORTED';
        assert.equal(unsupported, !store.supports.transactions);
        assert.equal(session !== undefined && !store.supports.transactions, false);
      },
    },
  ],
};
