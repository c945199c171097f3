import { setTimeout as wait } from 'node:timers/promises';
import { freePort, type ThrowawayServer } from '@stackone/test-servers';
import type { Replication } from './failover-arena.ts';
import { SERVERS } from './server-ground.ts';

type Family = 'mysql' | 'mariadb';

/** Semi-synchronous replication: a commit is acknowledged when the follower has written it to its own log. */
export const mysqlReplication = (engine: Family): Replication => ({
  start: () => start(engine),
  async follow(primary) {
    const follower = await start(engine);
    for (const statement of FOLLOW[engine](primary)) await follower.query(statement);
    await primary.query(SURE[engine]);
    // until then it acknowledges what the follower does not have
    const state = `SHOW STATUS LIKE '${IS_SURE[engine]}'`;
    while ((await primary.query(state))[0]?.Value !== 'ON') await wait(20);
    const [all] = await primary.query(ALL[engine].ask);
    await follower.query(ALL[engine].wait(String(all?.done)));
    return follower;
  },
  async promote(follower) {
    await follower.query(engine === 'mysql' ? 'STOP REPLICA IO_THREAD' : 'STOP SLAVE IO_THREAD');
    await untilDone(engine, follower);
    for (const statement of ALONE[engine]) await follower.query(statement);
  },
});

/** Each keeps the log of all it has done, so that one that is empty can follow. */
const SETTINGS = {
  mysql: {
    'disable-log-bin': 'OFF',
    'log-bin': 'binlog',
    'gtid-mode': 'ON',
    'enforce-gtid-consistency': 'ON',
    'plugin-load-add': 'semisync_source.so;semisync_replica.so',
    'rpl-semi-sync-replica-enabled': 'ON',
    'rpl-semi-sync-source-timeout': '3600000',
  },
  mariadb: {
    'log-bin': 'binlog',
    'log-slave-updates': 'ON',
    'rpl-semi-sync-slave-enabled': 'ON',
    'rpl-semi-sync-master-timeout': '3600000',
    'rpl-semi-sync-master-wait-point': 'AFTER_SYNC',
  },
};

const IS_SURE = { mysql: 'Rpl_semi_sync_source_status', mariadb: 'Rpl_semi_sync_master_status' };

/** What the primary has done, and waiting until the follower has, too. */
const ALL = {
  mysql: {
    ask: 'SELECT @@global.gtid_executed AS done',
    wait: (done: string) => `SELECT WAIT_FOR_EXECUTED_GTID_SET('${done}')`,
  },
  mariadb: {
    ask: 'SELECT @@global.gtid_binlog_pos AS done',
    wait: (done: string) => `SELECT MASTER_GTID_WAIT('${done}')`,
  },
};

const SURE = {
  mysql: 'SET GLOBAL rpl_semi_sync_source_enabled = ON',
  mariadb: 'SET GLOBAL rpl_semi_sync_master_enabled = ON',
};

const FOLLOW = {
  mysql: ({ host, port, user, password }: ThrowawayServer) => [
    'SET GLOBAL read_only = ON',
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '${host}', SOURCE_PORT = ${port}, SOURCE_USER = '${user}',
      SOURCE_PASSWORD = '${password}', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
    'START REPLICA',
  ],
  mariadb: ({ host, port, user, password }: ThrowawayServer) => [
    'SET GLOBAL read_only = ON',
    `CHANGE MASTER TO MASTER_HOST = '${host}', MASTER_PORT = ${port}, MASTER_USER = '${user}',
      MASTER_PASSWORD = '${password}', MASTER_USE_GTID = slave_pos, MASTER_SSL_VERIFY_SERVER_CERT = 0`,
    'START SLAVE',
  ],
};

const ALONE = {
  mysql: ['STOP REPLICA', 'RESET REPLICA ALL', 'SET GLOBAL read_only = OFF'],
  mariadb: ['STOP SLAVE', 'RESET SLAVE ALL', 'SET GLOBAL read_only = OFF'],
};

async function start(engine: Family): Promise<ThrowawayServer> {
  const id = String(await freePort()); // no two may share it
  return await SERVERS[engine]({ settings: { ...SETTINGS[engine], 'server-id': id } });
}

/** Whether it has done all of the transactions that it was sent; of the last one it may have a part. */
const HAS_DONE_ALL: Record<Family, (follower: ThrowawayServer) => Promise<boolean>> = {
  async mysql(follower) {
    const [state] = await follower.query('SHOW REPLICA STATUS');
    const sets = `'${state?.Retrieved_Gtid_Set}', '${state?.Executed_Gtid_Set}'`;
    return (await follower.query(`SELECT GTID_SUBSET(${sets}) AS done`))[0]?.done === 1;
  },
  async mariadb(follower) {
    const [state] = await follower.query('SHOW SLAVE STATUS');
    return /has read all relay log/i.test(String(state?.Slave_SQL_Running_State));
  },
};

/** Waits until the follower, which is sent nothing more, has done what it was sent. */
async function untilDone(engine: Family, follower: ThrowawayServer): Promise<void> {
  // seen twice, as one that has just been sent something may not have noticed
  for (let seen = 0; seen < 2; await wait(50)) {
    seen = (await HAS_DONE_ALL[engine](follower)) ? seen + 1 : 0;
  }
}
