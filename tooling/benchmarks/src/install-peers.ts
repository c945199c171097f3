import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PEERS_FOLDER } from './contenders/peers.ts';

/**
 * Installs the peers into their own folder, by their own lock file. Where they are there already it takes a moment.
 *
 * @throws Error with what pnpm said, if it cannot.
 */
export function installPeers(): void {
  const { status, error, stdout, stderr } = spawnSync('pnpm', ['install', '--frozen-lockfile'], {
    cwd: fileURLToPath(PEERS_FOLDER),
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status === 0) return;
  throw new Error(
    `the other libraries cannot be installed (--no-peers leaves them out): ${error ?? stdout + stderr}`,
  );
}
