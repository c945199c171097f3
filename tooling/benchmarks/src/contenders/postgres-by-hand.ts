import type { AgentInputItem } from '@openai/agents-core';
import { schemaSql } from '@stackone/sessions-postgres';
import pg from 'pg';
import { type Contender, type Conversations, POOL_SIZE } from '../contender.ts';
import { sameItems } from '../items.ts';
import { version } from '../versions.ts';

/**
 * One statement, as a transaction of several would hold the row's lock for as many round trips. The row's lock comes
 * before the ids and the time, and the turn has one time, as our promises want it.
 */
const APPEND = `WITH head AS (
  INSERT INTO agent_sessions (session_id) VALUES ($1)
  ON CONFLICT (session_id) DO UPDATE SET updated_at = excluded.updated_at
  RETURNING session_id, clock_timestamp() AS at
)
INSERT INTO agent_messages (session_id, message_data, created_at)
SELECT head.session_id, item.text, head.at
FROM head CROSS JOIN json_array_elements_text($2::json) WITH ORDINALITY AS item(text, position)
ORDER BY item.position`;

/** A range, because an equality may walk the primary key backwards through everybody's rows. */
const NEWEST = `SELECT id::text AS id, message_data FROM agent_messages AS m
WHERE session_id >= $1 AND session_id <= $1 ORDER BY m.session_id DESC, m.id DESC LIMIT $2`;

const LOCK = 'SELECT FROM agent_sessions WHERE session_id = $1 FOR UPDATE';

export const postgresByHand: Contender = {
  name: 'by hand',
  rank: 'by-hand',
  version: version('pg'),
  async open(url) {
    const pool = new pg.Pool({ connectionString: url, max: POOL_SIZE });
    for (const statement of schemaSql()) await pool.query(statement);
    return conversationsOf(pool);
  },
};

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
        await client.query('DELETE FROM agent_messages WHERE session_id = $1 AND id = ANY ($2::bigint[])', [
          conversation,
          rows.map(({ id }) => id),
        ]);
        await client.query(APPEND, [conversation, texts(replacement)]);
      }),
    close: () => pool.end(),
  };
}

interface Row {
  readonly id: string;
  readonly message_data: string;
}

/** JSON, which is quicker to write than an array of PostgreSQL. */
function texts(items: readonly AgentInputItem[]): string {
  return JSON.stringify(items.map((item) => JSON.stringify(item)));
}
