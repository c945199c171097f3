import mysql from 'mysql2/promise';
import pg from 'pg';
import { openDatabase } from './contenders/sqlite-by-hand.ts';
import type { EngineName } from './engines/engine.ts';

/** The engines that have tables. */
export type SqlEngineName = Exclude<EngineName, 'memory'>;

/** Runs one statement over a connection of its own. */
export async function execute(name: SqlEngineName, url: string, sql: string): Promise<void> {
  if (name === 'sqlite') {
    const file = openDatabase(url);
    file.exec(sql);
    file.close();
  } else if (name === 'postgres') {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(sql);
    await client.end();
  } else {
    const connection = await mysql.createConnection(url.replace(/^mariadb:/, 'mysql:'));
    await connection.query(sql);
    await connection.end();
  }
}

/**
 * Makes the conversations `chat_1` to `chat_{count}`, without items, by SQL alone. The times of their last changes are spread over
 * the day before now, and come up to ten times each. The tables are there.
 */
export async function fillConversations(name: SqlEngineName, url: string, count: number): Promise<void> {
  await execute(name, url, FILL[name](count));
  if (name === 'postgres') await execute(name, url, 'VACUUM ANALYZE agent_sessions');
  if (name === 'mysql' || name === 'mariadb') await execute(name, url, 'ANALYZE TABLE agent_sessions');
}

const FILL: Readonly<Record<SqlEngineName, (count: number) => string>> = {
  sqlite: (count) =>
    `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${count})
     INSERT INTO agent_sessions SELECT 'chat_' || n, datetime('now', '-' || (n * 7919 % 86399) || ' seconds'),
       datetime('now', '-' || (n * 7919 % 86399) || ' seconds') FROM n`,
  postgres: (count) =>
    `INSERT INTO agent_sessions SELECT 'chat_' || n, now() - (n::bigint * 7919 % 86399) * interval '1 s',
       now() - (n::bigint * 7919 % 86399) * interval '1 s' FROM generate_series(1, ${count}) AS n`,
  mysql: seriesOfMysql,
  mariadb: seriesOfMysql,
};

function seriesOfMysql(count: number): string {
  const digits = `(${Array.from({ length: 10 }, (_, digit) => `SELECT ${digit} AS n`).join(' UNION ALL ')})`;
  return `INSERT INTO agent_sessions SELECT CONCAT('chat_', n), FROM_UNIXTIME(UNIX_TIMESTAMP() - n * 7919 MOD 86399),
    FROM_UNIXTIME(UNIX_TIMESTAMP() - n * 7919 MOD 86399) FROM (SELECT 1 + a.n + 10 * b.n + 100 * c.n + 1000 * d.n +
    10000 * e.n + 100000 * f.n AS n FROM ${digits} AS a, ${digits} AS b, ${digits} AS c, ${digits} AS d, ${digits} AS e,
    ${digits} AS f) AS numbers WHERE n <= ${count}`;
}
