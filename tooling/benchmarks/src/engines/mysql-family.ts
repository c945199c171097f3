import { startMariadb, startMysql } from '@stackone/test-servers';
import mysql from 'mysql2';
import { JSON_AROUND_MARK, TURN_ITEMS } from '../items.ts';
import type { Engine, ServerSettings } from './engine.ts';

const SETTINGS = [
  'innodb_flush_log_at_trx_commit',
  'innodb_doublewrite',
  'log_bin',
  'sync_binlog',
  'innodb_buffer_pool_size',
  'innodb_redo_log_capacity',
  'innodb_log_file_size',
];
/** How many rows one statement adds. */
const CHUNK = 100_000;
const DIGITS = `(${Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS n`).join(' UNION ALL ')})`;

export async function startMysqlEngine(name: 'mysql' | 'mariadb', settings: ServerSettings): Promise<Engine> {
  const server =
    name === 'mysql'
      ? await startMysql({ durable: true, settings })
      : await startMariadb({ durable: true, version: '10.11', settings });
  const databaseOf = (url: string) => decodeURIComponent(new URL(url).pathname.slice(1));
  const rows = await server.query(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${SETTINGS.map((setting) => `'${setting}'`)})`,
  );
  return {
    name,
    title: `${name === 'mysql' ? 'MySQL' : 'MariaDB'} ${server.version}`,
    settings: Object.fromEntries(
      rows.map(({ Variable_name, Value }) => [String(Variable_name), String(Value)]),
    ),
    hasTables: true,
    isBelow: server.isBelow,
    server: { host: server.host, port: server.port, engine: name },
    makeDatabase: async () => server.url(await server.createDatabase()),
    async connections(url) {
      const [row] = await server.query(
        `SELECT count(*) AS count FROM information_schema.processlist WHERE db = '${databaseOf(url)}'`,
      );
      return Number(row?.count);
    },
    async fill(url, conversation, turns) {
      const database = databaseOf(url);
      const [even, odd] = JSON_AROUND_MARK.map(({ before, after }) => {
        const mark = `'${conversation}/', n DIV ${TURN_ITEMS}, '/', n MOD ${TURN_ITEMS}`;
        return `CONCAT(${mysql.escape(before)}, ${mark}, ${mysql.escape(after)})`;
      });
      await server.query(`INSERT INTO agent_sessions (session_id) VALUES ('${conversation}')`, database);
      for (let first = 0; first < turns * TURN_ITEMS; first += CHUNK) {
        const count = Math.min(CHUNK, turns * TURN_ITEMS - first);
        await server.query(
          `INSERT INTO agent_messages (session_id, message_data)
           SELECT '${conversation}', CASE n MOD 2 WHEN 0 THEN ${even} ELSE ${odd} END FROM (
             SELECT ${first} + a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS n
             FROM ${DIGITS} AS a, ${DIGITS} AS b, ${DIGITS} AS c, ${DIGITS} AS d, ${DIGITS} AS e
           ) AS numbers WHERE n < ${first + count} ORDER BY n`,
          database,
        );
      }
      await server.query('ANALYZE TABLE agent_messages', database);
    },
    stop: () => server.stop(),
  };
}
