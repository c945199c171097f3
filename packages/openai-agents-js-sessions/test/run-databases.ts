import Sqlite from 'better-sqlite3';
import mysql from 'mysql2/promise';
import pg from 'pg';
import type { Database } from './killed-runs.js';

const END_LEASES = "UPDATE agent_sessions_runs SET lease_until = 1 WHERE state = 'running'";
const ENTRIES = "SELECT run_id, entry FROM agent_sessions_runs WHERE entry <> ''";
const BOOKINGS = 'SELECT run_id FROM bookings';

/** The database of a store. */
export function databaseOf(url: string): Database {
  const run = statementsOn(url);
  return {
    async prepare() {
      await run('CREATE TABLE IF NOT EXISTS bookings (run_id VARCHAR(255))');
    },
    async journal() {
      await run(END_LEASES);
      return (await run(ENTRIES)) as { run_id: string; entry: string }[];
    },
    bookings: async () => (await run(BOOKINGS)) as { run_id: string }[],
  };
}

/** Runs statements behind the back of the store. */
export function statementsOn(url: string): (statement: string) => Promise<unknown> {
  const run = url.startsWith('postgres') ? inPostgres : url.startsWith('sqlite') ? inSqlite : inMysql;
  return (statement) => run(url, statement);
}

async function inPostgres(url: string, statement: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(statement);
  await client.end();
  return rows;
}

async function inMysql(url: string, statement: string): Promise<unknown> {
  const connection = await mysql.createConnection({ uri: url });
  const [rows] = await connection.query(statement);
  await connection.end();
  return rows;
}

async function inSqlite(url: string, statement: string): Promise<unknown> {
  const database = new Sqlite(url.slice('sqlite:'.length));
  const prepared = database.prepare(statement);
  const rows = prepared.reader ? prepared.all() : prepared.run();
  database.close();
  return rows;
}
