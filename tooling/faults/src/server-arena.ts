import { setTimeout as wait } from 'node:timers/promises';
import type { TortureScene } from '@stackone/openai-agents-js-sessions/torture';
import type { ThrowawayServer } from '@stackone/test-servers';
import { type Arena, type ArenaFault, byConversation, rowsOf } from './arena.ts';
import { mysqlOrders } from './mysql-orders.ts';
import { postgresOrders } from './postgres-orders.ts';
import { type ServerOrders, type Switch, WRITER } from './server-orders.ts';

/** Long enough for a busy machine, short enough for a fault that makes a server silent. */
const TIME_LIMIT = 3000;

/** A database on a server of its own, which may be killed. */
export async function serverArena(server: ThrowawayServer, { isLong = false } = {}): Promise<Arena> {
  const database = await server.createDatabase();
  const isPostgres = server.engine === 'postgres';
  const orders = isPostgres ? postgresOrders(server, database) : mysqlOrders(server, database);
  for (const statement of orders.makeUser(database)) await server.query(statement, database);
  const url = Object.assign(new URL(server.url(database)), {
    username: WRITER.user,
    password: WRITER.password,
  });
  return {
    title: server.origin,
    url: url.href,
    storeOptions: { timeout: TIME_LIMIT, connectionTimeout: TIME_LIMIT, maxRetries: 3, retryDelay: 50 },
    faults: faultsOf(server, orders, isLong),
    read: async (ids) => byConversation(ids, (await server.query(rowsOf(ids), database)) as never),
    connections: async () => Number((await server.query(orders.connections, database))[0]?.n),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

function faultsOf(server: ThrowawayServer, orders: ServerOrders, isLong: boolean): ArenaFault[] {
  const during = ({ random }: TortureScene, least: number, most: number) =>
    wait(least + random() * (most - least));
  const switched = (
    name: string,
    { on, off, isForNewOnes = false }: Switch,
    meanwhile = during200,
  ): ArenaFault => ({
    name,
    async strike(scene) {
      for (const statement of on) await server.query(statement);
      if (isForNewOnes) await orders.end(1, scene.random);
      try {
        await meanwhile(scene);
      } finally {
        for (const statement of off) await server.query(statement);
        if (isForNewOnes) await orders.end(1, scene.random);
      }
    },
  });
  const during200 = (scene: TortureScene) => during(scene, 50, 200);
  const repeated = (name: string, act: (scene: TortureScene) => Promise<unknown>): ArenaFault => ({
    name,
    async strike(scene) {
      for (let times = 0; times < 4; times++) {
        await during(scene, 0, 30);
        await act(scene);
      }
    },
  });
  return [
    repeated('connections ended', ({ random }) => orders.end(0.5, random)),
    // while they wait for a lock, so that there are some
    repeated('statements cancelled', ({ random, conversations }) =>
      Promise.all([
        orders.lock(conversations.slice(0, 1), 60),
        wait(30).then(() => orders.cancel(0.7, random)),
      ]),
    ),
    switched('read-only', orders.readOnly),
    switched('too many connections', orders.fewConnections),
    switched('authentication refused', orders.otherPassword),
    switched('statement timeout', orders.shortStatements),
    switched('lock timeout', orders.shortLockWaits, ({ conversations }) =>
      orders.lock(conversations.slice(0, 1), 1300),
    ),
    // the store locks in the order of the ids
    repeated('deadlock', ({ conversations }) => orders.lock(conversations.toReversed(), 15)),
    {
      name: 'server killed',
      isExpensive: true,
      async strike(scene) {
        await during(scene, 0, 100);
        await server.kill();
        await during(scene, 0, 500);
        await server.restart();
      },
    },
    {
      name: 'server stopped',
      isExpensive: true,
      async strike(scene) {
        server.suspend();
        await (isLong ? wait(30_000) : during(scene, 300, 1000));
        server.resume();
      },
    },
    {
      name: 'network: silence past the time limit',
      isExpensive: true,
      needsNetwork: true,
      async strike({ network }) {
        if (!network) return;
        network.silent = true;
        await wait(TIME_LIMIT * 1.4);
        network.silent = false;
      },
    },
  ];
}
