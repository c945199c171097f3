import { join } from 'node:path';
import { Declined, EngineUnavailable } from './choice.ts';
import type { Cluster } from './cluster.ts';
import { type UnpackedProgram, unpackedFromDebian } from './debian-packages.ts';
import { GROUP_NAME, primaryOf } from './group-replication.ts';
import { mustRun } from './run-command.ts';
import { serverIdentity, writeForServer } from './server-identity.ts';
import { askVersion } from './sql-connection.ts';
import { launch, type Recipe, TEST_PASSWORD, TEST_USER, type ThrowawayServer } from './throwaway.ts';

/** Debian has MySQL in its unstable suite alone. */
const SUITE = 'sid';
const [PROGRAM, KEYRING] = ['usr/bin/mysqlrouter', 'usr/bin/mysqlrouter_keyring'];
/** Where it looks for its libraries, if it is not run by the loader of its package. */
const LIBRARIES = 'usr/lib/mysql-router';
const PLUGINS = 'usr/lib/mysqlrouter/plugin';
const METADATA = 'mysql_innodb_cluster_metadata';
const NAME = 'tests';

/**
 * Starts MySQL Router before a group in which one node takes writes: it leads to that one, and follows when another one takes its place.
 *
 * Source of the settings: MySQL Router 9 Manual, 4.3.2 "Configuration File Options" and what `--bootstrap` writes.
 *
 * @throws EngineUnavailable if there is none; Error with the log, if it does not come up.
 * @example
 * await using group = await startReplicationGroup(3, 'one node');
 * await using router = await startMysqlRouter(group);
 */
export async function startMysqlRouter(group: Cluster): Promise<ThrowawayServer> {
  const program = await unpackedFromDebian(SUITE, 'mysql-router', PROGRAM);
  if (program instanceof Declined) throw new EngineUnavailable('mysql-router', [program.reason]);
  await describeGroup(group);
  const [option = '', libraries = '', ...rest] = program.prefix;
  const prefix = [option, `${libraries}:${join(program.root, LIBRARIES)}`, ...rest];
  return launch(recipeOf({ ...program, prefix }, group));
}

function recipeOf(program: UnpackedProgram, { nodes }: Cluster): Recipe {
  return {
    engine: 'mysql',
    origin: `MySQL Router from Debian ${SUITE}, unpacked`,
    endSignal: 'SIGKILL',
    async prepare(folder) {
      const state = {
        'metadata-cache': {
          'group-replication-id': GROUP_NAME,
          'cluster-metadata-servers': nodes.map(({ host, port }) => `mysql://${host}:${port}`),
        },
        version: '1.0.0',
      };
      await writeForServer(join(folder, 'state.json'), JSON.stringify(state));
      await keepPassword(program, folder);
    },
    async command(folder, port) {
      const file = join(folder, 'router.conf');
      await writeForServer(file, configuration(program, folder, port));
      return { command: program.command, args: [...program.prefix, '-c', file] };
    },
    whenUp: askVersion,
  };
}

function configuration({ root }: UnpackedProgram, folder: string, port: number): string {
  const sections = {
    DEFAULT: {
      name: NAME,
      plugin_folder: join(root, PLUGINS),
      logging_folder: folder,
      runtime_folder: folder,
      data_folder: folder,
      keyring_path: join(folder, 'keyring'),
      master_key_path: join(folder, 'master.key'),
      dynamic_state: join(folder, 'state.json'),
      connect_timeout: 2,
      read_timeout: 2,
      client_ssl_mode: 'PASSTHROUGH',
      server_ssl_mode: 'AS_CLIENT',
    },
    logger: { level: 'INFO' },
    [`metadata_cache:${NAME}`]: {
      cluster_type: 'gr',
      router_id: 1,
      user: TEST_USER,
      metadata_cluster: NAME,
      ttl: 0.5,
    },
    'routing:primary': {
      bind_address: '127.0.0.1',
      bind_port: port,
      destinations: `metadata-cache://${NAME}/?role=PRIMARY`,
      routing_strategy: 'first-available',
      protocol: 'classic',
    },
  };
  return Object.entries(sections)
    .flatMap(([section, settings]) => [
      `[${section}]`,
      ...Object.entries(settings).map((pair) => pair.join('=')),
      '',
    ])
    .join('\n');
}

/** Router reads its own password from a file that it has a program for. */
async function keepPassword({ command, prefix, root }: UnpackedProgram, folder: string): Promise<void> {
  const run = [...prefix.slice(0, -1), join(root, KEYRING)];
  const keyring = join(folder, 'keyring');
  const key = `--master-key-file=${join(folder, 'master.key')}`;
  const options = { ...serverIdentity(), cwd: folder };
  await mustRun(command, [...run, key, 'init', keyring], options);
  await mustRun(command, [...run, key, 'set', keyring, TEST_USER, 'password', TEST_PASSWORD], options);
}

/** What Router asks a group for, which MySQL Shell else writes there: views of its metadata, version 2.0. */
async function describeGroup(group: Cluster): Promise<void> {
  const primary = await primaryOf(group);
  const instances: string[] = [];
  for (const [at, node] of group.nodes.entries()) {
    const [row] = await node.query('SELECT @@server_uuid AS id');
    instances.push(
      `SELECT ${at + 1} instance_id, '1' cluster_id, '${node.host}:${node.port}' label, '${row?.id}' mysql_server_uuid,
        '${node.host}:${node.port}' address, '${node.host}:${node.port}' endpoint, NULL xendpoint, JSON_OBJECT() attributes`,
    );
  }
  const cluster = `SELECT '1' cluster_id, '${NAME}' cluster_name, 'gr' cluster_type, 'pm' primary_mode, '${GROUP_NAME}' group_name,
    JSON_OBJECT() attributes, JSON_OBJECT() options, JSON_OBJECT() router_options, '' description`;
  const views = {
    schema_version: 'SELECT 2 major, 0 minor, 3 patch',
    v2_clusters: cluster,
    v2_gr_clusters: cluster,
    v2_instances: instances.join(' UNION ALL '),
    v2_this_instance: `SELECT i.cluster_id, i.instance_id, c.cluster_name, c.cluster_type FROM ${METADATA}.v2_instances i
      JOIN ${METADATA}.v2_clusters c ON c.cluster_id = i.cluster_id WHERE i.mysql_server_uuid =
        (SELECT variable_value FROM performance_schema.global_variables WHERE variable_name = 'server_uuid')`,
  };
  await primary.query(`CREATE DATABASE ${METADATA}`);
  for (const [name, select] of Object.entries(views))
    await primary.query(`CREATE VIEW ${METADATA}.${name} AS ${select}`);
  await primary.query(
    `CREATE TABLE ${METADATA}.v2_routers (router_id INT PRIMARY KEY, cluster_id TEXT, router_name TEXT, product_name TEXT, address TEXT,
      version TEXT, last_check_in TIMESTAMP NULL, attributes JSON, options JSON)`,
  );
  await primary.query(
    `INSERT INTO ${METADATA}.v2_routers (router_id, cluster_id, attributes) VALUES (1, '1', JSON_OBJECT())`,
  );
}
