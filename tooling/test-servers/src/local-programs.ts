import { accessSync, constants, readdirSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runCommand } from './run-command.ts';
import { serverIdentity } from './server-identity.ts';

/** Folders that servers are installed to and that are often not on the PATH of a user. */
const MORE_FOLDERS = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/opt/homebrew/bin',
  '/opt/homebrew/sbin',
];
/** Folders with one folder for each version: PostgreSQL on Debian, on Fedora, and Homebrew's kegs. */
const VERSIONED_FOLDERS = [
  '/usr/lib/postgresql',
  '/usr',
  '/opt/homebrew/opt',
  '/usr/local/opt',
  '/Library/PostgreSQL',
];
const VERSIONED = /^(?:[\d.]+|pgsql-[\d.]+|(?:postgresql|mysql|mariadb)(?:@[\d.]+)?)$/;

/** A program on this machine and what it says of its version. */
export interface LocalProgram {
  readonly path: string;
  /** All that `--version` writes. */
  readonly versionText: string;
  /** The first number with dots in it. */
  readonly version: string;
}

/**
 * Every program of this name on this machine that answers `--version` (a link and its target count once), as
 * the user that servers run as.
 */
export async function localPrograms(name: string): Promise<LocalProgram[]> {
  const folders = new Set([
    ...(process.env.PATH ?? '').split(delimiter),
    ...MORE_FOLDERS,
    ...versionedFolders(),
  ]);
  const paths = new Set<string>();
  for (const folder of folders) {
    if (folder && isProgram(join(folder, name))) paths.add(realpathSync(join(folder, name)));
  }
  const found: LocalProgram[] = [];
  for (const path of paths) {
    const { code, stdout } = await runCommand(path, ['--version'], { ...serverIdentity(), cwd: '/' });
    const version = /\d+(?:\.\d+)+/.exec(stdout)?.[0];
    if (code === 0 && version) found.push({ path, versionText: stdout, version });
  }
  return found;
}

function versionedFolders(): string[] {
  return VERSIONED_FOLDERS.flatMap((parent) => {
    try {
      return readdirSync(parent)
        .filter((entry) => VERSIONED.test(entry))
        .map((entry) => join(parent, entry, 'bin'));
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
      throw error;
    }
  });
}

/** Whether we may run the file at this path. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not ours to run: both mean no
  }
}
