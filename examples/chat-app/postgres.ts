import { PostgresSessionStore } from '@stackone/sessions-postgres';
import pg from 'pg';
import type { AppDatabase } from './database.ts';

/** Any number that nobody else takes: the lock under which tables are made, as several processes may start at once. */
const SCHEMA_LOCK = 20_261_128;

/** Connects to a PostgreSQL database. */
export async function open(url: string, schema: string): Promise<AppDatabase> {
  const pool = new pg.Pool({ connectionString: url, max: 10, keepAlive: true });
  pool.on('error', (error) => console.error(`An idle connection was lost: ${error.message}`)); // unheard, it ends the process
  await pool.query(`SELECT pg_advisory_xact_lock(${SCHEMA_LOCK}); ${schema}`); // one text is one transaction
  const store = await PostgresSessionStore.fromPool(pool, { exactlyOnce: true });
  return {
    store,
    now: '(extract(epoch FROM clock_timestamp()) * 1000)::float8',
    async query<Row extends object>(sql: string, values: readonly (string | number)[] = []) {
      return (await pool.query<Row>(sql, [...values])).rows;
    },
    async close() {
      await store.close();
      await pool.end();
    },
  };
}
