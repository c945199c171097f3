import { clientFaults } from '@stackone/openai-agents-js-sessions/torture';
import { administratorFaults } from './administrator-faults.ts';
import type { Arena } from './arena.ts';
import { failoverArena } from './failover-arena.ts';
import { machineArenas } from './machine-arena.ts';
import { ownNetworkArena } from './own-network-arena.ts';
import { SERVERS, type ServerEngine, serverGround } from './server-ground.ts';
import { sqliteArena } from './sqlite-arena.ts';
import { tlsArena } from './tls-arena.ts';

/** How long a fault lasts that is about time. */
interface ArenaOptions {
  /** A server is stopped for 30 s, and not for up to one. */
  readonly isLong?: boolean;
}

const serverArenas =
  (engine: ServerEngine) =>
  ({ isLong = false }: ArenaOptions): readonly Arena[] => [
    {
      name: 'a server',
      faults: [...clientFaults(), ...administratorFaults(isLong)],
      open: async () => await serverGround(await SERVERS[engine]()),
    } as Arena,
    tlsArena(engine),
    ownNetworkArena(engine),
    ...machineArenas(engine),
    failoverArena(engine),
  ];

/** By engine, the arenas in which its stores are tortured, each of its own. */
export const ARENAS: Readonly<Record<string, (options: ArenaOptions) => readonly Arena[]>> = {
  sqlite: () => [sqliteArena, ...machineArenas('sqlite')],
  postgres: serverArenas('postgres'),
  mysql: serverArenas('mysql'),
  mariadb: serverArenas('mariadb'),
};
