import { readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Declined, EngineUnavailable } from './choice.ts';
import { endAll } from './cluster.ts';
import { type UnpackedProgram, unpackedFromDebian } from './debian-packages.ts';
import { forgetFolder, type GuardedProcess, startGuarded } from './guardian.ts';
import { freeSharedMemory } from './postgres.ts';
import { killTree } from './process-tree.ts';
import { makeServerFolder, serverIdentity, writeForServer } from './server-identity.ts';
import { askVersion } from './sql-connection.ts';
import {
  freePort,
  launch,
  type Recipe,
  TEST_PASSWORD,
  TEST_USER,
  type ThrowawayServer,
} from './throwaway.ts';
import { makeCommands } from './unpacked-commands.ts';

/** The suite of Debian that everything here comes from. */
const SUITE = 'trixie';
const MAJOR = 17;
const PROGRAMS = join('usr/lib/postgresql', String(MAJOR), 'bin');
/** Those that Patroni runs. */
const OF_POSTGRES = [
  'initdb',
  'pg_basebackup',
  'pg_controldata',
  'pg_ctl',
  'pg_isready',
  'pg_rewind',
  'postgres',
];

/** What Patroni needs until a leader that says nothing more has lost its place, in s: less than 20 it does not take. */
export const PATRONI_TTL = 20;
/** How long nodes may take to find each other, and one to come back, in ms. */
const PATIENCE = 120_000;

/** Servers of PostgreSQL, of which Patroni has one take writes, and HAProxy before them. */
export interface PatroniCluster extends AsyncDisposable {
  readonly nodes: readonly ThrowawayServer[];
  /** Leads to the primary. */
  readonly proxy: ThrowawayServer;
  /** Waits until there is a primary, and a standby that has all that was acknowledged. @returns The primary. */
  untilSafe(): Promise<ThrowawayServer>;
  /** SIGKILL to the PostgreSQL of a node alone: its Patroni goes on. */
  killPostgres(node: ThrowawayServer): Promise<void>;
  /** Has another node take the place of the primary, as planned. */
  switchOver(): Promise<void>;
  /** Waits until all nodes are there, and follow. */
  untilWhole(): Promise<void>;
}

/**
 * Starts PostgreSQL servers under Patroni, with etcd as its store and HAProxy before them. A commit is acknowledged when a standby has it
 * (`synchronous_mode`).
 *
 * Source of the settings: Patroni's documentation, "Dynamic Configuration Settings" and "YAML Configuration Settings", and its
 * `haproxy.cfg`.
 *
 * @param count - How many nodes; three, so that one may go and commits go on to be on two.
 * @throws EngineUnavailable if one of the programs is not to be had; Error, if they do not come up.
 * @example
 * await using cluster = await startPatroniCluster(3);
 * const url = cluster.proxy.url(await cluster.proxy.createDatabase());
 */
