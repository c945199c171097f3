import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { mustRun } from './run-command.ts';
import { serverIdentity, writeForServer } from './server-identity.ts';
import type { ThrowawayServer } from './throwaway.ts';

/** How a standby finds its primary. */
export const conninfoOf = ({ host, port, user, password }: ThrowawayServer) =>
  `host=${host} port=${port} user=${user} password=${password}`;

/**
 * Copies the data of a running server, as a standby begins with them: by the low-level API for base backups, as not every package
 * of PostgreSQL has `pg_basebackup`. Source: PostgreSQL 18 Documentation, 25.3.4.
 */
export async function copyRunning(primary: ThrowawayServer, data: string): Promise<void> {
  const client = new pg.Client(primary.url());
  await client.connect();
  try {
    await client.query("SELECT pg_backup_start('standby', true)");
    // files may go while they are copied: what is missing then is in the log that the standby gets
    const copy = [
      '-c',
      'cp -R "$0" "$1" 2> "$1.log" || test -s "$1.log"',
      join(primary.folder, 'data'),
      data,
    ];
    await mustRun('sh', copy, { ...serverIdentity(), cwd: '/' });
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    await writeForServer(join(data, 'backup_label'), rows[0]?.labelfile ?? '');
  } finally {
    await client.end();
  }
  await writeForServer(join(data, 'standby.signal'), '');
  for (const own of ['postmaster.pid', 'postmaster.opts']) await rm(join(data, own), { force: true });
}
