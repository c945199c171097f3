import type { AgentInputItem } from '@openai/agents-core';
import pg from 'pg';
import { type Contender, type Conversations, POOL_SIZE } from '../contender.ts';
import { sameItems } from '../items.ts';
import { version } from '../versions.ts';
import { type Row, rewriting, rowOfCall, rowOfNewestTurn } from './stored-rows.ts';

/** The end of both appends. */
const INSERT_ITEMS = `INSERT INTO agent_messages (session_id, message_data, created_at)
SELECT head.session_id, item.text, head.at
FROM head CROSS JOIN json_array_elements_text($2::json) WITH ORDINALITY AS item(text, position)
ORDER BY item.position`;

/**
 * One statement, as a transaction of several would hold the row's lock for as many round trips. The row's lock comes
 * before the ids and the time, and the turn has one time, as our promises want it.
 */
const APPEND = `WITH head AS (
  INSERT INTO agent_sessions (session_id) VALUES ($1)
  ON CONFLICT (session_id) DO UPDATE SET updated_at = excluded.updated_at
  RETURNING session_id, clock_timestamp() AS at
)
${INSERT_ITEMS}`;

/** As above, and nothing at all where the operation is recorded already. */
const APPEND_ONCE = `WITH operation AS (
  INSERT INTO agent_sessions_operations (session_id, operation_id, digest) VALUES ($1, $3, '')
  ON CONFLICT DO NOTHING RETURNING session_id
), head AS (
  INSERT INTO agent_sessions (session_id) SELECT session_id FROM operation
  ON CONFLICT (session_id) DO UPDATE SET updated_at = excluded.updated_at
  RETURNING session_id, clock_timestamp() AS at
)
${INSERT_ITEMS}`;

/** A range, because an equality may walk the primary key backwards through everybody's rows. */
const NEWEST = `SELECT id::text AS id, message_data FROM agent_messages AS m
WHERE session_id >= $1 AND session_id <= $1 ORDER BY m.session_id DESC, m.id DESC LIMIT $2`;

const ALL = 'SELECT id::text AS id, message_data FROM agent_messages WHERE session_id = $1 ORDER BY id';

const LIST = `SELECT session_id, created_at, updated_at FROM agent_sessions
ORDER BY updated_at DESC, session_id DESC LIMIT $1`;

const LOCK = 'SELECT FROM agent_sessions WHERE session_id = $1 FOR UPDATE';

const REMOVE = 'DELETE FROM agent_messages WHERE session_id = $1 AND id = ANY ($2::bigint[])';

const UPDATE = 'UPDATE agent_messages SET message_data = $3 WHERE session_id = $1 AND id = $2';

export const postgresByHand: Contender = {
  name: 'by hand',
  rank: 'by-hand',
  version: version('pg'),
  async open(url) {
    const pool = poolOf(url);
    const { schemaSql } = await import('@stackone/sessions-postgres');
    for (const statement of schemaSql()) await pool.query(statement);
    return conversationsOf(pool);
  },
  connect: (url) => conversationsOf(poolOf(url)),
};

const poolOf = (url: string) => new pg.Pool({ connectionString: url, max: POOL_SIZE });

function conversationsOf(pool: pg.Pool): Conversations {
  const transaction = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  };
  return {
    append: (conversation, items) => pool.query(APPEND, [conversation, texts(items)]),
    appendOnce: (conversation, operation, items) =>
      pool.query(APPEND_ONCE, [conversation, texts(items), operation]),
    async newest(conversation, count) {
      const { rows } = await pool.query<Row>(NEWEST, [conversation, count]);
      return rows.map(({ message_data }) => JSON.parse(message_data)).reverse();
    },
    pop: (conversation) =>
      transaction(async (client) => {
        await client.query(LOCK, [conversation]);
        const { rows } = await client.query<Row>(
          `DELETE FROM agent_messages WHERE session_id = $1 AND id =
            (SELECT id FROM agent_messages AS m WHERE session_id >= $1 AND session_id <= $1
             ORDER BY m.session_id DESC, m.id DESC LIMIT 1) RETURNING id, message_data`,
          [conversation],
        );
        return rows[0] && JSON.parse(rows[0].message_data);
      }),
    replaceSuffix: (conversation, operation, expected, replacement) =>
      transaction(async (client) => {
        await client.query(LOCK, [conversation]);
        const recorded = await client.query(
          `INSERT INTO agent_sessions_operations (session_id, operation_id, digest) VALUES ($1, $2, '')
           ON CONFLICT DO NOTHING`,
          [conversation, operation],
        );
        if (recorded.rowCount === 0) return;
        const { rows } = await client.query<Row>(NEWEST, [conversation, expected.length]);
        if (!sameItems(rows.map(({ message_data }) => JSON.parse(message_data)).reverse(), expected))
          throw new Error('the suffix is another one');
        await client.query(REMOVE, [conversation, rows.map(({ id }) => id)]);
        await client.query(APPEND, [conversation, texts(replacement)]);
      }),
    // what belongs to it goes with it
    clear: (conversation) => pool.query('DELETE FROM agent_sessions WHERE session_id = $1', [conversation]),
    replaceCall: (conversation, replacement) =>
      transaction(async (client) => {
        await client.query(LOCK, [conversation]);
        const { rows } = await client.query<Row>(ALL, [conversation]);
        const id = rowOfCall(rows, replacement.callId);
        await client.query(UPDATE, [conversation, id, JSON.stringify(replacement)]);
      }),
    compact: (conversation, items) =>
      transaction(async (client) => {
        await client.query(LOCK, [conversation]);
        const { rows } = await client.query<Row>(ALL, [conversation]);
        const { remove, update } = rewriting(rows, items);
        await client.query(REMOVE, [conversation, remove]);
        for (const { id, text } of update) await client.query(UPDATE, [conversation, id, text]);
      }),
    async newestTurn(conversation) {
      const { rows } = await pool.query<Row>(ALL, [conversation]);
      return rowOfNewestTurn(rows);
    },
    rewind: (conversation, turn) =>
      transaction(async (client) => {
        await client.query(LOCK, [conversation]);
        await client.query('DELETE FROM agent_messages WHERE session_id = $1 AND id >= $2', [
          conversation,
          turn,
        ]);
      }),
    async list(count) {
      const { rows } = await pool.query<{ readonly session_id: string }>(LIST, [count]);
      return rows.map(({ session_id }) => session_id);
    },
    remove: (conversation) =>
      transaction(async (client) => {
        await client.query('DELETE FROM agent_sessions WHERE session_id = $1', [conversation]);
        await client.query('DELETE FROM agent_sessions_metadata WHERE session_id = $1', [conversation]);
      }),
    close: () => pool.end(),
  };
}

/** JSON, which is quicker to write than an array of PostgreSQL. */
function texts(items: readonly AgentInputItem[]): string {
  return JSON.stringify(items.map((item) => JSON.stringify(item)));
}
