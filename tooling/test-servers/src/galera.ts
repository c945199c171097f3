import { chmod, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Declined, EngineUnavailable } from './choice.ts';
import { type Cluster, endAll, untilAll } from './cluster.ts';
import { unpackedFromDebian } from './debian-packages.ts';
import { startMariadb } from './mysql-family.ts';
import { makeServerFolder, writeForServer } from './server-identity.ts';
import { freePort, type ThrowawayServer } from './throwaway.ts';

/** The suite of Debian that has MariaDB 11.8, and the package with Galera for it. */
const [SUITE, PACKAGE, PROVIDER] = ['trixie', 'galera-4', 'usr/lib/galera/libgalera_smm.so'];
const TRANSFER = 'wsrep_sst_copy';

/**
 * Starts MariaDB 11.8 servers that replicate to each other by Galera. About 6 s on two idle cores.
 *
 * Source of the settings: MariaDB's documentation, "Galera Cluster System Variables" and "wsrep_provider_options".
 *
 * @param count - How many nodes; three, so that one may go.
 * @throws EngineUnavailable if there is no MariaDB or no Galera; Error, if the nodes do not find each other.
 * @example
 * await using cluster = await startGaleraCluster(3);
 * const url = cluster.nodes[0].url(await cluster.nodes[0].createDatabase());
 */
export async function startGaleraCluster(count: number): Promise<Cluster> {
  const galera = await unpackedFromDebian(SUITE, PACKAGE, PROVIDER);
  if (galera instanceof Declined) throw new EngineUnavailable('galera', [galera.reason]);
  const scripts = await makeServerFolder();
  const script = join(scripts, TRANSFER);
  await writeForServer(script, await readFile(new URL(`./${TRANSFER}.sh`, import.meta.url), 'utf8'));
  await chmod(script, 0o700);
  const addresses: string[] = [];
  for (let node = 0; node < count; node++) addresses.push(`127.0.0.1:${await freePort()}`);
  const nodes: ThrowawayServer[] = [];
  const end = async () => {
    await endAll(nodes);
    await rm(scripts, { recursive: true });
  };
  try {
    for (const address of addresses) {
      const provider = {
        'gmcast.listen_addr': `tcp://${address}`,
        'ist.recv_addr': `127.0.0.1:${await freePort()}`,
        'gcache.size': '32M',
        'pc.recovery': 'false',
      };
      nodes.push(
        await startMariadb({
          version: '11.8',
          environment: { PATH: `${scripts}:${process.env.PATH}` },
          settings: {
            'binlog-format': 'ROW',
            'innodb-autoinc-lock-mode': '2',
            'innodb-lock-wait-timeout': '10',
            'wsrep-on': 'ON',
            // it takes the options of the provider one by one, and without "gmcast.isolate"
            'plugin-wsrep-provider': 'OFF',
            'wsrep-provider': join(galera.root, PROVIDER),
            'wsrep-provider-options': Object.entries(provider)
              .map((pair) => pair.join('='))
              .join(';'),
            'wsrep-cluster-name': 'tests',
            'wsrep-cluster-address': `gcomm://${addresses.join()}`,
            'wsrep-node-address': address,
            'wsrep-sst-method': TRANSFER.replace('wsrep_sst_', ''),
            'wsrep-sst-receive-address': `127.0.0.1:${await freePort()}`,
          },
          // without addresses the first node begins a cluster
          ...(nodes.length === 0 && { firstSettings: { 'wsrep-cluster-address': 'gcomm://' } }),
        }),
      );
      // one after the other: a node that hands over its data takes no writes
      await untilAll(nodes, isSynced);
    }
  } catch (error) {
    await end();
    throw error;
  }
  return {
    nodes,
    async rejoin(node) {
      await node.restart();
      await untilAll([node], isSynced);
    },
    untilLeft: (node) =>
      untilAll(
        nodes.filter((one) => one !== node),
        (one) => seesOthers(one, count - 1),
      ),
    takeBack: () => untilAll(nodes, async (one) => (await isSynced(one)) && seesOthers(one, count)),
    [Symbol.asyncDispose]: end,
  };
}

const isSynced = async (node: ThrowawayServer) =>
  (await statusOf(node, 'wsrep_local_state_comment')) === 'Synced';

const seesOthers = async (node: ThrowawayServer, count: number) =>
  (await statusOf(node, 'wsrep_cluster_size')) === String(count);

async function statusOf(node: ThrowawayServer, name: string): Promise<unknown> {
  const rows = await node.query(`SHOW STATUS WHERE Variable_name = '${name}'`);
  return (rows as readonly { Value?: unknown }[])[0]?.Value;
}

/**
 * Cuts a node off from the others: as if nothing that they send to each other arrived, while clients reach it.
 * Source: Galera's documentation, "gmcast.isolate".
 *
 * @returns What ends it.
 * @example
 * const mend = await cutOffFromGalera(node);
 * await cluster.untilLeft(node);
 * await mend();
 */
export async function cutOffFromGalera(node: ThrowawayServer): Promise<() => Promise<void>> {
  const isolate = async (how: 0 | 1) => {
    await node.query(`SET GLOBAL wsrep_provider_options = 'gmcast.isolate=${how}'`);
  };
  await isolate(1);
  return () => isolate(0);
}
