// Uses stores where code from text is forbidden. Prints what their conversations hold.
import { MysqlSessionStore } from '@stackone/sessions-mysql';
import mysql from 'mysql2';

const uri = process.env.DATABASE_URL.replace(/^mariadb:/, 'mysql:');
const hello = [{ type: 'message', role: 'user', content: 'Hello' }];
const said = {};

async function use(name, store) {
  const session = store.session('chat');
  await session.addItems([...hello, ...hello]);
  await session.popItem();
  said[name] = (await session.getItems()).map(({ content }) => content);
  await store.close();
}

await use('url', await MysqlSessionStore.fromUrl(process.env.DATABASE_URL));
const pool = mysql.createPool({ uri });
await use('pool', await MysqlSessionStore.fromPool(pool));
const connection = mysql.createConnection({ uri });
await use('connection', await MysqlSessionStore.fromPool(connection));
said['the pool is as it was'] = await pool
  .promise()
  .query('SELECT 1')
  .then(
    () => false,
    (error) => error.name === 'EvalError',
  );
await pool.promise().end();
await connection.promise().end();
console.log(JSON.stringify(said));
