import { type Cluster, endAll, untilAll } from './cluster.ts';
import { startMysql } from './mysql-family.ts';
import { freePort, TEST_PASSWORD, TEST_USER, type ThrowawayServer } from './throwaway.ts';

const NAME = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa';

/**
 * Starts MySQL servers that replicate to each other (Group Replication, every node a primary). About 20 s on two cores.
 *
 * Source of the settings: MySQL 9 Reference Manual, 20.2.1 "Deploying Group Replication in Single-Primary Mode" and 20.9.1.
 *
 * @param count - How many nodes; three, so that one may go.
 * @throws EngineUnavailable if there is no MySQL; Error, if the nodes do not find each other.
 * @example
 * await using group = await startReplicationGroup(3);
 * const url = group.nodes[0].url(await group.nodes[0].createDatabase());
 */
export async function startReplicationGroup(count: number): Promise<Cluster> {
  const addresses: string[] = [];
  for (let node = 0; node < count; node++) addresses.push(`127.0.0.1:${await freePort()}`);
  const nodes = await Promise.all(
    addresses.map((address, node) =>
      startMysql({
        settings: {
          'disable-log-bin': 'OFF',
          'log-bin': 'binlog',
          'server-id': String(node + 1),
          'gtid-mode': 'ON',
          'enforce-gtid-consistency': 'ON',
          'report-host': '127.0.0.1',
          'plugin-load-add': 'group_replication.so',
          'group-replication-group-name': NAME,
          'group-replication-start-on-boot': 'OFF',
          'group-replication-local-address': address,
          'group-replication-group-seeds': addresses.join(),
          'group-replication-ip-allowlist': '127.0.0.1',
          'group-replication-single-primary-mode': 'OFF',
          'group-replication-enforce-update-everywhere-checks': 'ON',
          'group-replication-recovery-get-public-key': 'ON',
        },
      }),
    ),
  );
  try {
    await join(nodes);
  } catch (error) {
    await endAll(nodes);
    throw error;
  }
  return {
    nodes,
    async rejoin(node) {
      await node.restart();
      await node.query('START GROUP_REPLICATION');
      await untilAll([node], (one) => seesOthers(one, nodes.length));
    },
    [Symbol.asyncDispose]: () => endAll(nodes),
  };
}

async function join([first, ...others]: readonly ThrowawayServer[]): Promise<void> {
  if (!first) throw new RangeError('a group has one node at least');
  for (const node of [first, ...others])
    await node.query(
      `CHANGE REPLICATION SOURCE TO SOURCE_USER = '${TEST_USER}', SOURCE_PASSWORD = '${TEST_PASSWORD}'
        FOR CHANNEL 'group_replication_recovery'`,
    );
  await first.query('SET GLOBAL group_replication_bootstrap_group = ON');
  await first.query('START GROUP_REPLICATION');
  await first.query('SET GLOBAL group_replication_bootstrap_group = OFF');
  for (const node of others) await node.query('START GROUP_REPLICATION');
  const all = [first, ...others];
  await untilAll(all, (node) => seesOthers(node, all.length));
}

async function seesOthers(node: ThrowawayServer, count: number): Promise<boolean> {
  const online = "SELECT 1 FROM performance_schema.replication_group_members WHERE member_state = 'ONLINE'";
  return (await node.query(online)).length === count;
}
