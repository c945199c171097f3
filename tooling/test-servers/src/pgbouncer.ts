import { join } from 'node:path';
import { Declined, firstWay } from './choice.ts';
import { unpackedFromDebian } from './debian-packages.ts';
import { localPrograms } from './local-programs.ts';
import { runCommand } from './run-command.ts';
import type { TestServer } from './server.ts';
import { writeForServer } from './server-identity.ts';
import { launch, type Recipe, type StartOptions, type ThrowawayServer } from './throwaway.ts';

/** Options of {@link startPgBouncer}. */
export interface PgBouncerOptions extends Pick<StartOptions, 'settings'> {
  /** The PostgreSQL behind it, without TLS of its own. */
  readonly postgres: TestServer;
  /** Connections to PostgreSQL for each database: 3 by default, so that callers have to wait for each other. */
  readonly poolSize?: number;
}

/** A pgbouncer and how to run it. */
interface PgBouncerProgram {
  readonly version: string;
  readonly origin: string;
  readonly command: string;
  readonly prefix: readonly string[];
}

const DEBIAN_SUITE = 'bookworm';
/** From this minor version of 1 on, it keeps named statements for its clients unless told not to. */
const KEEPS_NAMED_STATEMENTS = 21;

/**
 * The PgBouncer to run, and why others were not taken.
 *
 * @throws EngineUnavailable if there is none.
 */
function choosePgBouncer(): Promise<{ found: PgBouncerProgram; declined: readonly string[] }> {
  return firstWay('pgbouncer', [
    { name: 'machine', find: onThisMachine },
    { name: 'packages', find: fromDebian },
  ]);
}

/**
 * Starts PgBouncer before a PostgreSQL server, in transaction mode and without named statements: the strict
 * case. Any user and password may enter it; databases are made on the server behind it.
 *
 * @throws EngineUnavailable if there is none; Error with the log, if it does not come up.
 * @example
 * await using postgres = await startPostgres();
 * await using pooler = await startPgBouncer({ postgres, poolSize: 1 });
 */
export async function startPgBouncer(options: PgBouncerOptions): Promise<ThrowawayServer> {
  const { found, declined } = await choosePgBouncer();
  return launch(recipeOf(found, options), declined);
}

function recipeOf(program: PgBouncerProgram, { postgres, poolSize = 3, settings }: PgBouncerOptions): Recipe {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const behind = `host=${postgres.host} port=${postgres.port} user=${quoted(postgres.user)} password=${quoted(postgres.password)}`;
  const all = {
    listen_addr: '127.0.0.1',
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    default_pool_size: String(poolSize),
    max_client_conn: '500',
    // drivers set them at the start of a connection, and a pooled one cannot keep them
    ignore_startup_parameters: 'extra_float_digits,options',
    ...(Number(program.version.split('.')[1]) >= KEEPS_NAMED_STATEMENTS
      ? { max_prepared_statements: '0' }
      : {}),
    ...settings,
  };
  const file = (folder: string, port: number) => join(folder, `${port}.ini`);
  return {
    engine: 'pgbouncer',
    origin: program.origin,
    endSignal: 'SIGKILL',
    behind: postgres.address,
    prepare: async () => {},
    async command(folder, port) {
      const lines = Object.entries({ listen_port: String(port), ...all }).map(
        ([key, value]) => `${key}=${value}`,
      );
      const text = ['[databases]', `* = ${behind}`, '[pgbouncer]', ...lines, ''].join('\n');
      await writeForServer(file(folder, port), text);
      return { command: program.command, args: [...program.prefix, file(folder, port)] };
    },
    async whenUp(server) {
      await server.queryThrough('SELECT 1');
      return program.version;
    },
  };
}

async function onThisMachine(): Promise<PgBouncerProgram | Declined> {
  const [first] = await localPrograms('pgbouncer');
  if (!first) return new Declined('no pgbouncer on this machine');
  const { path, version } = first;
  return { version, origin: `PgBouncer ${version} at ${path}`, command: path, prefix: [] };
}

async function fromDebian(): Promise<PgBouncerProgram | Declined> {
  const unpacked = await unpackedFromDebian(DEBIAN_SUITE, 'pgbouncer', 'usr/sbin/pgbouncer');
  if (unpacked instanceof Declined) return unpacked;
  const { command, prefix } = unpacked;
  const { stdout, stderr } = await runCommand(command, [...prefix, '--version']);
  const version = /\d+(?:\.\d+)+/.exec(stdout)?.[0];
  if (!version)
    return new Declined(`PgBouncer of Debian ${DEBIAN_SUITE} does not run here: ${stderr.trim()}`);
  return { version, origin: `PgBouncer ${version} from Debian ${DEBIAN_SUITE}, unpacked`, command, prefix };
}
