import { setTimeout as wait } from 'node:timers/promises';
import type { TestServer } from '@stackone/test-servers';
import mysql from 'mysql2/promise';
import { type ServerOrders, type Switch, WRITER } from './server-orders.ts';

const { user, password } = WRITER;
const OF_WRITERS = `FROM information_schema.processlist WHERE user = '${user}'`;
const NO_SUCH_THREAD = 'ER_NO_SUCH_THREAD';

/** A setting that connections of the writers begin with. Those of the administrator run no `init_connect`. */
const setting = (name: string, value: string): Switch => ({
  on: [`SET GLOBAL init_connect = 'SET SESSION ${name} = ${value}'`],
  off: [`SET GLOBAL init_connect = ''`],
  isForNewOnes: true,
});

/** What an administrator of MySQL and MariaDB does. */
export function mysqlOrders(server: TestServer, database: string): ServerOrders {
  const each = async (does: string, chance: number, random: () => number) => {
    for (const { id } of await server.query(`SELECT id AS id ${OF_WRITERS}`)) {
      if (random() >= chance) continue;
      await server.query(`${does} ${id}`).catch((error: { code?: unknown }) => {
        if (error.code !== NO_SUCH_THREAD) throw error;
      });
    }
  };
  const isMysql = server.engine === 'mysql';
  return {
    makeUser: (name) => [
      `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`,
      `GRANT ALL ON \`${name}\`.* TO '${user}'@'%'`,
    ],
    connections: `SELECT count(*) AS n ${OF_WRITERS}`,
    end: (chance, random) => each('KILL', chance, random),
    cancel: (chance, random) => each('KILL QUERY', chance, random),
    readOnly: { on: ['SET GLOBAL read_only = ON'], off: ['SET GLOBAL read_only = OFF'] },
    fewConnections: {
      on: [`ALTER USER '${user}'@'%' WITH MAX_USER_CONNECTIONS 1`],
      off: [`ALTER USER '${user}'@'%' WITH MAX_USER_CONNECTIONS 0`],
      isForNewOnes: true,
    },
    otherPassword: {
      on: [`ALTER USER '${user}'@'%' IDENTIFIED BY 'other'`],
      off: [`ALTER USER '${user}'@'%' IDENTIFIED BY '${password}'`],
      isForNewOnes: true,
    },
    // MySQL has a limit for reads alone, in ms
    shortStatements: isMysql ? setting('max_execution_time', '1') : setting('max_statement_time', '0.002'),
    shortLockWaits: setting('innodb_lock_wait_timeout', '1'),
    async lock(ids, ms) {
      const connection = await mysql.createConnection(server.url(database).replace(/^mariadb:/, 'mysql:'));
      try {
        await connection.query('BEGIN');
        for (const id of ids) {
          await connection.query('SELECT 1 FROM agent_sessions WHERE session_id = ? FOR UPDATE', [id]);
          await wait(ms);
        }
        await connection.query('COMMIT');
      } catch (error) {
        // a deadlock has two sides
        if ((error as { code?: unknown }).code !== 'ER_LOCK_DEADLOCK') throw error;
      } finally {
        connection.destroy();
      }
    },
  };
}
