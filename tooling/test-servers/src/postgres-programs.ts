import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Declined, firstWay } from './choice.ts';
import { type DockerImage, dockerImage } from './docker.ts';
import { inSeries } from './engines.ts';
import { keepOnce } from './keep-once.ts';
import { isProgram, localPrograms } from './local-programs.ts';
import { runCommand } from './run-command.ts';
import { serverCanEnter } from './server-identity.ts';
import type { StartOptions } from './throwaway.ts';

/** The two programs that a PostgreSQL server needs. */
export interface PostgresPrograms {
  readonly version: string;
  readonly origin: string;
  readonly postgres: string;
  readonly initdb: string;
}

const OLDEST_MAJOR = 15;
/** The majors that this package depends on, by the alias of their npm package. */
const FROM_NPM = [18, 15];

/**
 * The PostgreSQL to run, and why others were not taken.
 *
 * @throws EngineUnavailable if there is none.
 */
export function choosePostgres(
  major: number | undefined,
  options: StartOptions,
): Promise<{ found: PostgresPrograms | DockerImage; declined: readonly string[] }> {
  return firstWay<PostgresPrograms | DockerImage>(`postgres${major ? `:${major}` : ''}`, [
    { name: 'machine', find: () => onThisMachine(major) },
    { name: 'packages', find: () => fromNpm(major) },
    { name: 'docker', find: () => dockerImage('postgres', String(major ?? FROM_NPM[0]), options) },
  ]);
}

async function onThisMachine(major: number | undefined): Promise<PostgresPrograms | Declined> {
  const all = await localPrograms('postgres');
  for (const { path, version } of all) {
    const initdb = join(dirname(path), 'initdb');
    const fits = major ? inSeries(version, String(major)) : Number.parseInt(version, 10) >= OLDEST_MAJOR;
    if (fits && isProgram(initdb))
      return { version, origin: `PostgreSQL ${version} at ${path}`, postgres: path, initdb };
  }
  const others = all.map(({ path, version }) => `${path} is ${version}`).join(', ');
  return new Declined(others || 'no postgres on this machine');
}

async function fromNpm(major: number | undefined): Promise<PostgresPrograms | Declined> {
  const offered = FROM_NPM.filter((candidate) => !major || candidate === major);
  if (offered.length === 0)
    return new Declined(`no npm package of PostgreSQL ${major} among our dependencies`);
  for (const candidate of offered) {
    const name = `postgres-${candidate}-${process.platform}-${process.arch}`;
    const folder = npmFolder(name);
    if (!folder) continue;
    const { stdout, stderr } = await runCommand(join(folder, 'bin/postgres'), ['--version']);
    const version = /\d+(?:\.\d+)+/.exec(stdout)?.[0];
    if (!version) return new Declined(`the npm package ${name} does not run here: ${stderr.trim()}`);
    const programs = join(await enterable(folder, version), 'bin');
    return {
      version,
      origin: `PostgreSQL ${version} from the npm registry`,
      postgres: join(programs, 'postgres'),
      initdb: join(programs, 'initdb'),
    };
  }
  return new Declined(`no npm package of PostgreSQL for ${process.platform}-${process.arch} is installed`);
}

function npmFolder(name: string): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined; // another platform's
    throw error;
  }
}

/** Below a root's home, say, the server's user cannot reach it: then a copy that it can. */
async function enterable(folder: string, version: string): Promise<string> {
  if (serverCanEnter(folder)) return folder;
  const kept = await keepOnce(`postgres-${version}-npm`, (part) =>
    cp(folder, join(part, 'native'), { recursive: true, verbatimSymlinks: true }),
  );
  return join(kept, 'native');
}
