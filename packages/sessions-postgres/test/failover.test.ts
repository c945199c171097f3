import { randomUUID } from 'node:crypto';
import { startPostgres, startProxy } from '@stackone/test-servers';
import { describeEngine } from '@stackone/test-servers/vitest';
import pg from 'pg';
import { expect, test } from 'vitest';
import { PostgresSessionStore } from '../src/index.js';
import { contents, message } from './messages.js';

async function queryAt(url: string, ...statements: readonly string[]): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  let rows: unknown[] = [];
  for (const statement of statements) ({ rows } = await client.query(statement));
  await client.end();
  return rows;
}

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
      await queryAt(url, 'ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()');
      await expect
        .poll(() => queryAt(url, 'SHOW default_transaction_read_only'))
        .toEqual([{ default_transaction_read_only: 'on' }]);
      Object.assign(address, { host: primary.host, port: primary.port });

      let refused = 0;
      for (const id of Array.from({ length: 20 }, () => randomUUID())) {
        try {
          await store.session(id).addItems([message('a')]);
        } catch (error) {
          expect(error).toMatchObject({ code: 'READ_ONLY' });
          refused++;
          await store.session(id).addItems([message('a')]);
        }
        expect(contents(await store.session(id).getItems())).toEqual(['a']);
      }
      // the connections of before go with the first one
      expect(refused).toBe(1);
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
