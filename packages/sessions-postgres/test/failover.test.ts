import { randomUUID } from 'node:crypto';
import { writeAfterFailover } from '@stackone/interruptions';
import { startPostgres, startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { expect, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';
import { makeReadOnly, queryAt } from './queries.js';

// two servers behind one address: the old primary takes no writes any more, and the address leads to the new one
describeEngine('postgres:18', { own: true }, ({ server: old, url }) => {
  test.each(['a pool of our own', 'a pool of the application'])(
    'after a failover the next call reaches the new primary: %s',
    async (kind) => {
      await using primary = await startPostgres({ major: 18 });
      const database = new URL(url).pathname.slice(1);
      await primary.createDatabase(database);
      const newUrl = primary.url(database);
      const role = `app_${randomUUID().slice(0, 8)}`;
      for (const one of [url, newUrl]) {
        await queryAt(
          one,
          `CREATE ROLE ${role} LOGIN PASSWORD 'p'`,
          `GRANT ALL ON SCHEMA public TO ${role}`,
          'DROP TABLE IF EXISTS agent_sessions_operations, agent_messages, agent_sessions',
        );
        const own = Object.assign(new URL(one), { username: role, password: 'p' }).href;
        await (await PostgresSessionStore.fromUrl(own)).close();
      }
      const address = { host: old.host, port: old.port };
      await using proxy = await startProxy(address, { protocol: 'postgres' });
      const through = Object.assign(new URL(proxy.url(url)), { username: role, password: 'p' }).href;
      const pool = new pg.Pool({ connectionString: through, max: 8 });
      const store =
        kind === 'a pool of our own'
          ? await PostgresSessionStore.fromUrl(through)
          : await PostgresSessionStore.fromPool(pool);
      await Promise.all(Array.from({ length: 8 }, () => store.session(randomUUID()).getItems()));
      await makeReadOnly(url);
      Object.assign(address, { host: primary.host, port: primary.port });

      // the connections of before go with the first one
      expect(await writeAfterFailover(store)).toBe(1);
      expect(await queryAt(newUrl, 'SELECT count(*)::int AS n FROM agent_messages')).toEqual([{ n: 20 }]);
      await store.close();
      await pool.end();
      await queryAt(
        url,
        'SET default_transaction_read_only = off',
        'ALTER SYSTEM RESET default_transaction_read_only',
        'SELECT pg_reload_conf()',
      );
    },
  );
});
