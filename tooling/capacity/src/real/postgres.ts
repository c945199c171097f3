import { schemaNames } from '@stackone/sessions-core/backend';
import pg from 'pg';
import type { Shape } from '../shape.ts';
import { LARGE_TEXTS, ROWS, type TableSize } from '../size.ts';
import { grownTables } from './grown-tables.ts';
import type { RealTables } from './real-tables.ts';
import { digest, grouped, responseId, shareOf, TEXTS, textPool, turnsOf } from './turns.ts';

const GROUP = 2000;
const NAMES = schemaNames();

/** @param url - Of a database with the tables of a store. */
export async function postgresTables(url: string, version: string): Promise<RealTables> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    title: `PostgreSQL ${version}`,
    url,
    fill: (shape) => fill(client, shape),
    sizes: () => sizes(client),
    async total() {
      const { rows } = await client.query<{ bytes: string }>(
        'SELECT sum(pg_total_relation_size(name::regclass)) AS bytes FROM unnest($1::text[]) AS name',
        [grownTables()],
      );
      return Number(rows[0]?.bytes);
    },
    close: () => client.end(),
  };
}

async function fill(client: pg.Client, shape: Shape): Promise<void> {
  await client.query("SET synchronous_commit = off; SET TIME ZONE 'UTC'");
  const pool = textPool(shape.itemBytes);
  for (const group of grouped(turnsOf(shape), GROUP)) {
    const ids = group.map(({ sessionId }) => sessionId);
    const times = group.map(({ time }) => time);
    await client.query('BEGIN');
    await client.query(
      `INSERT INTO ${NAMES.sessions} (session_id, created_at, updated_at)
       SELECT id, min(time), max(time) FROM unnest($1::text[], $2::timestamp[]) AS turn (id, time) GROUP BY id ORDER BY 2
       ON CONFLICT (session_id) DO UPDATE SET updated_at = excluded.updated_at`,
      [ids, times],
    );
    await client.query(
      `INSERT INTO ${NAMES.messages} (session_id, message_data, created_at)
       SELECT id, substr($3::text, 1 + (turn.place * $5::int + item)::int % ${TEXTS}, $4::int), time
       FROM unnest($1::text[], $2::timestamp[]) WITH ORDINALITY AS turn (id, time, place), generate_series(1, $5::int) AS item
       ORDER BY turn.place, item`,
      [ids, times, pool, shape.itemBytes, shape.itemsPerTurn],
    );
    const operations = shareOf(group, shape.operationsPercent);
    const used = shareOf(group, shape.usagePercent);
    await client.query(
      `INSERT INTO ${NAMES.operations} (session_id, operation_id, digest, created_at)
       SELECT id, gen_random_uuid()::text, digest, time FROM unnest($1::text[], $2::text[], $3::timestamp[]) AS turn (id, digest, time)`,
      [
        operations.map(({ sessionId }) => sessionId),
        operations.map(digest),
        operations.map(({ time }) => time),
      ],
    );
    await client.query(
      `INSERT INTO ${NAMES.usage}
       SELECT id, response, '', time, 'gpt-5.4-mini', time, 1, 1000, 1000, 1000, 1000, 1000
       FROM unnest($1::text[], $2::text[], $3::bigint[]) AS turn (id, response, time)`,
      [
        used.map(({ sessionId }) => sessionId),
        used.map(responseId),
        used.map(({ milliseconds }) => milliseconds),
      ],
    );
    if (shape.metadataBytes > 0)
      await client.query(
        `INSERT INTO ${NAMES.metadata} SELECT id, substr($2::text, 1, $3::int), 1 FROM unnest($1::text[]) AS id`,
        [
          group.filter(({ isFirst }) => isFirst).map(({ sessionId }) => sessionId),
          textPool(shape.metadataBytes),
          shape.metadataBytes,
        ],
      );
    await client.query('COMMIT');
  }
}

async function sizes(client: pg.Client): Promise<TableSize[]> {
  const { rows } = await client.query<{ table: string; part: string; kind: string; bytes: string }>(
    `SELECT tables.relname AS table, part.relname AS part, part.kind, part.bytes FROM pg_class AS tables,
       LATERAL (
         SELECT relname, 'rows' AS kind, pg_relation_size(oid) AS bytes FROM pg_class WHERE oid = tables.oid
         UNION ALL
         SELECT relname, CASE WHEN indisprimary THEN 'primary' ELSE 'index' END, pg_relation_size(oid)
         FROM pg_index JOIN pg_class ON oid = indexrelid WHERE indrelid = tables.oid
         UNION ALL
         SELECT relname, 'large', pg_total_relation_size(oid) FROM pg_class WHERE oid = tables.reltoastrelid
       ) AS part
     WHERE tables.oid = ANY (SELECT name::regclass FROM unnest($1::text[]) AS name)`,
    [grownTables()],
  );
  const counts = new Map<string, number>();
  for (const table of grownTables()) {
    const { rows: found } = await client.query<{ count: string }>(`SELECT count(*) AS count FROM ${table}`);
    counts.set(table, Number(found[0]?.count));
  }
  const titles: Readonly<Record<string, string>> = {
    rows: ROWS,
    primary: 'primary key',
    large: LARGE_TEXTS,
  };
  return [...counts].map(([table, count]) => ({
    table,
    rows: count,
    parts: rows
      .filter((row) => row.table === table)
      .map(({ kind, part, bytes }) => ({ name: titles[kind] ?? part, bytes: Number(bytes) })),
  }));
}
