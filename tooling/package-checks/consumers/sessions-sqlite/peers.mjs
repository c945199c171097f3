// The conformance suite, a transaction of Drizzle and a history transaction, with whatever peers are installed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { storeConformance } from '@stackone/sessions-core/conformance';
import { SqliteSessionStore } from '@stackone/sessions-sqlite';
import { sessionTables } from '@stackone/sessions-sqlite/schema';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';

const open = () => {
  const client = new Database(':memory:');
  return { client, db: drizzle({ client }) };
};

storeConformance({
  name: 'a Drizzle database',
  describe,
  test,
  open: async () => ({ store: await SqliteSessionStore.fromDrizzle(open().db) }),
  supports: { durable: true, shared: true, edit: true, operations: true, transactions: true },
});

test('a turn inside a transaction, read through the tables of the schema', async () => {
  const { db } = open();
  const store = await SqliteSessionStore.fromDrizzle(db);
  const item = { role: 'user', content: "a 'quoted' text, a \\ and a ?" };
  db.transaction((tx) => void store.with(tx).session('a').addItems([item]));
  const fail = () =>
    db.transaction((tx) => {
      store.with(tx).session('a').clearSession();
      throw new Error('rolled back');
    });
  assert.throws(fail, /rolled back/);
  const { messages } = sessionTables();
  const rows = db.select().from(messages).all();
  assert.deepEqual(
    rows.map(({ sessionId, messageData }) => [sessionId, JSON.parse(messageData)]),
    [['a', item]],
  );
});

test("a history transaction, checked by the SDK's schema", async () => {
  const store = await SqliteSessionStore.fromDrizzle(open().db);
  const session = store.session('a');
  const append = (item) => ({ operationId: 'o1', transaction: { type: 'append_items', items: [item] } });
  await session.applyHistoryTransaction(append({ role: 'user', content: 'x' }));
  await assert.rejects(session.applyHistoryTransaction(append({ role: 'nobody' })), {
    code: 'INVALID_TRANSACTION',
  });
  assert.equal((await session.getItems()).length, 1);
});
