import { PGlite } from '@electric-sql/pglite';
import { variants } from '@stackone/test-environment';
import { sql as newestSql } from 'drizzle-orm';
import * as newest from 'drizzle-orm/node-postgres';
import * as newestPglite from 'drizzle-orm/pglite';
import * as newestPostgresJs from 'drizzle-orm/postgres-js';
import * as oldest from 'drizzle-orm-0.44/node-postgres';
import * as oldestPglite from 'drizzle-orm-0.44/pglite';
import * as oldestPostgresJs from 'drizzle-orm-0.44/postgres-js';
import { sql as oldestSql } from 'drizzle-orm-0.44/sql';
import * as candidate from 'drizzle-orm-rc/node-postgres';
import * as candidatePglite from 'drizzle-orm-rc/pglite';
import * as candidatePostgresJs from 'drizzle-orm-rc/postgres-js';
import { sql as candidateSql } from 'drizzle-orm-rc/sql';
import pg from 'pg';
import postgres from 'postgres';
import type { DrizzlePostgresDatabase, DrizzlePostgresTransaction } from '../src/index.js';

/** A Drizzle database of a test, and how to end what is under it. */
export interface Opened {
  readonly db: DrizzlePostgresDatabase;
  end(): Promise<unknown>;
}

/** What the tests use of a Drizzle database besides the store. */
export interface Application {
  execute(query: unknown): PromiseLike<unknown>;
  transaction<T>(work: (tx: DrizzlePostgresTransaction & Application) => Promise<T>): Promise<T>;
}

/** One version of Drizzle. */
export interface DrizzleVersion {
  readonly name: string;
  readonly sql: (strings: TemplateStringsArray, ...parameters: unknown[]) => unknown;
  /** Every driver, by name. */
  readonly drivers: Readonly<Record<string, (url: string) => Promise<Opened>>>;
}

type Drizzle = (options: { client: never }) => unknown;

function version(
  name: string,
  sql: DrizzleVersion['sql'],
  { nodePostgres, postgresJs, pglite }: Record<'nodePostgres' | 'postgresJs' | 'pglite', Drizzle>,
): DrizzleVersion {
  const database = (drizzle: Drizzle, client: unknown) =>
    drizzle({ client: client as never }) as DrizzlePostgresDatabase;
  return {
    name,
    sql,
    drivers: {
      'a pool of pg': async (url) => {
        const pool = new pg.Pool({ connectionString: url, max: 8 });
        return { db: database(nodePostgres, pool), end: () => pool.end() };
      },
      'a client of pg': async (url) => {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        return { db: database(nodePostgres, client), end: () => client.end() };
      },
      'postgres.js': async (url) => {
        const client = postgres(url, { max: 8, onnotice: () => {} });
        return { db: database(postgresJs, client), end: () => client.end() };
      },
      'postgres.js with one connection': async (url) => {
        const client = postgres(url, { max: 1, onnotice: () => {} });
        return { db: database(postgresJs, client), end: () => client.end() };
      },
      PGlite: async () => {
        const client = await PGlite.create();
        return { db: database(pglite, client), end: () => client.close() };
      },
    },
  };
}

/** The versions that the package works with: the newest, and in the whole matrix also the oldest and the next. */
export const DRIZZLE_VERSIONS: readonly DrizzleVersion[] = variants(
  [
    version('0.45', newestSql, {
      nodePostgres: newest.drizzle as unknown as Drizzle,
      postgresJs: newestPostgresJs.drizzle as unknown as Drizzle,
      pglite: newestPglite.drizzle as unknown as Drizzle,
    }),
  ],
  [
    version('0.44', oldestSql, {
      nodePostgres: oldest.drizzle as unknown as Drizzle,
      postgresJs: oldestPostgresJs.drizzle as unknown as Drizzle,
      pglite: oldestPglite.drizzle as unknown as Drizzle,
    }),
    version('1.0 rc', candidateSql, {
      nodePostgres: candidate.drizzle as unknown as Drizzle,
      postgresJs: candidatePostgresJs.drizzle as unknown as Drizzle,
      pglite: candidatePglite.drizzle as unknown as Drizzle,
    }),
  ],
);
