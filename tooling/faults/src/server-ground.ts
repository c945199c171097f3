import {
  startMariadb,
  startMysql,
  startPostgres,
  type TestServer,
  type ThrowawayServer,
} from '@stackone/test-servers';
import { byConversation, type Ground, rowsOf } from './arena.ts';
import { mysqlOrders } from './mysql-orders.ts';
import { postgresOrders } from './postgres-orders.ts';
import { type ServerOrders, WRITER } from './server-orders.ts';

/** Long enough for a busy machine, short enough for a fault that makes a server silent. In ms. */
export const TIME_LIMIT = 3000;

/** How a server is started. */
type Start = Parameters<typeof startMysql>[0];

/** By engine, a server of its own, which may be killed. */
export const SERVERS = {
  // a deadlock is found after this time, 1 s by default
  postgres: ({ settings, ...options }: Start = {}) =>
    startPostgres({ ...options, major: 18, settings: { deadlock_timeout: '20ms', ...settings } }),
  // read_only waits for statements that wait for rows whose transactions wait for read_only: for 50 s by default
  mysql: ({ settings, ...options }: Start = {}) =>
    startMysql({ ...options, settings: { 'innodb-lock-wait-timeout': '3', ...settings } }),
  mariadb: (options: Start = {}) => startMariadb({ ...options, version: '11.8' }),
} satisfies Record<string, (options?: Start) => Promise<ThrowawayServer>>;

/** An engine that has servers. */
export type ServerEngine = keyof typeof SERVERS;

/** A database on a server of its own. */
export interface ServerGround extends Ground {
  readonly server: ThrowawayServer;
  readonly orders: ServerOrders;
}

/**
 * Makes a database and the writers' user on a server, which ends with it.
 *
 * @param administrator - By which way he connects, who is not to be struck by what he does to writers. Default: as they do.
 */
export async function serverGround(
  server: ThrowawayServer,
  administrator: TestServer = server,
): Promise<ServerGround> {
  const database = await administrator.createDatabase();
  const isPostgres = server.engine === 'postgres';
  const orders = isPostgres ? postgresOrders(administrator, database) : mysqlOrders(administrator, database);
  for (const statement of orders.makeUser(database)) await administrator.query(statement, database);
  const url = Object.assign(new URL(server.url(database)), {
    username: WRITER.user,
    password: WRITER.password,
  });
  return {
    server,
    orders,
    title: server.origin,
    url: url.href,
    storeOptions: { timeout: TIME_LIMIT, connectionTimeout: TIME_LIMIT, maxRetries: 3, retryDelay: 50 },
    read: async (ids) => byConversation(ids, (await administrator.query(rowsOf(ids), database)) as never),
    connections: async () => Number((await administrator.query(orders.connections, database))[0]?.n),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
