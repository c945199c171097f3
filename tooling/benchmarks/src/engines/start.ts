import type { Engine, EngineName, ServerSettings } from './engine.ts';
import { startMysqlEngine } from './mysql-family.ts';
import { startPostgresEngine } from './postgres.ts';
import { startSqliteEngine } from './sqlite.ts';

/**
 * Starts an engine. The process is then the parent of its server, and must {@link Engine.stop} it.
 *
 * @param settings - Of the server; those that are not named are its defaults.
 */
export async function startEngine(name: EngineName, settings: ServerSettings = {}): Promise<Engine> {
  if (Object.keys(settings).length > 0 && (name === 'memory' || name === 'sqlite'))
    throw new Error(`${name} has no server that takes settings`);
  switch (name) {
    case 'memory':
      return memoryEngine;
    case 'sqlite':
      return startSqliteEngine();
    case 'postgres':
      return startPostgresEngine(settings);
    case 'mysql':
    case 'mariadb':
      return startMysqlEngine(name, settings);
  }
}

/** Stores nothing: for the cost of our own layers alone. */
const memoryEngine: Engine = {
  name: 'memory',
  title: 'memory',
  settings: {},
  hasTables: false,
  isBelow: true,
  makeDatabase: async () => 'memory:',
  connections: async () => 0,
  fill: async () => {
    throw new Error('there are no tables in memory');
  },
  stop: async () => undefined,
};
