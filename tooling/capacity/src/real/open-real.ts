import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSessionStore } from '@stackone/openai-agents-js-sessions';
import { startMariadb, startMysql, startPostgres } from '@stackone/test-servers';
import type { EngineName } from '../engines.ts';
import { innodbTables } from './innodb.ts';
import { postgresTables } from './postgres.ts';
import type { RealTables } from './real-tables.ts';
import { sqliteTables } from './sqlite.ts';

/** So that a fill does not wait for the disk. Sizes do not depend on it. */
const MEMORY = '1G';

/** Starts an engine, with the tables of a store in a database of its own. Closing ends it. */
export async function openReal(engine: EngineName): Promise<RealTables> {
  const { url, open, stop } = engine === 'sqlite' ? await sqliteFile() : await serverOf(engine);
  try {
    await makeTables(url);
    const tables = await open();
    return {
      ...tables,
      async close() {
        await tables.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As a store makes them. */
export async function makeTables(url: string): Promise<void> {
  await using store = await openSessionStore(url);
  await store.open();
}

async function sqliteFile() {
  const folder = await mkdtemp(join(tmpdir(), 'sessions-capacity-'));
  const file = join(folder, 'sessions.db');
  return {
    url: `sqlite:${file}`,
    open: async () => sqliteTables(file),
    stop: () => rm(folder, { recursive: true, force: true }),
  };
}

async function serverOf(engine: Exclude<EngineName, 'sqlite'>) {
  const server =
    engine === 'postgres'
      ? await startPostgres({ major: 18, settings: { shared_buffers: `${MEMORY}B`, max_wal_size: '4GB' } })
      : engine === 'mysql'
        ? await startMysql({ settings: { 'innodb-buffer-pool-size': MEMORY } })
        : await startMariadb({ settings: { 'innodb-buffer-pool-size': MEMORY } });
  const url = server.url(await server.createDatabase());
  return {
    url,
    open: () =>
      engine === 'postgres' ? postgresTables(url, server.version) : innodbTables(engine, url, server.version),
    stop: () => server.stop(),
  };
}
