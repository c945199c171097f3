import { MAY_MOUNT, SmallDisk } from '@stackone/faults/small-disk';
import { startMariadb, startMysql, startPostgres } from '@stackone/test-servers';
import { databaseWorld, type World } from '../world.ts';
import { type Failure, filled } from './failing.ts';

/** With room for the files of the server, in megabytes. */
const SERVERS = {
  postgres: [300, (parent: string) => startPostgres({ parent, major: 18 })],
  mysql: [600, (parent: string) => startMysql({ parent })],
  mariadb: [400, (parent: string) => startMariadb({ parent, version: '11.8' })],
} as const;

/** The engines whose servers can be given a disk of their own here. */
export const SERVERS_WITH_DISKS = MAY_MOUNT ? (Object.keys(SERVERS) as (keyof typeof SERVERS)[]) : [];

/** A server on a disk of its own, and the failure that fills it. */
export async function onSmallDisk(
  engine: keyof typeof SERVERS,
): Promise<AsyncDisposable & { readonly world: World; readonly failure: Failure }> {
  const [megabytes, start] = SERVERS[engine];
  await using ends = new AsyncDisposableStack();
  const disk = ends.use(new SmallDisk(megabytes));
  const server = ends.use(await start(disk.folder));
  const world = await databaseWorld(engine, server.url(await server.createDatabase()));
  ends.defer(() => world.close());
  const kept = ends.move();
  return {
    world,
    async failure() {
      const store = await filled(world);
      disk.fill(0);
      return {
        store,
        // servers of the MySQL family may wait for room before they say anything
        limits: { timeout: 5000 },
        options: { timeout: 5000 },
        // MariaDB may end itself instead
        ...(engine !== 'mariadb' && { code: 'STORAGE_FULL' }),
        end: async () => disk.free(),
      };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
