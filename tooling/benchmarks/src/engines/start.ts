import type { Engine, EngineName } from './engine.ts';
import { startMysqlEngine } from './mysql-family.ts';
import { startPostgresEngine } from './postgres.ts';
import { startSqliteEngine } from './sqlite.ts';

/** Starts an engine. The process is then the parent of its server, and must {@link Engine.stop} it. */
export async function startEngine(name: EngineName): Promise<Engine> {
  switch (name) {
    case 'memory':
      return memoryEngine;
    case 'sqlite':
      return startSqliteEngine();
    case 'postgres':
      return startPostgresEngine();
    case 'mysql':
    case 'mariadb':
      return startMysqlEngine(name);
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
