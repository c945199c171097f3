// Uses stores where code from text is forbidden. Prints what they read, and how a read in a Drizzle transaction fails.
import { SqliteSessionStore } from '@stackone/sessions-sqlite';
import Database from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';

const said = {};

async function use(name, store) {
  const session = store.session('chat');
  await session.addItems(['a', 'b', 'c'].map((content) => ({ type: 'message', role: 'user', content })));
  await session.popItem();
  said[name] = (await session.getItems()).map(({ content }) => content);
}

await use('url', await SqliteSessionStore.fromUrl('sqlite::memory:'));
await use('handle', await SqliteSessionStore.fromDatabase(new Database(':memory:')));
const db = drizzle({ client: new Database(':memory:') });
const store = await SqliteSessionStore.fromDrizzle(db);
await use('Drizzle', store);
try {
  db.transaction((tx) => {
    store.with(tx).session('chat').getItems();
  });
} catch ({ code, message, retryable }) {
  said.joined = { code, message, retryable };
}
said.after = (await store.session('chat').getItems()).length;
console.log(JSON.stringify(said));
