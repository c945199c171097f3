import { randomUUID } from 'node:crypto';
import { writeAfterFailover } from '@stackone/interruptions';
import { startMariadb, startMysql, startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2';
import { expect, test } from 'vitest';
import { MysqlSessionStore } from '../src/index.js';
import { driverUrl, rowsOf, SERVERS } from './databases.js';

// two servers behind one address: the old primary takes no writes any more, and the address leads to the new one
describeEngine(SERVERS, { own: true }, ({ engine, server: old, url }) => {
  test.each(['a pool of our own', 'a pool of the application'])(
    'after a failover the next call reaches the new primary: %s',
    async (kind) => {
      await using primary = await (engine === 'mysql' ? startMysql() : startMariadb());
      const database = new URL(url).pathname.slice(1);
      await primary.createDatabase(database);
      const newUrl = primary.url(database);
      const user = `app_${randomUUID().slice(0, 8)}`;
      for (const one of [url, newUrl]) {
        await rowsOf(one, `CREATE USER '${user}' IDENTIFIED BY 'p'`);
        await rowsOf(one, `GRANT ALL ON \`${database}\`.* TO '${user}'`);
        await (await MysqlSessionStore.fromUrl(one)).close();
      }
      const address = { host: old.host, port: old.port };
      await using proxy = await startProxy(address, { protocol: 'mysql' });
      const through = Object.assign(new URL(proxy.url(url)), { username: user, password: 'p' }).href;
      const pool = mysql.createPool({ uri: driverUrl(through), connectionLimit: 8 });
      const store =
        kind === 'a pool of our own'
          ? await MysqlSessionStore.fromUrl(through)
          : await MysqlSessionStore.fromPool(pool);
      const fill = () => Promise.all(Array.from({ length: 8 }, () => store.session(randomUUID()).getItems()));
      await fill();
      await rowsOf(url, `SET GLOBAL ${engine === 'mysql' ? 'super_read_only' : 'read_only'} = ON`);
      Object.assign(address, { host: primary.host, port: primary.port });

      // the connections of before go with the first one
      expect(await writeAfterFailover(store)).toBe(1);
      expect(await rowsOf(newUrl, 'SELECT count(*) AS n FROM agent_messages')).toEqual([{ n: '20' }]);
      await store.close();
      await pool.promise().end();
      await rowsOf(url, `SET GLOBAL ${engine === 'mysql' ? 'super_read_only' : 'read_only'} = OFF`);
      await rowsOf(url, 'SET GLOBAL read_only = OFF');
    },
  );
});
