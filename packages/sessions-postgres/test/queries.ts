import pg from 'pg';
import { expect } from 'vitest';
import { openPool, readPostgresUrl } from '../src/connect.js';

/** Sends statements, one after the other. @returns The rows of the last one. */
export async function queryAt(url: string, ...statements: readonly string[]): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  let rows: unknown[] = [];
  for (const statement of statements) ({ rows } = await client.query(statement));
  await client.end();
  return rows;
}

/** One row of one column, asked through a pool that the store would open for this URL. */
export async function answer(url: string, sql: string): Promise<unknown> {
  const pool = await openPool(readPostgresUrl(url, {}), {});
  try {
    const client = await pool.connect();
    const { rows } = await client.query(sql);
    client.release();
    return Object.values(rows[0] ?? {})[0];
  } finally {
    await pool.end();
  }
}

/** From its return on new transactions of the server only read. */
export async function makeReadOnly(url: string): Promise<void> {
  await queryAt(url, 'ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()');
  await expect
    .poll(() => queryAt(url, 'SHOW default_transaction_read_only'))
    .toEqual([{ default_transaction_read_only: 'on' }]);
}
