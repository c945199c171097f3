import { lstatSync } from 'node:fs';
import { chown, mkdtemp, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mustRun } from './run-command.ts';

/** The user that owns nothing, on Linux. */
const NOBODY = 65534;

/**
 * User and group that servers run as: nobody if we are root, because PostgreSQL and PgBouncer refuse to run
 * as root; else (an empty object) the user we are.
 */
export function serverIdentity(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

/** Gives one folder or file to the user that servers run as. */
export async function giveToServer(path: string): Promise<void> {
  const { uid, gid } = serverIdentity();
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
}

/**
 * Copies a folder that the server's user owns, as that user. By `cp`, which takes a tenth of the time that the
 * thousand files of an empty database take one by one.
 */
export async function copyAsServer(from: string, to: string): Promise<void> {
  await mustRun('cp', ['-R', from, to], { ...serverIdentity(), cwd: '/' });
}

/** Writes a file that the servers' user, and no other, may read. */
export async function writeForServer(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 });
  await giveToServer(file);
}

/** Whether the user that servers run as can enter this folder: all folders above it are open to others. */
export function serverCanEnter(folder: string): boolean {
  if (serverIdentity().uid === undefined) return true;
  for (let at = folder; ; at = dirname(at)) {
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat && (stat.mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** A fresh folder for one server, which the server's user owns and can enter. */
export async function makeServerFolder(
  parent = serverCanEnter(tmpdir()) ? tmpdir() : '/tmp',
): Promise<string> {
  const folder = await mkdtemp(join(parent, 'test-server-'));
  await giveToServer(folder);
  return folder;
}

/**
 * Where what was fetched or prepared once is kept: `TEST_SERVERS_HOME` if set, else a folder of the user's
 * cache. Root's own cache is usually closed to the user that servers run as; then a folder in the temporary
 * folder is taken.
 */
export function keptFolder(): string {
  if (process.env.TEST_SERVERS_HOME) return process.env.TEST_SERVERS_HOME;
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'stackone-test-servers');
  return serverCanEnter(cache) ? cache : join(tmpdir(), `stackone-test-servers-${process.getuid?.() ?? ''}`);
}
