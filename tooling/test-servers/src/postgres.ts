import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TlsMaterial, TlsOptions } from './certificates.ts';
import { dockerRecipe } from './docker.ts';
import { keepOnce } from './keep-once.ts';
import { choosePostgres, type PostgresPrograms } from './postgres-programs.ts';
import { conninfoOf, copyRunning } from './postgres-standby.ts';
import { mustRun, runCommand } from './run-command.ts';
import { copyAsServer, giveToServer, serverIdentity, writeForServer } from './server-identity.ts';
import { askVersion } from './sql-connection.ts';
import {
  launch,
  type Recipe,
  type StartOptions,
  TEST_PASSWORD,
  TEST_USER,
  type ThrowawayServer,
} from './throwaway.ts';

/** Options of {@link startPostgres}. */
export interface PostgresOptions extends StartOptions {
  /** The major version; any from 15 on if absent. */
  readonly major?: 15 | 16 | 17 | 18 | undefined;
  /** It begins as a copy of this running one, of the same version, and follows it until `pg_promote()`. */
  readonly standbyOf?: ThrowawayServer | undefined;
}

/** A commit is handed to the kernel, so that `kill()` loses none, but not to the disk. */
const FAST = {
  fsync: 'off',
  full_page_writes: 'off',
  shared_buffers: '64MB',
};

/**
 * Starts a PostgreSQL server of its own: from this machine, else from the npm registry, else by Docker.
 * About 0.3 s once its data folder has been prepared (0.6 s).
 *
 * @throws EngineUnavailable if there is none of this version; Error with the log, if it does not come up.
 * @example
 * await using server = await startPostgres({ major: 18, settings: { log_statement: 'all' } });
 * const client = new pg.Client(server.url(await server.createDatabase()));
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<ThrowawayServer> {
  const { found, declined } = await choosePostgres(options.major, options);
  return launch('image' in found ? dockerRecipe(found, options) : recipeOf(found, options), declined);
}

function recipeOf(
  programs: PostgresPrograms,
  { settings, tls, durable, parent, environment, standbyOf }: PostgresOptions,
): Recipe {
  const all: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    max_connections: '200',
    // a file of the data folder: what a killed server leaves goes with its folder
    dynamic_shared_memory_type: 'mmap',
    ...(durable ? {} : FAST),
    ...(tls ? { ssl: 'on', ssl_ca_file: 'ca.crt' } : {}),
    ...(standbyOf ? { primary_conninfo: conninfoOf(standbyOf) } : {}),
    ...settings,
  };
  return {
    engine: 'postgres',
    origin: programs.origin,
    tls,
    parent,
    environment,
    endSignal: 'SIGQUIT',
    async prepare(folder, material) {
      if (standbyOf) await copyRunning(standbyOf, join(folder, 'data'));
      else await copyAsServer(await dataTemplate(programs), join(folder, 'data'));
      if (tls && material) await writeTls(join(folder, 'data'), tls, material);
    },
    command: (folder, port) => ({
      command: programs.postgres,
      args: ['-D', join(folder, 'data'), '-p', String(port)].concat(
        Object.entries({ unix_socket_directories: folder, ...all }).flatMap(([name, value]) => [
          '-c',
          `${name}=${value}`,
        ]),
      ),
    }),
    afterCrash: freeSharedMemory,
    whenUp: askVersion,
  };
}

/** A killed server leaves a segment of 56 bytes, of which a machine has a limited number, and says which. */
export async function freeSharedMemory(folder: string): Promise<void> {
  const lockFile = join(folder, 'data/postmaster.pid');
  if (!existsSync(lockFile)) return;
  const id = /^ *\d+ +(\d+)$/m.exec(await readFile(lockFile, 'utf8'))?.[1];
  if (id) await runCommand('ipcrm', ['-m', id]); // one that is gone already is not worth an error
}

/** An empty data folder of this version, made once; a copy of it is much quicker than `initdb`. */
async function dataTemplate({ initdb, version }: PostgresPrograms): Promise<string> {
  // tests connect thousands of times: a password that is hashed once, not 4,096 times, saves 3 ms each
  const hashedOnce = Number.parseInt(version, 10) >= 16 ? ['-c', 'scram_iterations=1'] : [];
  const name = `postgres-${version}-data-hashed-once-${serverIdentity().uid ?? 'own'}`;
  const folder = await keepOnce(name, async (part) => {
    await giveToServer(part);
    const password = join(part, 'password');
    await writeForServer(password, TEST_PASSWORD);
    const args = ['-D', join(part, 'data'), '-U', TEST_USER, '-A', 'scram-sha-256', `--pwfile=${password}`];
    const layout = ['-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'];
    await mustRun(initdb, [...args, ...layout, ...hashedOnce], { ...serverIdentity(), cwd: part });
    await rm(password);
  });
  return join(folder, 'data');
}

async function writeTls(data: string, { require, clientCertificates }: TlsOptions, tls: TlsMaterial) {
  const files = { 'ca.crt': tls.ca, 'server.crt': tls.server.cert, 'server.key': tls.server.key };
  for (const [name, text] of Object.entries(files)) await writeForServer(join(data, name), text);
  const kind = require || clientCertificates ? 'hostssl' : 'host';
  const proof = clientCertificates ? ' clientcert=verify-ca' : '';
  await writeFile(join(data, 'pg_hba.conf'), `${kind} all all 127.0.0.1/32 scram-sha-256${proof}\n`);
}
