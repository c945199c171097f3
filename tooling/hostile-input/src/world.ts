import type { OpenStoreOptions, SessionStore } from '@stackone/openai-agents-js-sessions';
import { MemorySessionStore, openSessionStore } from '@stackone/openai-agents-js-sessions';
import Sqlite from 'better-sqlite3';
import mysql from 'mysql2/promise';
import pg from 'pg';

type Row = Readonly<Record<string, unknown>>;

/** A database behind the back of the stores on it. */
export interface Database {
  /** Runs a statement, with a value for each `?`. */
  run(statement: string, values?: readonly unknown[]): Promise<Row[]>;
  /** The names of all tables. */
  tables(): Promise<string[]>;
  /** A name as statements have it. */
  quoted(name: string): string;
  close(): Promise<void>;
}

/** Where stores are opened. */
export interface World {
  readonly engine: string;
  /** Absent for the store in memory. */
  readonly url?: string;
  readonly database?: Database;
  /** A store on the tables of this world. */
  open(options?: OpenStoreOptions): Promise<SessionStore>;
  close(): Promise<void>;
}

/** Stores in memory, each of which is a world of its own. */
export function memoryWorld(): World {
  return {
    engine: 'memory',
    open: async (options = {}) => new MemorySessionStore(options as object),
    close: async () => {},
  };
}

/** A database of SQLite, PostgreSQL, MySQL or MariaDB, empty at first. */
export async function databaseWorld(engine: string, url: string): Promise<World> {
  const database = await openDatabase(url);
  return {
    engine,
    url,
    database,
    open: (options = {}) => openSessionStore(url, options),
    close: () => database.close(),
  };
}

function openDatabase(url: string): Promise<Database> {
  if (url.startsWith('sqlite')) return sqliteDatabase(url);
  return url.startsWith('postgres') ? postgresDatabase(url) : mysqlDatabase(url);
}

async function sqliteDatabase(url: string): Promise<Database> {
  const database = new Sqlite(url.slice('sqlite:'.length), { timeout: 10_000 });
  const run = async (statement: string, values: readonly unknown[] = []) => {
    const prepared = database.prepare<unknown[], Row>(statement);
    if (prepared.reader) return prepared.all(...values);
    prepared.run(...values);
    return [];
  };
  return {
    run,
    tables: () =>
      namesIn(
        run("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"),
      ),
    quoted: (name) => `"${name.replaceAll('"', '""')}"`,
    close: async () => void database.close(),
  };
}

async function postgresDatabase(url: string): Promise<Database> {
  const client = new pg.Client(url);
  await client.connect();
  const run = async (statement: string, values: readonly unknown[] = []) => {
    let place = 0;
    const { rows } = await client.query(
      statement.replaceAll('?', () => `$${++place}`),
      [...values],
    );
    return rows as Row[];
  };
  return {
    run,
    tables: () => namesIn(run('SELECT relname AS name FROM pg_stat_user_tables')),
    quoted: (name) => `"${name.replaceAll('"', '""')}"`,
    close: () => client.end(),
  };
}

async function mysqlDatabase(url: string): Promise<Database> {
  const connection = await mysql.createConnection({ uri: url, charset: 'utf8mb4' });
  const run = async (statement: string, values: readonly unknown[] = []) => {
    const [rows] = await connection.query(statement, [...values]);
    return (Array.isArray(rows) ? rows : []) as Row[];
  };
  return {
    run,
    tables: () =>
      namesIn(
        run('SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()'),
      ),
    quoted: (name) => `\`${name.replaceAll('`', '``')}\``,
    close: () => connection.end(),
  };
}

async function namesIn(rows: Promise<Row[]>): Promise<string[]> {
  return (await rows).map(({ name }) => String(name));
}
