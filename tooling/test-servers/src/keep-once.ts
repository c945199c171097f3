import { chmod, lstat, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './process-tree.ts';
import { keptFolder } from './server-identity.ts';

const underWay = new Map<string, Promise<string>>();

/**
 * The folder `name` among the kept ones, made by `make` if it is not there yet. `make` fills a folder of its
 * own, which then takes its name in one step: whoever sees the name sees all of it. Two processes at once may
 * both make it; the second to finish throws its own away. A part that a dead process left is removed.
 *
 * @param home - Where it is kept, instead of the folder for all checkouts.
 * @throws whatever `make` throws; nothing is left behind then and the next call tries again.
 */
export function keepOnce(
  name: string,
  make: (part: string) => Promise<void>,
  home = keptFolder(),
): Promise<string> {
  const folder = join(home, name);
  let pending = underWay.get(folder);
  if (!pending) {
    pending = find(folder, make).finally(() => underWay.delete(folder));
    underWay.set(folder, pending);
  }
  return pending;
}

async function find(folder: string, make: (part: string) => Promise<void>): Promise<string> {
  if (await exists(folder)) return folder;
  await makeOwnFolder(dirname(folder));
  await removeDeadParts(folder);
  const part = `${folder}.part-${process.pid}`;
  try {
    await mkdir(part);
    await chmod(part, 0o755); // whatever the umask: the servers' user has to enter it
    await make(part);
    await rename(part, folder).catch(async (error: NodeJS.ErrnoException) => {
      if (!(await exists(folder))) throw error; // not because another process was first
    });
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return folder;
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Programs are run from here, so it must not be a folder that another user put in our way. */
async function makeOwnFolder(folder: string): Promise<void> {
  if (await mkdir(folder, { recursive: true })) await chmod(folder, 0o755);
  const stat = await lstat(folder);
  const us = process.getuid?.();
  if (!stat.isDirectory() || (us !== undefined && stat.uid !== us) || (stat.mode & 0o022) !== 0) {
    throw new Error(`${folder} is not a folder that only we can write to: set TEST_SERVERS_HOME to another`);
  }
}

async function removeDeadParts(folder: string): Promise<void> {
  for (const entry of await readdir(dirname(folder))) {
    const pid = entry.startsWith(`${basename(folder)}.part-`) && Number(entry.split('.part-')[1]);
    if (pid && !isAlive(pid)) await rm(join(dirname(folder), entry), { recursive: true, force: true });
  }
}
