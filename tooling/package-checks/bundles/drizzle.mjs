// A transaction of Drizzle on pg, and one of Drizzle on mysql2.
import { MysqlSessionStore } from '@stackone/sessions-mysql';
import { PostgresSessionStore } from '@stackone/sessions-postgres';
import { drizzle as onMysql } from 'drizzle-orm/mysql2';
import { drizzle as onPostgres } from 'drizzle-orm/node-postgres';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { hello } from './hello.mjs';

const [, , url] = process.argv;

/** The store inside a transaction that is still open. */
async function inTransaction(db, store) {
  await store.session('chat_123').getItems();
  await db.transaction(async (tx) => {
    await store
      .with(tx)
      .session('chat_123')
      .addItems([{ role: 'user', content: 'In a transaction' }]);
  });
  return store;
}

hello(async () => {
  if (url.startsWith('postgres')) {
    const db = onPostgres({ client: new pg.Pool({ connectionString: url, allowExitOnIdle: true }) });
    return inTransaction(db, await PostgresSessionStore.fromDrizzle(db));
  }
  const connection = await mysql.createConnection(url.replace(/^mariadb:/, 'mysql:'));
  const db = onMysql({ client: connection });
  const store = await inTransaction(db, await MysqlSessionStore.fromDrizzle(db));
  store.close = async () => connection.end();
  return store;
});
