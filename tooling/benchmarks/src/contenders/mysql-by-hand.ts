import type { AgentInputItem } from '@openai/agents-core';
import { type MysqlServer, schemaSql } from '@stackone/sessions-mysql';
import mysql from 'mysql2/promise';
import { type Contender, type Conversations, POOL_SIZE } from '../contender.ts';
import { sameItems } from '../items.ts';
import { version } from '../versions.ts';

const LOCK = `INSERT INTO agent_sessions (session_id) VALUES (?)
ON DUPLICATE KEY UPDATE updated_at = CURRENT_TIMESTAMP(6)`;
const INSERT = 'INSERT INTO agent_messages (session_id, message_data) VALUES ?';
/** A range, because an equality may walk back through everybody's rows. */
const NEWEST = `SELECT id, message_data FROM agent_messages
WHERE session_id >= ? AND session_id <= ? ORDER BY session_id DESC, id DESC LIMIT ?`;

/** SQL by hand for one of the two servers. Four round trips: there is no statement that does all of it. */
export const mysqlByHand = (server: MysqlServer): Contender => ({
  name: 'by hand',
  rank: 'by-hand',
  version: version('mysql2'),
  async open(url) {
    const { hostname: host, port, username, password, pathname } = new URL(url);
    const pool = mysql.createPool({
      host,
      port: Number(port),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: decodeURIComponent(pathname.slice(1)),
      charset: 'utf8mb4',
      connectionLimit: POOL_SIZE,
      supportBigNumbers: true,
    });
    for (const statement of schemaSql({ server })) await pool.query(statement);
    return conversationsOf(pool);
  },
});

function conversationsOf(pool: mysql.Pool): Conversations {
  const transaction = async <T>(work: (connection: mysql.PoolConnection) => Promise<T>): Promise<T> => {
    const connection = await pool.getConnection();
    try {
      await connection.query('START TRANSACTION');
      const result = await work(connection);
      await connection.query('COMMIT');
      return result;
    } catch (error) {
      await connection.query('ROLLBACK');
      throw error;
    } finally {
      connection.release();
    }
  };
  const newest = async (
    connection: mysql.Pool | mysql.PoolConnection,
    conversation: string,
    count: number,
  ) => {
    const [rows] = await connection.query<Row[]>(NEWEST, [conversation, conversation, count]);
    return rows.reverse();
  };
  return {
    append: (conversation, items) =>
      transaction(async (connection) => {
        await connection.query(LOCK, [conversation]);
        await connection.query(INSERT, [rowsOf(conversation, items)]);
      }),
    newest: async (conversation, count) =>
      (await newest(pool, conversation, count)).map(({ message_data }) => JSON.parse(message_data)),
    pop: (conversation) =>
      transaction(async (connection) => {
        await connection.query('SELECT 1 FROM agent_sessions WHERE session_id = ? FOR UPDATE', [
          conversation,
        ]);
        const [row] = await newest(connection, conversation, 1);
        if (!row) return undefined;
        await connection.query('DELETE FROM agent_messages WHERE session_id = ? AND id = ?', [
          conversation,
          row.id,
        ]);
        return JSON.parse(row.message_data);
      }),
    replaceSuffix: (conversation, operation, expected, replacement) =>
      transaction(async (connection) => {
        await connection.query(LOCK, [conversation]);
        const [recorded] = await connection.query<mysql.ResultSetHeader>(
          "INSERT IGNORE INTO agent_sessions_operations (session_id, operation_id, digest) VALUES (?, ?, '')",
          [conversation, operation],
        );
        if (recorded.affectedRows === 0) return;
        const rows = await newest(connection, conversation, expected.length);
        if (
          !sameItems(
            rows.map(({ message_data }) => JSON.parse(message_data)),
            expected,
          )
        )
          throw new Error('the suffix is another one');
        await connection.query('DELETE FROM agent_messages WHERE session_id = ? AND id IN (?)', [
          conversation,
          rows.map(({ id }) => id),
        ]);
        await connection.query(INSERT, [rowsOf(conversation, replacement)]);
      }),
    close: () => pool.end(),
  };
}

interface Row extends mysql.RowDataPacket {
  readonly id: string | number;
  readonly message_data: string;
}

function rowsOf(conversation: string, items: readonly AgentInputItem[]): [string, string][] {
  return items.map((item) => [conversation, JSON.stringify(item)]);
}
