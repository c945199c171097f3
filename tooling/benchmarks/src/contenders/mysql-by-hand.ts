import type { AgentInputItem } from '@openai/agents-core';
import type { MysqlServer } from '@stackone/sessions-mysql';
import mysql from 'mysql2/promise';
import { type Contender, type Conversations, POOL_SIZE } from '../contender.ts';
import { sameItems } from '../items.ts';
import { version } from '../versions.ts';
import { type Row, rewriting, rowOfCall, rowOfNewestTurn } from './stored-rows.ts';

const LOCK = `INSERT INTO agent_sessions (session_id) VALUES (?)
ON DUPLICATE KEY UPDATE updated_at = CURRENT_TIMESTAMP(6)`;
const INSERT = 'INSERT INTO agent_messages (session_id, message_data) VALUES ?';
/** A range, because an equality may walk back through everybody's rows. */
const NEWEST = `SELECT id, message_data FROM agent_messages
WHERE session_id >= ? AND session_id <= ? ORDER BY session_id DESC, id DESC LIMIT ?`;

const RECORD =
  "INSERT IGNORE INTO agent_sessions_operations (session_id, operation_id, digest) VALUES (?, ?, '')";
const ALL = 'SELECT id, message_data FROM agent_messages WHERE session_id = ? ORDER BY id';
const LIST = `SELECT session_id, created_at, updated_at FROM agent_sessions
ORDER BY updated_at DESC, session_id DESC LIMIT ?`;
const REMOVE = 'DELETE FROM agent_messages WHERE session_id = ? AND id IN (?)';
const UPDATE = 'UPDATE agent_messages SET message_data = ? WHERE session_id = ? AND id = ?';
const LOCK_EXISTING = 'SELECT 1 FROM agent_sessions WHERE session_id = ? FOR UPDATE';

/** SQL by hand for one of the two servers. Four round trips: there is no statement that does all of it. */
export const mysqlByHand = (server: MysqlServer): Contender => ({
  name: 'by hand',
  rank: 'by-hand',
  version: version('mysql2'),
  async open(url) {
    const pool = poolOf(url);
    const { schemaSql } = await import('@stackone/sessions-mysql');
    for (const statement of schemaSql({ server })) await pool.query(statement);
    return conversationsOf(pool);
  },
  connect: (url) => conversationsOf(poolOf(url)),
});

function poolOf(url: string): mysql.Pool {
  const { hostname: host, port, username, password, pathname } = new URL(url);
  return mysql.createPool({
    host,
    port: Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    charset: 'utf8mb4',
    connectionLimit: POOL_SIZE,
    supportBigNumbers: true,
  });
}

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
    const [rows] = await connection.query<MessageRow[]>(NEWEST, [conversation, conversation, count]);
    return rows.reverse();
  };
  return {
    append: (conversation, items) =>
      transaction(async (connection) => {
        await connection.query(LOCK, [conversation]);
        await connection.query(INSERT, [rowsOf(conversation, items)]);
      }),
    appendOnce: (conversation, operation, items) =>
      transaction(async (connection) => {
        await connection.query(LOCK, [conversation]);
        const [recorded] = await connection.query<mysql.ResultSetHeader>(RECORD, [conversation, operation]);
        if (recorded.affectedRows > 0) await connection.query(INSERT, [rowsOf(conversation, items)]);
      }),
    newest: async (conversation, count) =>
      (await newest(pool, conversation, count)).map(({ message_data }) => JSON.parse(message_data)),
    pop: (conversation) =>
      transaction(async (connection) => {
        await connection.query(LOCK_EXISTING, [conversation]);
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
        const [recorded] = await connection.query<mysql.ResultSetHeader>(RECORD, [conversation, operation]);
        if (recorded.affectedRows === 0) return;
        const rows = await newest(connection, conversation, expected.length);
        if (
          !sameItems(
            rows.map(({ message_data }) => JSON.parse(message_data)),
            expected,
          )
        )
          throw new Error('the suffix is another one');
        await connection.query(REMOVE, [conversation, rows.map(({ id }) => id)]);
        await connection.query(INSERT, [rowsOf(conversation, replacement)]);
      }),
    // what belongs to it goes with it
    clear: (conversation) => pool.query('DELETE FROM agent_sessions WHERE session_id = ?', [conversation]),
    replaceCall: (conversation, replacement) =>
      transaction(async (connection) => {
        await connection.query(LOCK_EXISTING, [conversation]);
        const [rows] = await connection.query<MessageRow[]>(ALL, [conversation]);
        const id = rowOfCall(rows, replacement.callId);
        await connection.query(UPDATE, [JSON.stringify(replacement), conversation, id]);
      }),
    compact: (conversation, items) =>
      transaction(async (connection) => {
        await connection.query(LOCK_EXISTING, [conversation]);
        const [rows] = await connection.query<MessageRow[]>(ALL, [conversation]);
        const { remove, update } = rewriting(rows, items);
        await connection.query(REMOVE, [conversation, remove]);
        for (const { id, text } of update) await connection.query(UPDATE, [text, conversation, id]);
      }),
    async newestTurn(conversation) {
      const [rows] = await pool.query<MessageRow[]>(ALL, [conversation]);
      return rowOfNewestTurn(rows);
    },
    rewind: (conversation, turn) =>
      transaction(async (connection) => {
        await connection.query(LOCK_EXISTING, [conversation]);
        await connection.query('DELETE FROM agent_messages WHERE session_id = ? AND id >= ?', [
          conversation,
          turn,
        ]);
      }),
    async list(count) {
      const [rows] = await pool.query<SessionRow[]>(LIST, [count]);
      return rows.map(({ session_id }) => session_id);
    },
    remove: (conversation) =>
      transaction(async (connection) => {
        await connection.query('DELETE FROM agent_sessions WHERE session_id = ?', [conversation]);
        await connection.query('DELETE FROM agent_sessions_metadata WHERE session_id = ?', [conversation]);
      }),
    close: () => pool.end(),
  };
}

type MessageRow = Row & mysql.RowDataPacket;
type SessionRow = mysql.RowDataPacket & { readonly session_id: string };

function rowsOf(conversation: string, items: readonly AgentInputItem[]): [string, string][] {
  return items.map((item) => [conversation, JSON.stringify(item)]);
}
