import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Declined, firstWay } from './choice.ts';
import { unpackedFromDebian } from './debian-packages.ts';
import { type DockerImage, dockerImage } from './docker.ts';
import { inSeries } from './engines.ts';
import { localPrograms } from './local-programs.ts';
import { runCommand } from './run-command.ts';
import type { StartOptions } from './throwaway.ts';

/** A `mysqld` or `mariadbd` and how to run it. */
export interface MysqldProgram {
  readonly version: string;
  readonly origin: string;
  readonly command: string;
  /** Arguments that stand before all others; `--no-defaults` is the last of them. */
  readonly prefix: readonly string[];
  /** The folder with the SQL scripts that make MariaDB's system tables. */
  readonly scripts?: string;
}

/** The suites of Debian that have each series. Debian has MySQL in its unstable suite alone. */
const MARIADB_SUITES = { '10.11': 'bookworm', '11.8': 'trixie' };
const NEWEST_MARIADB = '11.8';
const MYSQL_SUITE = 'sid';
const MYSQL_IMAGE_TAG = '9.7';

/**
 * The MySQL to run, 8.0 or newer, and why others were not taken.
 *
 * @throws EngineUnavailable if there is none.
 */
export function chooseMysql(
  options: StartOptions,
): Promise<{ found: MysqldProgram | DockerImage; declined: readonly string[] }> {
  return firstWay<MysqldProgram | DockerImage>('mysql', [
    { name: 'machine', find: mysqlOnThisMachine },
    { name: 'packages', find: mysqlFromDebian },
    { name: 'docker', find: () => dockerImage('mysql', MYSQL_IMAGE_TAG, options) },
  ]);
}

/**
 * The MariaDB to run, and why others were not taken.
 *
 * @throws EngineUnavailable if there is none of this series.
 */
export function chooseMariadb(
  series: keyof typeof MARIADB_SUITES | undefined,
  options: StartOptions,
): Promise<{ found: MysqldProgram | DockerImage; declined: readonly string[] }> {
  return firstWay<MysqldProgram | DockerImage>(`mariadb${series ? `:${series}` : ''}`, [
    { name: 'machine', find: () => mariadbOnThisMachine(series) },
    { name: 'packages', find: () => mariadbFromDebian(series ?? NEWEST_MARIADB) },
    { name: 'docker', find: () => dockerImage('mariadb', series ?? NEWEST_MARIADB, options) },
  ]);
}

async function mysqlOnThisMachine(): Promise<MysqldProgram | Declined> {
  const reasons: string[] = [];
  for (const { path, version, versionText } of await localPrograms('mysqld')) {
    // Debian's mysqld is a link to mariadbd
    if (/mariadb/i.test(versionText)) reasons.push(`${path} is MariaDB`);
    else if (Number.parseInt(version, 10) < 8) reasons.push(`${path} is ${version}`);
    else return { version, origin: `MySQL ${version} at ${path}`, command: path, prefix: ['--no-defaults'] };
  }
  return new Declined(reasons.join(', ') || 'no mysqld on this machine');
}

async function mysqlFromDebian(): Promise<MysqldProgram | Declined> {
  const unpacked = await unpackedFromDebian(MYSQL_SUITE, 'mysql-server-core', 'usr/sbin/mysqld');
  if (unpacked instanceof Declined) return unpacked;
  const usr = join(unpacked.root, 'usr');
  const prefix = [
    ...unpacked.prefix,
    '--no-defaults',
    `--basedir=${usr}`,
    `--lc-messages-dir=${join(usr, 'share/mysql')}`,
    `--character-sets-dir=${join(usr, 'share/mysql/charsets')}`,
    `--plugin-dir=${join(usr, 'lib/mysql/plugin')}`,
  ];
  return described(`Debian ${MYSQL_SUITE}`, 'MySQL', unpacked.command, prefix);
}

async function mariadbOnThisMachine(series: string | undefined): Promise<MysqldProgram | Declined> {
  const reasons: string[] = [];
  for (const { path, version, versionText } of await localPrograms('mariadbd')) {
    const exact = /(\d+\.\d+\.\d+)-MariaDB/.exec(versionText)?.[1] ?? version;
    const scripts = scriptsBelow(join(dirname(path), '..', 'share'));
    if (!inSeries(exact, series)) reasons.push(`${path} is ${exact}`);
    else if (!scripts) reasons.push(`${path} has no SQL scripts beside it`);
    else {
      const origin = `MariaDB ${exact} at ${path}`;
      return { version: exact, origin, command: path, prefix: ['--no-defaults'], scripts };
    }
  }
  return new Declined(reasons.join(', ') || 'no mariadbd on this machine');
}

async function mariadbFromDebian(series: keyof typeof MARIADB_SUITES): Promise<MysqldProgram | Declined> {
  const suite = MARIADB_SUITES[series];
  const unpacked = await unpackedFromDebian(suite, 'mariadb-server-core', 'usr/sbin/mariadbd');
  if (unpacked instanceof Declined) return unpacked;
  const share = join(unpacked.root, 'usr/share');
  const scripts = scriptsBelow(share);
  if (!scripts) return new Declined(`mariadb-server-core of Debian ${suite} has no SQL scripts`);
  const prefix = [
    ...unpacked.prefix,
    '--no-defaults',
    `--basedir=${join(unpacked.root, 'usr')}`,
    `--lc-messages-dir=${scripts}`,
    `--character-sets-dir=${join(scripts, 'charsets')}`,
  ];
  const program = await described(`Debian ${suite}`, 'MariaDB', unpacked.command, prefix);
  if (program instanceof Declined) return program;
  if (!inSeries(program.version, series))
    return new Declined(`Debian ${suite} has MariaDB ${program.version}`);
  return { ...program, scripts };
}

/** The folder was called after MySQL until MariaDB 11. */
function scriptsBelow(share: string): string | undefined {
  const has = (folder: string) => existsSync(join(share, folder, 'fill_help_tables.sql'));
  const folder = ['mariadb', 'mysql'].find(has);
  return folder && join(share, folder);
}

async function described(
  from: string,
  name: string,
  command: string,
  prefix: readonly string[],
): Promise<MysqldProgram | Declined> {
  const { stdout, stderr } = await runCommand(command, [...prefix, '--version']);
  const version = /Ver (\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  if (!version) return new Declined(`${name} of ${from} does not run here: ${stderr.trim()}`);
  return { version, origin: `${name} ${version} from ${from}, unpacked`, command, prefix };
}
