import { innodbSize } from './innodb.ts';
import { postgresSize } from './postgres.ts';
import type { Shape } from './shape.ts';
import type { TableSize } from './size.ts';
import { sqliteSize } from './sqlite.ts';
import { type Table, tablesOf } from './tables.ts';

export const ENGINE_NAMES = ['postgres', 'mysql', 'mariadb', 'sqlite'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

export const TITLES: Readonly<Record<EngineName, string>> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
  sqlite: 'SQLite',
};

const SIZE_OF: Readonly<Record<EngineName, (table: Table) => TableSize>> = {
  postgres: postgresSize,
  mysql: innodbSize,
  mariadb: innodbSize,
  sqlite: sqliteSize,
};

/** How large the tables are, by the model. */
export const modelled = (engine: EngineName, shape: Shape): TableSize[] =>
  tablesOf(shape, engine).map(SIZE_OF[engine]);
