/** What a server speaks. PgBouncer is a server of its own here: it changes what its clients may do. */
export type Engine = 'postgres' | 'mysql' | 'mariadb' | 'pgbouncer';

/**
 * One server that tests run on. With a version it is exactly that series; without one, any version will do
 * (PgBouncer always stands before PostgreSQL).
 */
export type Target =
  | 'postgres'
  | 'postgres:15'
  | 'postgres:16'
  | 'postgres:17'
  | 'postgres:18'
  | 'mysql'
  | 'mariadb'
  | 'mariadb:10.11'
  | 'mariadb:11.8'
  | 'pgbouncer';

/** The series that the tests of a whole engine run on, the newest last. */
const MATRIX: Record<Engine, readonly Target[]> = {
  postgres: ['postgres:15', 'postgres:18'],
  mysql: ['mysql'],
  mariadb: ['mariadb:10.11', 'mariadb:11.8'],
  pgbouncer: ['pgbouncer'],
};

/** Whether every series of an engine is to be run, as `npm run test:all` does, and not the newest alone. */
const everySeries = () => process.env.TEST_MATRIX === 'all';

/** The environment variable that holds the URL of a ready server, by engine. PgBouncer has none. */
export const URL_VARIABLES: Partial<Record<Engine, string>> = {
  postgres: 'TEST_POSTGRES_URL',
  mysql: 'TEST_MYSQL_URL',
  mariadb: 'TEST_MARIADB_URL',
};

/**
 * The URL that the environment gives for an engine, if it gives one.
 *
 * @example environmentUrl('mysql'); // process.env.TEST_MYSQL_URL
 */
export function environmentUrl(engine: Engine): string | undefined {
  const variable = URL_VARIABLES[engine];
  return (variable && process.env[variable]) || undefined;
}

/** Engine and series of a target: `mariadb:10.11` is `{ engine: 'mariadb', series: '10.11' }`. */
export function parseTarget(target: Target): { engine: Engine; series: string | undefined } {
  const [engine, series] = target.split(':');
  return { engine: engine as Engine, series };
}

/**
 * The servers that stand for `wanted`: a target for itself, an engine for its newest series or all of them. A URL in the
 * environment takes the place of the matrix, because it names the one server that is to be tested.
 *
 * @example targetsOf('mariadb'); // ['mariadb:11.8'], with TEST_MATRIX=all ['mariadb:10.11', 'mariadb:11.8']
 */
export function targetsOf(wanted: Engine | Target): readonly Target[] {
  const { engine, series } = parseTarget(wanted);
  if (series) return [wanted];
  if (environmentUrl(engine)) return [engine];
  return everySeries() ? MATRIX[engine] : MATRIX[engine].slice(-1);
}

/**
 * The servers that stand for several: each once. Where not every series is run, a pooler does not repeat what runs on
 * the server behind it.
 *
 * @example targetsOfAll(['postgres', 'pgbouncer']); // ['postgres:18'] or ['postgres:15', 'postgres:18', 'pgbouncer']
 */
export function targetsOfAll(wanted: readonly (Engine | Target)[]): readonly Target[] {
  const repeats = wanted.includes('postgres') && !everySeries();
  const chosen = wanted.filter((one) => one !== 'pgbouncer' || !repeats);
  return [...new Set(chosen.flatMap(targetsOf))];
}

/** Whether an exact version belongs to a series: `10.11.14` to `10.11`, `18.4` to `18`; any to `undefined`. */
export function inSeries(version: string, series: string | undefined): boolean {
  return series === undefined || version === series || version.startsWith(`${series}.`);
}

/** An engine's name as its makers write it. */
export const ENGINE_NAMES: Record<Engine, string> = {
  postgres: 'PostgreSQL',
  mysql: 'MySQL',
  mariadb: 'MariaDB',
  pgbouncer: 'PgBouncer',
};
