import Database from 'better-sqlite3';
import mysql from 'mysql2/promise';
import pg from 'pg';
import type { Journal } from './killed-runs.js';

type Entries = Awaited<ReturnType<Journal>>;

const END_LEASES = "UPDATE agent_sessions_runs SET lease_until = 1 WHERE state = 'running'";
const ENTRIES = "SELECT run_id, entry FROM agent_sessions_runs WHERE entry <> ''";

/** What is kept of runs in a database whose leases have all ended, read behind the back of the store. */
export function journalOf(url: string): Journal {
  if (url.startsWith('postgres')) return () => inPostgres(url);
  return url.startsWith('sqlite') ? async () => inSqlite(url.slice('sqlite:'.length)) : () => inMysql(url);
}

async function inPostgres(url: string): Promise<Entries> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(END_LEASES);
  const { rows } = await client.query(ENTRIES);
  await client.end();
  return rows;
}

async function inMysql(url: string): Promise<Entries> {
  const connection = await mysql.createConnection({ uri: url });
  await connection.query(END_LEASES);
  const [rows] = await connection.query(ENTRIES);
  await connection.end();
  return rows as Entries[number][];
}

function inSqlite(file: string): Entries {
  const database = new Database(file);
  try {
    database.exec(END_LEASES);
    return database.prepare(ENTRIES).all() as Entries[number][];
  } finally {
    database.close();
  }
}
