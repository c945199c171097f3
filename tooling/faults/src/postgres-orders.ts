import type { TestServer } from '@stackone/test-servers';
import pg from 'pg';
import { type ServerOrders, type Switch, WRITER } from './server-orders.ts';

const { user, password } = WRITER;
const OF_WRITERS = `FROM pg_stat_activity WHERE usename = '${user}'`;

const setting = (name: string, value: string): Switch => ({
  on: [`ALTER ROLE ${user} SET ${name} = '${value}'`],
  off: [`ALTER ROLE ${user} RESET ${name}`],
  isForNewOnes: true,
});

/** What an administrator of PostgreSQL does. */
export function postgresOrders(server: TestServer, database: string): ServerOrders {
  const each = async (does: string, chance: number, random: () => number) => {
    const pids = await server.query(`SELECT pid ${OF_WRITERS}`);
    const chosen = pids.filter(() => random() < chance).map(({ pid }) => pid);
    if (chosen.length > 0) await server.query(`SELECT ${does}(pid) ${OF_WRITERS} AND pid IN (${chosen})`);
  };
  return {
    makeUser: (name) => [
      `CREATE ROLE ${user} LOGIN PASSWORD '${password}'`,
      `ALTER DATABASE "${name}" OWNER TO ${user}`,
    ],
    connections: `SELECT count(*) AS n ${OF_WRITERS}`,
    end: (chance, random) => each('pg_terminate_backend', chance, random),
    cancel: (chance, random) => each('pg_cancel_backend', chance, random),
    readOnly: {
      on: ['ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()'],
      off: ['ALTER SYSTEM RESET default_transaction_read_only', 'SELECT pg_reload_conf()'],
    },
    fewConnections: {
      on: [`ALTER ROLE ${user} CONNECTION LIMIT 1`],
      off: [`ALTER ROLE ${user} CONNECTION LIMIT -1`],
      isForNewOnes: true,
    },
    otherPassword: {
      on: [`ALTER ROLE ${user} PASSWORD 'other'`],
      off: [`ALTER ROLE ${user} PASSWORD '${password}'`],
      isForNewOnes: true,
    },
    shortStatements: setting('statement_timeout', '2ms'),
    shortLockWaits: setting('lock_timeout', '100ms'),
    async lock(ids, ms) {
      const client = new pg.Client(server.url(database));
      // what the server does to it is part of the fault
      client.on('error', () => {});
      await client.connect();
      try {
        await client.query('BEGIN');
        for (const id of ids) {
          await client.query('SELECT 1 FROM agent_sessions WHERE session_id = $1 FOR UPDATE', [id]);
          await client.query(`SELECT pg_sleep(${ms / 1000})`);
        }
        await client.query('COMMIT');
      } catch (error) {
        // a deadlock has two sides
        if ((error as { code?: unknown }).code !== '40P01') throw error;
      } finally {
        await client.end();
      }
    },
  };
}
