import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Declined } from './choice.ts';
import { debianArchive } from './debian-sources.ts';
import { keepOnce } from './keep-once.ts';
import { mustRun, runCommand } from './run-command.ts';

/** A program of a package, with its own libraries, in a folder of its own. */
export interface UnpackedProgram {
  readonly command: string;
  /** Arguments that stand before the program's own. */
  readonly prefix: readonly string[];
  /** The folder that stands for `/`. */
  readonly root: string;
}

/** Debian's archive key, if the configuration of apt names no other. */
const DEBIAN_KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Needed by maintainer scripts alone, which are not run. */
const NOT_UNPACKED = /^(?:lib)?perl/;
/** Other programs, and what is there for people. */
const NOT_KEPT = ['bin', 'etc', 'usr/bin', 'usr/share/doc', 'usr/share/locale', 'usr/share/man', 'var'];
/** For one command of apt; a slow mirror is not an error, a dead one is. */
const APT_TIMEOUT_MS = 15 * 60_000;

/**
 * A program out of a suite of Debian's archive: its package and all that it depends on (its libc too) are
 * fetched and checked by this machine's apt and unpacked among the kept folders. Nothing is installed, and
 * root is not needed. The second call finds it there.
 *
 * @param path The program inside the package, such as `usr/sbin/mysqld`.
 * @param also Packages that it needs and names only as a choice.
 * @example await unpackedFromDebian('sid', 'mysql-server-core', 'usr/sbin/mysqld');
 */
export async function unpackedFromDebian(
  suite: string,
  packageName: string,
  path: string,
  also: readonly string[] = [],
): Promise<UnpackedProgram | Declined> {
  const what = `${packageName} of Debian ${suite}`;
  if (process.platform !== 'linux') return new Declined(`${what}: this is not Linux`);
  try {
    const packages = [packageName, ...also];
    const root = await keepOnce(`debian-${suite}-${packages.join('+')}-${process.arch}`, (part) =>
      fetchInto(part, suite, packages, path),
    );
    return await programIn(root, path);
  } catch (error) {
    const lines = (error instanceof Error ? error.message : String(error)).split('\n');
    return new Declined(`${what}: ${lines.find((line) => line.startsWith('E: ')) ?? lines[0]}`);
  }
}

async function fetchInto(
  root: string,
  suite: string,
  packages: readonly string[],
  path: string,
): Promise<void> {
  for (const tool of ['apt-get', 'dpkg-deb']) {
    if ((await runCommand(tool, ['--version'])).code !== 0) throw new Error(`there is no ${tool}`);
  }
  const archive = await debianArchive();
  if (!archive) throw new Error('the apt of this machine has no archive of Debian');
  console.log(`[test-servers] fetching ${packages.join(', ')} of Debian ${suite}, once`);
  const apt = join(root, '.apt');
  for (const folder of ['lists/partial', 'archives/partial', 'empty']) {
    await mkdir(join(apt, folder), { recursive: true });
  }
  const keys = archive.signedBy ?? (existsSync(DEBIAN_KEYS) ? DEBIAN_KEYS : undefined);
  const source = `deb ${keys ? `[signed-by=${keys}] ` : ''}${archive.uri} ${suite} main\n`;
  await writeFile(join(apt, 'sources.list'), source);
  await writeFile(join(apt, 'status'), ''); // nothing is installed: everything needed is fetched, libc too
  // on the command line, because the machine's own configuration (its proxy, for one) is read after a file
  const options = Object.entries({
    'Dir::Etc::sourcelist': join(apt, 'sources.list'),
    'Dir::Etc::sourceparts': join(apt, 'empty'),
    'Dir::Etc::preferences': join(apt, 'none'),
    'Dir::Etc::preferencesparts': join(apt, 'empty'),
    'Dir::State::lists': join(apt, 'lists'),
    'Dir::State::status': join(apt, 'status'),
    'Dir::State::extended_states': join(apt, 'extended_states'),
    'Dir::Cache': apt,
    'Dir::Cache::archives': join(apt, 'archives'),
    'Dir::Log': apt,
    'APT::Sandbox::User': 'root', // the user _apt could not write here
    'APT::Install-Recommends': 'false',
    'APT::Get::AllowUnauthenticated': 'false',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    'Acquire::http::Timeout': '30',
    'Acquire::https::Timeout': '30',
  }).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const limit = { timeout: APT_TIMEOUT_MS, env: { ...process.env, LC_ALL: 'C' } };
  await mustRun('apt-get', [...options, '-q', '--error-on=any', 'update'], limit);
  await mustRun('apt-get', [...options, '-qq', '-y', '--download-only', 'install', ...packages], limit);
  for (const file of await readdir(join(apt, 'archives'))) {
    if (!file.endsWith('.deb') || NOT_UNPACKED.test(file)) continue;
    await mustRun('dpkg-deb', ['-x', join(apt, 'archives', file), root]);
  }
  const notKept = NOT_KEPT.filter((folder) => !path.startsWith(`${folder}/`));
  for (const folder of ['.apt', ...notKept]) await rm(join(root, folder), { recursive: true, force: true });
}

/** The program has to run with the libraries it came with, so their own loader starts it. */
async function programIn(root: string, path: string): Promise<UnpackedProgram> {
  const libraries: string[] = [];
  for (const parent of ['usr/lib', 'lib']) {
    if (!existsSync(join(root, parent))) continue; // before trixie some are in /lib, since then none
    for (const entry of await readdir(join(root, parent))) {
      if (entry.endsWith('-linux-gnu')) libraries.push(join(root, parent, entry));
    }
  }
  let loader: string | undefined;
  for (const folder of libraries) {
    const name = (await readdir(folder)).find((entry) => /^ld-linux.*\.so\.\d+$/.test(entry));
    if (name) loader = join(folder, name);
  }
  if (!loader || !existsSync(join(root, path))) throw new Error(`${root} has no ${path} or no loader for it`);
  return { command: loader, prefix: ['--library-path', libraries.join(':'), join(root, path)], root };
}
