import { setTimeout as wait } from 'node:timers/promises';
import { freePort, startPostgres, startProxy, type ThrowawayServer } from '@stackone/test-servers';
import { type Arena, between, byConversation, type Ground, rowsOf } from './arena.ts';
import { mysqlReplication } from './mysql-replication.ts';
import { SERVERS, type ServerEngine, serverGround } from './server-ground.ts';

/** How one engine keeps a second server that has all that was acknowledged. */
export interface Replication {
  /** Starts the first one. */
  start(): Promise<ThrowawayServer>;
  /** Starts one that follows, and resolves when no commit is acknowledged any more before it has it. */
  follow(primary: ThrowawayServer): Promise<ThrowawayServer>;
  /** Has it take writes, alone, with all that it was sent. */
  promote(follower: ThrowawayServer): Promise<void>;
}

interface FailoverGround extends Ground {
  follow(): Promise<void>;
  /** @param kills - Else the server goes on, and nobody reaches it any more. */
  failOver(kills: boolean): Promise<void>;
}

/** A server behind an address that another one takes over. */
export const failoverArena = (engine: ServerEngine): Arena<FailoverGround> => ({
  name: 'two servers',
  faults: [
    {
      name: 'failover',
      isExpensive: true,
      async strike(scene, ground) {
        await ground.follow();
        await wait(between(scene, 50, 300));
        await ground.failOver(scene.random() < 0.5);
      },
    },
  ],
  open: () => openPair(engine === 'postgres' ? POSTGRES : mysqlReplication(engine)),
});

async function openPair(replication: Replication): Promise<FailoverGround> {
  let primary = await replication.start();
  let follower: ThrowawayServer | undefined;
  const ground = await serverGround(primary);
  const database = new URL(ground.url).pathname.slice(1);
  const address = { host: primary.host, port: primary.port };
  const proxy = await startProxy(address);
  return {
    ...ground,
    url: proxy.url(ground.url),
    read: async (ids) => byConversation(ids, (await primary.query(rowsOf(ids), database)) as never),
    connections: async () => Number((await primary.query(ground.orders.connections, database))[0]?.n),
    async follow() {
      follower = await replication.follow(primary);
    },
    async failOver(kills) {
      if (!follower) throw new Error('there is nobody to take over');
      const before = primary;
      if (kills) await before.kill();
      // nobody is there until the other one has done all that it was sent: it would be read without that
      address.port = await freePort();
      proxy.cutAll();
      await replication.promote(follower);
      address.port = follower.port;
      primary = follower;
      follower = undefined;
      await before.stop();
    },
    async [Symbol.asyncDispose]() {
      await proxy.close();
      await follower?.stop();
      await primary.stop();
    },
  };
}

const KEEPS_ITS_LOG = { wal_keep_size: '512MB' };

const POSTGRES: Replication = {
  start: () => SERVERS.postgres({ settings: KEEPS_ITS_LOG }),
  async follow(primary) {
    const follower = await startPostgres({ major: 18, settings: KEEPS_ITS_LOG, standbyOf: primary });
    await primary.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
    await primary.query('SELECT pg_reload_conf()');
    while ((await primary.query("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'")).length === 0)
      await wait(20);
    return follower;
  },
  async promote(follower) {
    await follower.query('SELECT pg_promote()');
    await follower.query('ALTER SYSTEM RESET synchronous_standby_names');
    await follower.query('SELECT pg_reload_conf()');
  },
};
