import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMariadb, startMysql, startPostgres } from '@stackone/test-servers';
import type { Arena } from './arena.ts';
import { serverArena } from './server-arena.ts';
import { sqliteArena } from './sqlite-arena.ts';

/** How long a fault lasts that is about time. */
interface ArenaOptions {
  /** A server is stopped for 30 s, and not for up to one. */
  readonly isLong?: boolean;
}

type Open = (options: ArenaOptions) => Promise<Arena>;

/** For each engine an arena of its own. */
export const ARENAS: Readonly<Record<string, Open>> = {
  sqlite: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'faults-'));
    const arena = await sqliteArena(folder);
    return Object.assign(arena, {
      [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
    });
  },
  // a deadlock is found after this time, 1 s by default
  postgres: async (options) =>
    serverArena(await startPostgres({ major: 18, settings: { deadlock_timeout: '20ms' } }), options),
  // read_only waits for statements that wait for rows whose transactions wait for read_only: for 50 s by default
  mysql: async (options) =>
    serverArena(await startMysql({ settings: { 'innodb-lock-wait-timeout': '3' } }), options),
  mariadb: async (options) => serverArena(await startMariadb({ version: '11.8' }), options),
};
