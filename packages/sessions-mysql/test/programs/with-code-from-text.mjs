// A mysql2 without static parsers, and Drizzle, which hands on nothing of ours: prints how their calls fail.
import { MysqlSessionStore } from '@stackone/sessions-mysql';
import { drizzle } from 'drizzle-orm/mysql2';
import mysql from 'mysql2';
import oldest from 'mysql2-lowest';

const uri = process.env.DATABASE_URL.replace(/^mariadb:/, 'mysql:');
const told = ({ code, message, retryable }) => ({ code, message, retryable });

const pool = mysql.createPool({ uri, connectionLimit: 1 });
const db = drizzle({ client: pool });
const store = await MysqlSessionStore.fromDrizzle(db);
let joined;
await db
  .transaction(async (tx) => {
    joined = await store
      .with(tx)
      .session('chat')
      .getItems()
      .then(() => ({}), told);
  })
  .catch(() => {}); // the connection is gone
const after = await store
  .session('chat')
  .addItems([{ role: 'user', content: 'Hello' }])
  .then(() => 'works', told);

const lowest = await MysqlSessionStore.fromUrl(process.env.DATABASE_URL, { driver: oldest }).then(
  () => ({}),
  told,
);
await pool.promise().end();
console.log(JSON.stringify({ lowest, joined, after }));
