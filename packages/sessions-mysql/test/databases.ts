import { variants } from '@stackone/test-environment';
import type { TestServer } from '@stackone/test-servers';
import { drizzle as drizzleNewest } from 'drizzle-orm/mysql2';
import { drizzle as drizzleOldest } from 'drizzle-orm-0.44/mysql2';
import { drizzle as drizzleCandidate } from 'drizzle-orm-rc/mysql2';
import mysql from 'mysql2';
import type { Pool } from 'mysql2/promise';

/** The servers that everything here runs on. */
export const SERVERS = ['mysql', 'mariadb'] as const;

/** For long tests of what is done alike on both: `npm test` plays them on MySQL. */
export const FIRST_SERVER = variants<'mysql' | 'mariadb'>(['mysql'], ['mariadb']);

/** What every store can do on them. */
export const SUPPORT = {
  durable: true,
  shared: true,
  edit: true,
  operations: true,
  transactions: true,
  listing: true,
  conversations: true,
  history: true,
  metadata: true,
  copying: true,
  usage: true,
  runs: true,
  ownTransactions: true,
  erasure: true,
  retention: true,
  restoring: true,
  watching: true,
};

/** The versions of drizzle-orm that everything about Drizzle runs on: the newest, and in the whole matrix all of them. */
export const DRIZZLES: Readonly<Record<string, typeof drizzleNewest>> = Object.fromEntries(
  variants(
    [['drizzle-orm 0.45', drizzleNewest]],
    [
      ['drizzle-orm 0.44', drizzleOldest as unknown as typeof drizzleNewest],
      ['drizzle-orm 1.0 rc', drizzleCandidate as unknown as typeof drizzleNewest],
    ],
  ),
);

/** A URL that mysql2 itself understands. It then makes no room for statements that nobody prepares, which takes 1 ms each. */
export function driverUrl(url: string): string {
  return `${url.replace(/^mariadb:/, 'mysql:')}${url.includes('?') ? '&' : '?'}maxPreparedStatements=1`;
}

/** A pool beside the store's own, to look at tables and to damage them. */
export function rawPool(url: string, options: mysql.PoolOptions = {}): Pool {
  return mysql
    .createPool({ uri: driverUrl(url), supportBigNumbers: true, bigNumberStrings: true, ...options })
    .promise();
}

/** The rows of one statement over a connection of its own, as objects. */
export async function rowsOf(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const pool = rawPool(url);
  try {
    const [rows] = await pool.query(sql);
    return rows as Record<string, unknown>[];
  } finally {
    await pool.end();
  }
}

/** The URL of a new, empty database on the same server. */
export async function emptyDatabase(
  server: TestServer,
  options: { characterSet?: string } = {},
): Promise<string> {
  return server.url(await server.createDatabase(undefined, options));
}

/** For warnings of stores on tables of our own. */
export function failOnWarning(warning: { message: string }): never {
  throw new Error(`a warning about tables of our own: ${warning.message}`);
}

/**
 * The connections to the database of a URL. Not from `information_schema`, which fails while a statement of another test has characters
 * of four bytes.
 */
export async function connectionsTo(url: string): Promise<{ id: number; statement: string | null }[]> {
  const name = new URL(url).pathname.slice(1);
  const server = new URL(url);
  server.pathname = '/mysql';
  const rows = await rowsOf(server.href, 'SHOW PROCESSLIST');
  return rows
    .filter(({ db }) => db === name)
    .map(({ Id, Info }) => ({ id: Number(Id), statement: Info as string | null }));
}
