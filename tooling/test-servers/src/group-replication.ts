import { setTimeout as delay } from 'node:timers/promises';
import { startMysql } from './mysql-family.ts';
import { freePort, TEST_PASSWORD, TEST_USER, type ThrowawayServer } from './throwaway.ts';

/** Nodes of one group of MySQL servers, each of which takes writes. */
export interface ReplicationGroup extends AsyncDisposable {
  readonly nodes: readonly ThrowawayServer[];
}

const NAME = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa';
/** How long the nodes may take to find each other, in ms. */
const PATIENCE = 120_000;

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
export async function startReplicationGroup(count: number): Promise<ReplicationGroup> {
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
  const group: ReplicationGroup = {
    nodes,
    async [Symbol.asyncDispose]() {
      for (const node of nodes) await node[Symbol.asyncDispose]();
    },
  };
  try {
    await join(nodes);
  } catch (error) {
    await group[Symbol.asyncDispose]();
    throw error;
  }
  return group;
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
  const online = "SELECT 1 FROM performance_schema.replication_group_members WHERE member_state = 'ONLINE'";
  for (const until = Date.now() + PATIENCE; ; await delay(100)) {
    const seen = await Promise.all([first, ...others].map((node) => node.query(online)));
    if (seen.every((rows) => rows.length === others.length + 1)) return;
    if (Date.now() > until) throw new Error(`The nodes did not find each other within ${PATIENCE} ms.`);
  }
}
