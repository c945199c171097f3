import { schemaNames } from '@stackone/sessions-core/backend';
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise';
import type { Shape } from '../shape.ts';
import { bytesOf, type Part, ROWS, sum, type TableSize, UNUSED } from '../size.ts';
import { grownTables } from './grown-tables.ts';
import type { RealTables } from './real-tables.ts';
import { digest, grouped, responseId, shareOf, TEXTS, textPool, turnsOf } from './turns.ts';

const GROUP = 1000;
const PAGE = 16384;
const NAMES = schemaNames();

/** @param url - Of a database with the tables of a store. */
export async function innodbTables(
  engine: 'mysql' | 'mariadb',
  url: string,
  version: string,
): Promise<RealTables> {
  const connection = await mysql.createConnection(url.replace(/^mariadb:/, 'mysql:'));
  const database = decodeURIComponent(new URL(url).pathname.slice(1));
  const files = engine === 'mysql' ? 'innodb_tablespaces' : 'innodb_sys_tablespaces';
  return {
    title: `${engine === 'mysql' ? 'MySQL' : 'MariaDB'} ${version}`,
    url,
    fill: (shape) => fill(connection, shape),
    sizes: () => sizes(connection, database, files),
    total: async () => sum((await sizes(connection, database, files)).map(bytesOf)),
    close: () => connection.end(),
  };
}

async function fill(connection: Connection, shape: Shape): Promise<void> {
  await connection.query("SET time_zone = '+00:00', foreign_key_checks = 0");
  await connection.query('SET @pool = ?', [textPool(Math.max(shape.itemBytes, shape.metadataBytes))]);
  for (const group of grouped(turnsOf(shape), GROUP)) {
    const insert = async (into: string, rows: readonly string[], after = '') => {
      if (rows.length > 0) await connection.query(`INSERT INTO ${into} VALUES ${rows.join(', ')}${after}`);
    };
    await connection.query('START TRANSACTION');
    await insert(
      `${NAMES.sessions} (session_id, created_at, updated_at)`,
      group.map(({ sessionId, time }) => `('${sessionId}', '${time}', '${time}')`),
      ' ON DUPLICATE KEY UPDATE updated_at = VALUES(updated_at)',
    );
    await insert(
      `${NAMES.messages} (session_id, message_data, created_at)`,
      group.flatMap(({ sessionId, time }, place) =>
        Array.from({ length: shape.itemsPerTurn }, (_, item) => {
          const from = 1 + ((place * shape.itemsPerTurn + item) % TEXTS);
          return `('${sessionId}', SUBSTR(@pool, ${from}, ${shape.itemBytes}), '${time}')`;
        }),
      ),
    );
    await insert(
      `${NAMES.operations} (session_id, operation_id, digest, created_at)`,
      shareOf(group, shape.operationsPercent).map(
        ({ sessionId, time }) => `('${sessionId}', '${crypto.randomUUID()}', '${digest()}', '${time}')`,
      ),
    );
    await insert(
      NAMES.usage,
      shareOf(group, shape.usagePercent).map(
        ({ sessionId, milliseconds }) =>
          `('${sessionId}', '${responseId()}', '', ${milliseconds}, 'gpt-5.4-mini', ${milliseconds}, 1, 1000, 1000, 1000, 1000, 1000)`,
      ),
    );
    if (shape.metadataBytes > 0)
      await insert(
        NAMES.metadata,
        group
          .filter(({ isFirst }) => isFirst)
          .map(({ sessionId }) => `('${sessionId}', SUBSTR(@pool, 1, ${shape.metadataBytes}), 1)`),
      );
    await connection.query('COMMIT');
  }
}

async function sizes(connection: Connection, database: string, files: string): Promise<TableSize[]> {
  const tables: TableSize[] = [];
  for (const table of grownTables()) {
    // what the statistics say of pages is as of then
    await connection.query(`ANALYZE TABLE ${table}`);
    const [counts] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS count FROM ${table}`);
    const [trees] = await connection.query<RowDataPacket[]>(
      `SELECT index_name AS name, stat_value AS pages FROM mysql.innodb_index_stats
       WHERE database_name = ? AND table_name = ? AND stat_name = 'size'`,
      [database, table],
    );
    const [spaces] = await connection.query<RowDataPacket[]>(
      `SELECT file_size AS bytes FROM information_schema.${files} WHERE name = ?`,
      [`${database}/${table}`],
    );
    const parts: Part[] = trees.map(({ name, pages }) => ({
      name: name === 'PRIMARY' ? ROWS : String(name),
      bytes: Number(pages) * PAGE,
    }));
    const used = sum(parts.map(({ bytes }) => bytes));
    parts.push({ name: UNUSED, bytes: Number(spaces[0]?.bytes) - used });
    tables.push({ table, rows: Number(counts[0]?.count), parts });
  }
  return tables;
}
