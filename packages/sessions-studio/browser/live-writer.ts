// A process that adds a turn to a conversation whenever it is told to, and says when it began: `node live-writer.ts url id`.
import { MysqlSessionStore } from '@stackone/sessions-mysql';
import { PostgresSessionStore } from '@stackone/sessions-postgres';
import { SqliteSessionStore } from '@stackone/sessions-sqlite';

const STORES = {
  sqlite: SqliteSessionStore,
  postgres: PostgresSessionStore,
  postgresql: PostgresSessionStore,
  mysql: MysqlSessionStore,
  mariadb: MysqlSessionStore,
} as const;

const [url = '', id = ''] = process.argv.slice(2);
const store = await STORES[url.split(':')[0] as keyof typeof STORES].fromUrl(url);
await store.session(id).addItems([{ role: 'user', content: 'the writer is there' }]);
process.on('message', async (text: string) => {
  const began = Date.now();
  await store.session(id).addItems([{ role: 'user', content: text }]);
  process.send?.(began);
});
process.on('disconnect', () => store.close());
process.send?.('ready');
