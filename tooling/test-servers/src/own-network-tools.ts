import { Declined, EngineUnavailable, firstWay } from './choice.ts';
import { unpackedFromDebian } from './debian-packages.ts';
import { runCommand } from './run-command.ts';

/** How a program is started: itself, and the arguments before its own. */
export type Command = readonly [program: string, ...prefix: string[]];

/**
 * The program `ip` of iproute2: that of this machine, else Debian's.
 *
 * @throws EngineUnavailable where it is not to be had, or where this user may make no network of its own.
 */
export async function ipForOwnNetwork(): Promise<Command> {
  const made = await runCommand('unshare', ['--map-root-user', '--net', 'nsenter', '--version']);
  if (made.code !== 0) throw new EngineUnavailable('a network of its own', [made.stderr.trim()]);
  const { found } = await firstWay<Command>('ip of iproute2', [
    { name: 'machine', find: ofMachine },
    { name: 'packages', find: ofDebian },
  ]);
  return found;
}

async function ofMachine(): Promise<Command | Declined> {
  for (const program of ['ip', '/usr/sbin/ip', '/sbin/ip'])
    if ((await runCommand(program, ['-V'])).code === 0) return [program];
  return new Declined('no ip on this machine');
}

async function ofDebian(): Promise<Command | Declined> {
  const unpacked = await unpackedFromDebian('bookworm', 'iproute2', 'bin/ip');
  return unpacked instanceof Declined ? unpacked : [unpacked.command, ...unpacked.prefix];
}
