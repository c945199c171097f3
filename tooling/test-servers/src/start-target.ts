import {
  ENGINE_NAMES,
  environmentUrl,
  inSeries,
  parseTarget,
  type Target,
  URL_VARIABLES,
} from './engines.ts';
import { type MariadbOptions, startMariadb, startMysql } from './mysql-family.ts';
import { startPgBouncer } from './pgbouncer.ts';
import { type PostgresOptions, startPostgres } from './postgres.ts';
import { TestServer } from './server.ts';
import { askVersion } from './sql-connection.ts';
import type { StartOptions, ThrowawayServer } from './throwaway.ts';

/** A server, and how to end what was started for it. */
export interface Lease<Server extends TestServer> {
  readonly server: Server;
  /** What it is and why nothing else was taken, for people. */
  readonly line: string;
  stop(): Promise<void>;
}

/**
 * Starts a server for a target; PostgreSQL too, if PgBouncer is to stand before it and `before` is absent.
 * `alsoNotTaken` are reasons why earlier choices were not taken.
 *
 * @throws EngineUnavailable if there is none.
 */
export async function startTarget(
  target: Target,
  options: StartOptions,
  { before, alsoNotTaken = [] }: { before?: TestServer; alsoNotTaken?: readonly string[] } = {},
): Promise<Lease<ThrowawayServer>> {
  const { engine, series } = parseTarget(target);
  let postgres: ThrowawayServer | undefined;
  let server: ThrowawayServer;
  if (engine === 'mysql') server = await startMysql(options);
  else if (engine === 'mariadb') {
    server = await startMariadb({ ...options, version: series as MariadbOptions['version'] });
  } else if (engine === 'postgres') {
    server = await startPostgres({
      ...options,
      major: series ? (Number(series) as PostgresOptions['major']) : undefined,
    });
  } else {
    if (!before) postgres = await startPostgres();
    try {
      server = await startPgBouncer({ postgres: before ?? (postgres as ThrowawayServer), ...options });
    } catch (error) {
      await postgres?.stop();
      throw error;
    }
  }
  return {
    server,
    line: withReasons(`${target}: ${server.origin}`, [...alsoNotTaken, ...server.notTaken]),
    async stop() {
      await server.stop();
      await postgres?.stop();
    },
  };
}

/**
 * The server that the environment gives by URL for a target, or why it is not one for it.
 *
 * @throws Error if it does not answer: who gives a URL wants the tests to run there, and nowhere else.
 */
export async function givenServer(target: Target): Promise<Lease<TestServer> | string> {
  const { engine, series } = parseTarget(target);
  const variable = URL_VARIABLES[engine];
  const givenUrl = environmentUrl(engine);
  if (!variable) return 'no variable for it';
  if (!givenUrl) return `${variable} is not set`;
  const { hostname: host, port, username, password } = new URL(givenUrl);
  const address = {
    engine,
    host,
    port: Number(port) || (engine === 'postgres' ? 5432 : 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    givenUrl,
  };
  const version = await askVersion(new TestServer({ ...address, version: '' })).catch((cause: unknown) => {
    throw new Error(`the server of ${variable} does not answer: ${cause}`, { cause });
  });
  if (!inSeries(version, series)) return `${variable} is ${version}`;
  return {
    server: new TestServer({ ...address, version }),
    line: `${target}: ${ENGINE_NAMES[engine]} ${version} of ${variable}`,
    stop: async () => {},
  };
}

/** A line with the reasons why other servers were not taken. */
function withReasons(line: string, reasons: readonly string[]): string {
  return reasons.length > 0 ? `${line} (${reasons.join('; ')})` : line;
}
