import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { AgentInputItem } from '@openai/agents-core';
import type { SessionStore, StoreTransaction } from '@stackone/sessions-core';

/** A store that begins transactions, and the application's own table in the same database. */
export interface OwnTransactionSubject {
  /** A store of the case's own. */
  open(): Promise<SessionStore>;
  /** Adds a row with this text to the application's table, inside the transaction. */
  insert(client: unknown, text: string): Promise<unknown> | unknown;
  /** How many rows of the application's table have this text, as others see it. */
  count(text: string): Promise<number> | number;
  /** Ends the connection of the transaction as a network does. Absent where there is none. */
  kill?(client: unknown): Promise<unknown> | unknown;
  /** Whether the transaction holds the only connection. */
  readonly hasOneConnection: boolean;
}

const user = (content: string): AgentInputItem => ({ type: 'message', role: 'user', content });

async function texts(store: Pick<SessionStore, 'session'>, id: string): Promise<unknown[]> {
  return (await store.session(id).getItems()).map((item) => Reflect.get(item, 'content'));
}

/** Does something with transactions of a store. */
type OwnTransactionCase = (subject: OwnTransactionSubject) => Promise<void>;

/** What a store does about transactions that it begins, by what happens. */
export const OWN_TRANSACTIONS: Readonly<Record<string, OwnTransactionCase>> = {
  'turns of several conversations and rows of the application commit together': async (subject) => {
    await using store = await subject.open();
    const [id, other] = [randomUUID(), randomUUID()];
    await store.session(id).addItems([user('before'), user('last')]);
    const result = await store.transaction(async (tx) => {
      await subject.insert(tx.client, id);
      const last = await tx.session(id).popItem();
      assert.ok(last);
      await tx.session(other).addItems([last]);
      assert.deepEqual(await texts(tx, id), ['before']);
      return 7;
    });
    assert.equal(result, 7);
    assert.deepEqual([await texts(store, id), await texts(store, other)], [['before'], ['last']]);
    assert.equal(await subject.count(id), 1);
  },

  'what the callback throws rolls everything back, and reaches the caller as it is': async (subject) => {
    await using store = await subject.open();
    const id = randomUUID();
    await store.session(id).addItems([user('before')]);
    for (const thrown of [new Error('no'), 'a text', undefined]) {
      const work = async (tx: StoreTransaction) => {
        await tx.session(id).addItems([user('new')]);
        await subject.insert(tx.client, id);
        await tx.session(id).clearSession();
        throw thrown;
      };
      await assert.rejects(store.transaction(work), (error) => error === thrown);
    }
    assert.deepEqual(await texts(store, id), ['before']);
    assert.equal(await subject.count(id), 0);
  },

  'others see nothing before the end': async (subject) => {
    await using store = await subject.open();
    await using other = await subject.open();
    const id = randomUUID();
    await store.transaction(async (tx) => {
      await tx.session(id).addItems([user('new')]);
      await subject.insert(tx.client, id);
      if (other.supports.shared) assert.deepEqual(await texts(other, id), []);
    });
    if (other.supports.shared) assert.deepEqual(await texts(other, id), ['new']);
  },

  'a call that is refused leaves nothing behind, and the transaction goes on': async (subject) => {
    await using store = await subject.open();
    const id = randomUUID();
    await store.session(id).addItems([user('a'), user('b')]);
    await store.transaction(async (tx) => {
      const session = tx.session(id);
      await assert.rejects(session.replaceBeginning([user('other')], []), { code: 'HISTORY_CHANGED' });
      await session.replaceBeginning([user('a')], [user('summary')]);
      await subject.insert(tx.client, id);
    });
    assert.deepEqual(await texts(store, id), ['summary', 'b']);
    assert.equal(await subject.count(id), 1);
  },

  'calls that nobody waits for are inside, in their order': async (subject) => {
    await using store = await subject.open();
    const id = randomUUID();
    await store.transaction((tx) => {
      for (const text of ['a', 'b', 'c']) void tx.session(id).addItems([user(text)]);
    });
    assert.deepEqual(await texts(store, id), ['a', 'b', 'c']);
  },

  'after its end it is of no use': async (subject) => {
    await using store = await subject.open();
    const id = randomUUID();
    const left: StoreTransaction[] = [];
    await store.transaction((tx) => void left.push(tx));
    const failed = store.transaction((tx) => {
      left.push(tx);
      throw new Error('no');
    });
    await assert.rejects(failed, /no/);
    for (const tx of left) {
      await assert.rejects(tx.session(id).addItems([user('late')]), { code: 'NOT_OPEN' });
      await assert.rejects(tx.session(id).getItems(), { code: 'NOT_OPEN' });
    }
    assert.deepEqual(await texts(store, id), []);
  },

  'another one inside, and close() inside, are refused at once, and it goes on': async (subject) => {
    const store = await subject.open();
    const id = randomUUID();
    await store.transaction(async (tx) => {
      await tx.session(id).addItems([user('a')]);
      await assert.rejects(
        store.transaction(() => undefined),
        { code: 'TRANSACTION_OPEN' },
      );
      await assert.rejects(store.close(), { code: 'TRANSACTION_OPEN' });
      if (subject.hasOneConnection)
        await assert.rejects(store.session(id).getItems(), { code: 'TRANSACTION_OPEN' });
      await tx.session(id).addItems([user('b')]);
    });
    assert.deepEqual(await texts(store, id), ['a', 'b']);
    await store.close();
    await assert.rejects(
      store.transaction(() => undefined),
      { code: 'CLOSED' },
    );
  },

  'calls from elsewhere wait, or go on beside it; close() waits for its end': async (subject) => {
    const store = await subject.open();
    await using other = await subject.open();
    const [id, id2] = [randomUUID(), randomUUID()];
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const transaction = store.transaction(async (tx) => {
      await tx.session(id).addItems([user('inside')]);
      begun.resolve();
      await end.promise;
    });
    await begun.promise;
    const outside = store.session(id2).addItems([user('outside')]);
    const second = store.transaction((tx) => tx.session(id2).addItems([user('second')]));
    if (!subject.hasOneConnection) await outside;
    const closed = store.close();
    end.resolve();
    await Promise.all([transaction, outside, second, closed]);
    if (!other.supports.shared) return;
    assert.deepEqual(await texts(other, id), ['inside']);
    assert.deepEqual((await texts(other, id2)).sort(), ['outside', 'second']);
  },

  'a tenant has transactions of its own conversations': async (subject) => {
    await using store = await subject.open();
    const id = randomUUID();
    const acme = store.scoped('acme');
    await acme.transaction(async (tx) => {
      await tx.session(id).addItems([user('of acme')]);
    });
    assert.deepEqual([await texts(acme, id), await texts(store, id)], [['of acme'], []]);
  },

  'a connection that is lost takes everything along, and the store goes on': async (subject) => {
    if (!subject.kill) return;
    await using store = await subject.open();
    const id = randomUUID();
    let calls = 0;
    const broken = store.transaction(async (tx) => {
      calls++;
      await tx.session(id).addItems([user('a')]);
      await subject.insert(tx.client, id);
      await subject.kill?.(tx.client);
      await tx.session(id).addItems([user('b')]);
    });
    await assert.rejects(broken, ({ code }: { code?: string }) => code === 'CONNECTION_FAILED');
    assert.equal(calls, 1, 'the callback was called again');
    assert.deepEqual(await texts(store, id), []);
    assert.equal(await subject.count(id), 0);
    await store.transaction((tx) => tx.session(id).addItems([user('again')]));
    assert.deepEqual(await texts(store, id), ['again']);
  },
};
