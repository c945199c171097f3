import { randomUUID } from 'node:crypto';
import { openSessionStore } from '@stackone/openai-agents-js-sessions';
import type { Database } from '../world.ts';
import { SECRET } from './calls.ts';
import { type Failure, filled } from './failing.ts';

/** Addresses at which nobody gets in, each with a password. */
const byAddress =
  (change: (url: URL) => void): Failure =>
  async (world) => {
    if (!world.url || world.engine === 'sqlite') return undefined;
    const url = new URL(world.url);
    url.password = SECRET.password;
    change(url);
    const { PostgresSessionStore, MysqlSessionStore } = await import('@stackone/openai-agents-js-sessions');
    const options = { maxRetries: 0, connectionTimeout: 5000 };
    const Store = world.engine === 'postgres' ? PostgresSessionStore : MysqlSessionStore;
    return { store: new Store({ url: url.href }, options), url: url.href, options };
  };

export const ADDRESSES: Readonly<Record<string, Failure>> = {
  'a wrong password': byAddress(() => undefined),
  'a wrong user': byAddress((url) => {
    url.username = SECRET.password;
  }),
  'a port where nobody listens': byAddress((url) => {
    url.port = '1';
  }),
  'a host that there is not': byAddress((url) => {
    url.hostname = 'host.invalid';
  }),
  'a server without TLS': byAddress((url) => {
    if (url.protocol === 'postgres:') url.searchParams.set('sslmode', 'verify-full');
    else url.searchParams.set('ssl-mode', 'VERIFY_CA');
  }),
};

/** The statements about a user who has tables of somebody else. On MySQL rights on a database hold until the next `USE`. */
function ordersFor(engine: string, name: string) {
  const isPostgres = engine === 'postgres';
  const user = isPostgres ? name : `'${name}'@'%'`;
  return {
    make: isPostgres
      ? [
          `CREATE ROLE ${user} LOGIN PASSWORD '${SECRET.password}'`,
          `GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${user}`,
        ]
      : [`CREATE USER ${user} IDENTIFIED BY '${SECRET.password}'`],
    grant: (table: string) => `GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${user}`,
    revoke: (rights: string, table: string) => `REVOKE ${rights} ON ${table} FROM ${user}`,
    remove: isPostgres ? [`DROP OWNED BY ${user}`, `DROP ROLE ${user}`] : [`DROP USER ${user}`],
  };
}

/** A store whose user has had these rights, and has them no more. */
const withoutRights =
  (rights: string): Failure =>
  async (world) => {
    const { database, url, engine } = world;
    if (!database || !url || engine === 'sqlite') return undefined;
    await (await filled(world)).close();
    const name = `canary_${randomUUID().slice(0, 8)}`;
    const { make, grant, revoke, remove } = ordersFor(engine, name);
    const tables = await database.tables();
    await runAll(database, [...make, ...tables.map(grant)]);
    const theirs = Object.assign(new URL(url), { username: name, password: SECRET.password });
    const options = { createTables: false, maxRetries: 0 };
    const store = await openSessionStore(theirs.href, options);
    await store.session(SECRET.session).getItems();
    await runAll(
      database,
      tables.map((table) => revoke(rights, table)),
    );
    return {
      store,
      url: theirs.href,
      options,
      code: 'PERMISSION_DENIED',
      end: () => runAll(database, remove),
    };
  };

async function runAll(database: Database, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await database.run(statement);
}

export const RIGHTS: Readonly<Record<string, Failure>> = {
  'the rights to write are taken away': withoutRights('INSERT, UPDATE, DELETE'),
  'all rights are taken away': withoutRights('SELECT, INSERT, UPDATE, DELETE'),
};
