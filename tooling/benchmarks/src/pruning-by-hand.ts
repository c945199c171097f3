import mysql from 'mysql2/promise';
import pg from 'pg';
import type { SqlEngineName } from './by-sql.ts';
import { openDatabase } from './contenders/sqlite-by-hand.ts';

/** Removes conversations as one would by hand: each with its items in one transaction, one after the other, without a pause. */
export async function removeByHand(
  name: SqlEngineName,
  url: string,
  ids: Iterable<string>,
  onRemoved: () => void,
): Promise<void> {
  const { run, close } = await opened(name, url);
  for (const id of ids) {
    const removed = ['agent_messages', 'agent_sessions'].map(
      (table) => `DELETE FROM ${table} WHERE session_id = '${id}'`,
    );
    await run(removed.join('; '));
    onRemoved();
  }
  await close();
}

interface Connection {
  /** Runs statements in one transaction. */
  run(sql: string): Promise<unknown>;
  close(): Promise<unknown>;
}

async function opened(name: SqlEngineName, url: string): Promise<Connection> {
  if (name === 'sqlite') {
    const file = openDatabase(url);
    return {
      run: async (sql) => file.exec(`BEGIN IMMEDIATE; ${sql}; COMMIT`),
      close: async () => file.close(),
    };
  }
  if (name === 'postgres') {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return { run: (sql) => client.query(`BEGIN; ${sql}; COMMIT`), close: () => client.end() };
  }
  const uri = url.replace(/^mariadb:/, 'mysql:');
  const connection = await mysql.createConnection({ uri, multipleStatements: true });
  return {
    run: (sql) => connection.query(`START TRANSACTION; ${sql}; COMMIT`),
    close: () => connection.end(),
  };
}