export async function startPatroniCluster(count: number): Promise<PatroniCluster> {
  const programs = await findPrograms();
  const folder = await makeServerFolder();
  const nodes: ThrowawayServer[] = [];
  const started: AsyncDisposable[] = [];
  const end = async () => {
    await endAll(nodes);
    for (const one of started.toReversed()) await one[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const commands = await layOut(folder, programs);
    const etcd = await startEtcd(programs.etcd);
    started.push(etcd);
    const rests: number[] = [];
    for (let node = 0; node < count; node++) {
      const rest = await freePort();
      rests.push(rest);
      nodes.push(await launch(nodeRecipe(`node${node}`, rest, etcd.place, commands)));
    }
    const proxy = await launch(proxyRecipe(programs.haproxy, nodes, rests));
    started.push(proxy);
    const cluster = clusterOf(nodes, rests, proxy, end);
    await cluster.untilWhole();
    return cluster;
  } catch (error) {
    await end();
    throw error;
  }
}

interface Programs {
  readonly patroni: UnpackedProgram;
  readonly postgres: UnpackedProgram;
  readonly etcd: UnpackedProgram;
  readonly haproxy: UnpackedProgram;
}

async function findPrograms(): Promise<Programs> {
  const find = async (packageName: string, path: string, ...also: string[]) => {
    const found = await unpackedFromDebian(SUITE, packageName, path, also);
    if (found instanceof Declined) throw new EngineUnavailable('patroni', [found.reason]);
    return found;
  };
  return {
    patroni: await find('patroni', 'usr/bin/python3.13', 'python3-etcd'),
    postgres: await find(`postgresql-${MAJOR}`, join(PROGRAMS, 'postgres')),
    etcd: await find('etcd-server', 'usr/bin/etcd'),
    haproxy: await find('haproxy', 'usr/sbin/haproxy'),
  };
}

/** Where the commands are that nodes run. */
interface Commands {
  readonly python: string;
  readonly postgres: string;
}

/** Patroni and PostgreSQL run other programs of theirs by their paths, and PostgreSQL finds its files from where it seems to be. */
async function layOut(folder: string, { patroni, postgres }: Programs): Promise<Commands> {
  const place = join(folder, 'postgres');
  const commands = { python: join(folder, 'python'), postgres: join(place, PROGRAMS) };
  await makeCommands(
    commands.postgres,
    postgres,
    Object.fromEntries(OF_POSTGRES.map((name) => [name, join(PROGRAMS, name)])),
  );
  await symlink(join(postgres.root, 'usr/share'), join(place, 'usr/share'));
  const libraries = join('usr/lib/postgresql', String(MAJOR), 'lib');
  await symlink(join(postgres.root, libraries), join(place, libraries));
  await makeCommands(
    folder,
    patroni,
    { python: 'usr/bin/python3.13' },
    {
      PYTHONHOME: join(patroni.root, 'usr'),
      PYTHONPATH: join(patroni.root, 'usr/lib/python3/dist-packages'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  );
  return commands;
}

async function startEtcd({ command, prefix }: UnpackedProgram): Promise<AsyncDisposable & { place: string }> {
  const folder = await makeServerFolder();
  const [clients, peers] = [await freePort(), await freePort()];
  const place = `127.0.0.1:${clients}`;
  const url = `http://${place}`;
  const own = `http://127.0.0.1:${peers}`;
  const settings = {
    name: 'only',
    'data-dir': join(folder, 'data'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': own,
    'initial-advertise-peer-urls': own,
    'initial-cluster': `only=${own}`,
    'log-level': 'warn',
  };
  const log = join(folder, 'server.log');
  const running = await startGuarded({
    command,
    args: [...prefix, '--unsafe-no-fsync', ...Object.entries(settings).map((pair) => `--${pair.join('=')}`)],
    ...serverIdentity(),
    cwd: folder,
    log,
    folder,
    endSignal: 'SIGKILL',
  });
  const end = async () => {
    running.signal('SIGKILL');
    await running.exited();
    await rm(folder, { recursive: true, force: true });
    forgetFolder(folder);
  };
  try {
    await until(async () => (await fetch(`${url}/health`)).ok, running, log);
  } catch (error) {
    await end();
    throw error;
  }
  return { place, [Symbol.asyncDispose]: end };
}

/** Asks again and again, through refusals. */
async function until(isThere: () => Promise<boolean>, running?: GuardedProcess, log?: string): Promise<void> {
  for (const deadline = Date.now() + PATIENCE; ; await pause(100)) {
    if (await isThere().catch(() => false)) return;
    if (running?.ended() === undefined && Date.now() < deadline) continue;
    const told = log ? (await readFile(log, 'utf8')).slice(-4000) : '';
    throw new Error(`It did not come within ${PATIENCE} ms: ${running?.ended() ?? 'no answer'} ${told}`);
  }
}

/** PostgreSQL makes no place in shared memory that outlives it, and hands commits to the kernel and not to the disk. */
const PARAMETERS = { dynamic_shared_memory_type: 'mmap', fsync: 'off', shared_buffers: '64MB' };

function nodeRecipe(name: string, rest: number, etcd: string, commands: Commands): Recipe {
  const login = { username: TEST_USER, password: TEST_PASSWORD };
  const configuration = (folder: string, port: number) => ({
    scope: 'tests',
    name,
    restapi: { listen: `127.0.0.1:${rest}`, connect_address: `127.0.0.1:${rest}` },
    etcd3: { host: etcd },
    bootstrap: {
      dcs: {
        ttl: PATRONI_TTL,
        loop_wait: 1,
        retry_timeout: 3,
        // who loses its PostgreSQL gives the place away at once, and does not try to start it again
        primary_start_timeout: 0,
        synchronous_mode: true,
        postgresql: { use_pg_rewind: true, parameters: { max_connections: 200, wal_keep_size: '512MB' } },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C' }, 'no-sync'],
    },
    postgresql: {
      listen: `127.0.0.1:${port}`,
      connect_address: `127.0.0.1:${port}`,
      data_dir: join(folder, 'data'),
      bin_dir: commands.postgres,
      pgpass: join(folder, 'pgpass'),
      authentication: { superuser: login, replication: login, rewind: login },
      parameters: { ...PARAMETERS, unix_socket_directories: folder },
      pg_hba: [
        'local all all trust',
        ...['all', 'replication'].map((what) => `host ${what} all 127.0.0.1/32 scram-sha-256`),
      ],
    },
  });
  return {
    engine: 'postgres',
    origin: `PostgreSQL ${MAJOR} under Patroni from Debian ${SUITE}, unpacked`,
    endSignal: 'SIGTERM',
    prepare: async () => {},
    async command(folder, port) {
      const file = join(folder, 'patroni.json');
      await writeForServer(file, JSON.stringify(configuration(folder, port)));
      return { command: commands.python, args: [join(import.meta.dirname, 'patroni-node.py'), file] };
    },
    afterCrash: freeSharedMemory,
    whenUp: askVersion,
  };
}

/** Leads to the node whose Patroni says that it is the primary, and cuts what leads to another one. */
function proxyRecipe(
  { command, prefix }: UnpackedProgram,
  nodes: readonly ThrowawayServer[],
  rests: readonly number[],
): Recipe {
  const lines = (port: number) => [
    'defaults',
    'mode tcp',
    'maxconn 500',
    'timeout client 30m',
    'timeout server 30m',
    'timeout connect 2s',
    'timeout check 2s',
    'listen primary',
    `bind 127.0.0.1:${port}`,
    'option httpchk OPTIONS /primary',
    'http-check expect status 200',
    'default-server inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions',
    ...nodes.map((node, at) => `server node${at} ${node.host}:${node.port} check port ${rests[at]}`),
    '',
  ];
  return {
    engine: 'postgres',
    origin: `HAProxy from Debian ${SUITE}, unpacked`,
    endSignal: 'SIGKILL',
    prepare: async () => {},
    async command(folder, port) {
      const file = join(folder, 'haproxy.cfg');
      await writeForServer(file, lines(port).join('\n'));
      return { command, args: [...prefix, '-db', '-f', file] };
    },
    whenUp: askVersion,
  };
}

/** What Patroni says of a node. */
interface Member {
  readonly name: string;
  readonly role: string;
  readonly state: string;
}

function clusterOf(
  nodes: readonly ThrowawayServer[],
  rests: readonly number[],
  proxy: ThrowawayServer,
  end: () => Promise<void>,
): PatroniCluster {
  /** As the first one sees it that answers. */
  const members = async () => {
    for (const rest of rests) {
      const answer = await fetch(`http://127.0.0.1:${rest}/cluster`).catch(() => undefined);
      if (answer?.ok) return ((await answer.json()) as { members: Member[] }).members;
    }
    return [];
  };
  const leaderIn = (all: readonly Member[]) =>
    nodes.find((_, at) =>
      all.some(({ name, role, state }) => name === `node${at}` && role === 'leader' && state === 'running'),
    );
  const hasStandby = (all: readonly Member[]) =>
    all.some(({ role, state }) => role === 'sync_standby' && state === 'streaming');
  const cluster: PatroniCluster = {
    nodes,
    proxy,
    async untilSafe() {
      let leader: ThrowawayServer | undefined;
      await until(async () => {
        const all = await members();
        leader = leaderIn(all);
        return leader !== undefined && hasStandby(all);
      });
      return leader as ThrowawayServer;
    },
    async killPostgres({ folder }) {
      const [pid] = (await readFile(join(folder, 'data/postmaster.pid'), 'utf8')).split('\n');
      killTree(Number(pid));
    },
    async switchOver() {
      const leader = await cluster.untilSafe();
      const at = nodes.indexOf(leader);
      const answer = await fetch(`http://127.0.0.1:${rests[at]}/switchover`, {
        method: 'POST',
        body: JSON.stringify({ leader: `node${at}` }),
      });
      if (!answer.ok) throw new Error(`Patroni refuses: ${await answer.text()}`);
    },
    untilWhole: () =>
      until(async () => {
        const all = await members();
        const following = all.filter(({ state }) => state === 'streaming').length;
        return leaderIn(all) !== undefined && hasStandby(all) && following === nodes.length - 1;
      }),
    [Symbol.asyncDispose]: end,
  };
  return cluster;
}
