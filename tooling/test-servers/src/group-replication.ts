import { type Cluster, endAll, untilAll } from './cluster.ts';
import { startMysql } from './mysql-family.ts';
import { freePort, TEST_PASSWORD, TEST_USER, type ThrowawayServer } from './throwaway.ts';

/** Of each group: they do not see each other. */
export const GROUP_NAME = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa';

/**
 * Starts MySQL servers that replicate to each other (Group Replication). About 20 s on two cores.
 *
 * Source of the settings: MySQL 9 Reference Manual, 20.2.1 "Deploying Group Replication in Single-Primary Mode" and 20.9.1.
 *
 * @param count - How many nodes; three, so that one may go.
 * @param primaries - Whether every node takes writes, or one, whose place another one takes when it is gone.
 * @throws EngineUnavailable if there is no MySQL; Error, if the nodes do not find each other.
 * @example
 * await using group = await startReplicationGroup(3);
 * const url = group.nodes[0].url(await group.nodes[0].createDatabase());
 */
export async function startReplicationGroup(
  count: number,
  primaries: 'every node' | 'one node' = 'every node',
): Promise<Cluster> {
  const isSingle = primaries === 'one node';
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
          'group-replication-group-name': GROUP_NAME,
          'group-replication-start-on-boot': 'OFF',
          'group-replication-local-address': address,
          'group-replication-group-seeds': addresses.join(),
          'group-replication-ip-allowlist': '127.0.0.1',
          'group-replication-single-primary-mode': isSingle ? 'ON' : 'OFF',
          'group-replication-enforce-update-everywhere-checks': isSingle ? 'OFF' : 'ON',
          // one that is silent is put out when it is suspected, after 5 s, and not after 5 s more
          'group-replication-member-expel-timeout': '0',
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
      await untilAll([node], starts);
      await untilAll([node], (one) => seesOthers(one, nodes.length));
    },
    untilLeft: (node) =>
      untilAll(
        nodes.filter((one) => one !== node),
        (one) => seesOthers(one, nodes.length - 1),
      ),
    async takeBack(node) {
      await untilAll(nodes, async (one) => {
        if (await seesOthers(one, nodes.length)) return true;
        if (one === node && (await stateOf(one)) === 'ERROR') await joinAgain(one);
        return false;
      });
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

/**
 * The node that takes writes, of a group in which one does, as the others see it.
 *
 * @throws Error if there is none now.
 */
export async function primaryOf({ nodes }: Cluster): Promise<ThrowawayServer> {
  for (const node of nodes) {
    const rows = await node
      .query(
        `SELECT member_port AS port FROM performance_schema.replication_group_members
          WHERE member_role = 'PRIMARY' AND member_state = 'ONLINE'`,
      )
      .catch(() => []);
    const primary = nodes.find(({ port }) => port === Number(rows[0]?.port));
    if (primary) return primary;
  }
  throw new Error('The group has no primary now.');
}

/** What a node says of itself. */
async function stateOf(node: ThrowawayServer): Promise<unknown> {
  const [row] = await node.query(
    'SELECT member_state AS state FROM performance_schema.replication_group_members WHERE member_id = @@server_uuid',
  );
  return row?.state;
}

/** ER_GROUP_REPLICATION_CONFIGURATION */
const NOT_TAKEN = 3092;

/** Whether a node begins to take part. The others refuse it as long as they have its former life among them. */
async function starts(node: ThrowawayServer): Promise<boolean> {
  try {
    await node.query('START GROUP_REPLICATION');
    return true;
  } catch (error) {
    if ((error as { errno?: unknown }).errno === NOT_TAKEN) return false;
    throw error;
  }
}

/** One that the others have put out does not always come back by itself. */
async function joinAgain(node: ThrowawayServer): Promise<void> {
  await node.query('STOP GROUP_REPLICATION');
  await untilAll([node], starts);
}
