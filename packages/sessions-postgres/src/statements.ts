import type { TableNames } from '@stackone/sessions-core';
import { derivedName, schemaNames } from '@stackone/sessions-core/backend';

/** Quotes the name of a schema, table or index. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as it stands in a statement. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Every name in the database that belongs to one pair of tables. */
export function postgresNames(tables?: TableNames, schema?: string) {
  const names = schemaNames(tables);
  return { ...names, runsIdIndex: derivedName('idx_', names.sessions, '_runs_id'), schema };
}

export type PostgresNames = ReturnType<typeof postgresNames>;

/** The quoted names of the tables, with their schema if it is known. */
export function qualifiedTables(names: PostgresNames) {
  const prefix = names.schema === undefined ? '' : `${quoteName(names.schema)}.`;
  return {
    sessions: prefix + quoteName(names.sessions),
    messages: prefix + quoteName(names.messages),
    operations: prefix + quoteName(names.operations),
    metadata: prefix + quoteName(names.metadata),
    usage: prefix + quoteName(names.usage),
    runs: prefix + quoteName(names.runs),
    erasures: prefix + quoteName(names.erasures),
    schemaVersion: prefix + quoteName(names.schemaVersion),
  };
}

export type TableKind = keyof ReturnType<typeof qualifiedTables>;

/** No session state is used anywhere, and nothing but the transaction's own level is set: poolers allow that. */
export const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED';
export const COMMIT = 'COMMIT';
export const ROLLBACK = 'ROLLBACK';
export const SAVEPOINT = 'SAVEPOINT agent_session';
export const RELEASE = 'RELEASE SAVEPOINT agent_session';
export const ROLLBACK_TO_SAVEPOINT = 'ROLLBACK TO SAVEPOINT agent_session';

/** One process makes tables at a time; the others wait here. Held until the transaction ends. */
export const LOCK_SCHEMA = "SELECT 1 FROM pg_advisory_xact_lock(hashtext('@stackone/sessions-postgres'))";

/**
 * What a store has to know of a server and its tables, as one JSON text. Indexes in order have other names on Aurora DSQL,
 * YugabyteDB (with a bit of its own for a column that is hashed) and CockroachDB. Parameters: the quoted names of the
 * tables by their kind, as JSON, and the name of the schema (or NULL).
 */
export const INSPECT = `WITH wanted AS (
  SELECT kind, to_regclass(name) AS oid FROM json_each_text($1::text::json) AS names(kind, name)
)
SELECT json_build_object(
  'encoding', current_setting('server_encoding'),
  'isolation', current_setting('default_transaction_isolation'),
  'schema', coalesce($2::text, current_schema()),
  'schemaExists', EXISTS (SELECT FROM pg_namespace WHERE nspname = coalesce($2::text, current_schema())),
  'tables', (SELECT json_object_agg(kind, json_build_object(
    'readable', has_table_privilege(pg_class.oid, 'SELECT'),
    'schema', (SELECT nspname FROM pg_namespace WHERE pg_namespace.oid = relnamespace),
    'columns', (
      SELECT json_agg(json_build_object('name', attname, 'type', typname, 'exact', coalesce(collisdeterministic, true),
        'default', pg_get_expr(adbin, adrelid)))
      FROM pg_attribute
      JOIN pg_type ON pg_type.oid = atttypid
      LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
      LEFT JOIN pg_collation ON pg_collation.oid = attcollation
      WHERE attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    ),
    'indexes', (
      SELECT json_agg(json_build_object('unique', indisunique AND indimmediate, 'primary', indisprimary, 'columns', (
        SELECT json_agg(attname ORDER BY position)
        FROM unnest(indkey::int2[]) WITH ORDINALITY AS key(number, position)
        LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = key.number
        WHERE position <= indnkeyatts
      )))
      FROM pg_index
      JOIN pg_class AS index ON index.oid = indexrelid
      JOIN pg_am ON pg_am.oid = index.relam
      WHERE indrelid = pg_class.oid AND indisvalid AND indpred IS NULL AND amname IN ('btree', 'btree_index', 'lsm', 'prefix')
        AND (SELECT count(DISTINCT direction & 3) = 1 FROM unnest(indoption::int2[]) AS direction)
    )
  )) FROM wanted JOIN pg_class ON pg_class.oid = wanted.oid)
)::text AS state`;

// Columns have names of one small word, which drivers that change names leave alone (postgres.js: transform).
// ids as text: they may exceed 2^53. ORDER BY names the column in full, as "id" alone is then the text
export const textRow = 'm.id::text AS id, m.message_data AS text';
// Not "session_id = $1": then the primary key read backwards looks cheaper, and passes over everybody's rows.
export const ofSession = 'm.session_id >= $1 AND m.session_id <= $1';
export const newestFirst = 'ORDER BY m.session_id DESC, m.id DESC';

/**
 * The text of every statement that a store runs after it is open.
 *
 * @param withErasures - Whether the table of ids that were erased is there.
 */
export function statements(names: PostgresNames, withErasures: boolean) {
  const { sessions, messages, operations, metadata, usage, runs } = qualifiedTables(names);
  return {
    appendTurn: appendTurnText(names, false, withErasures),
    appendTurnOnce: appendTurnText(names, true, withErasures),
    append: appendText(names, false, withErasures),
    appendOnce: appendText(names, true, withErasures),
    read: `SELECT ${textRow} FROM ${messages} AS m WHERE ${ofSession} ${newestFirst} LIMIT $2::bigint`,
    // one comparison of both columns, so that the index begins at the row and not at the newest one
    readBefore:
      `SELECT ${textRow} FROM ${messages} AS m WHERE m.session_id >= $1 ` +
      `AND (m.session_id, m.id) < ($1, $2::text::bigint) ${newestFirst} LIMIT $3::bigint`,
    pop: popText(names),
    find: `SELECT 1 FROM ${sessions} WHERE session_id = $1`,
    lock: `SELECT 1 FROM ${sessions} WHERE session_id = $1 FOR UPDATE`,
    // Waits for another caller that makes it, and then finds nothing to do: no row comes back.
    makeSession: `INSERT INTO ${sessions} (session_id) VALUES ($1) ON CONFLICT (session_id) DO NOTHING RETURNING 1`,
    sessionIds: idsOf(sessions),
    /** With those that were cleared, and have a title, usage or runs still. */
    describedSessionIds:
      `(${idsOf(sessions)}) UNION (${idsOf(metadata)}) UNION (${idsOf(usage)}) UNION (${idsOf(runs)}) ` +
      'ORDER BY id LIMIT $2::bigint',
    removeSession: `DELETE FROM ${sessions} WHERE session_id = $1`,
    update:
      `UPDATE ${messages} AS m SET message_data = change.text FROM ${changesIn('$2')} ` +
      'WHERE m.session_id = $1 AND m.id = change.id',
    remove: `DELETE FROM ${messages} WHERE session_id = $1 AND id = ${anyIdIn('$2')}`,
    removeAll: `DELETE FROM ${messages} WHERE session_id = $1`,
    readOperation: `SELECT digest FROM ${operations} WHERE session_id = $1 AND operation_id = $2`,
    removeOperations: `DELETE FROM ${operations} WHERE session_id = $1`,
  };
}

function idsOf(table: string): string {
  // not as a range: see conversation-statements.ts
  return (
    `SELECT DISTINCT session_id AS id FROM ${table} WHERE session_id > $1 AND starts_with(session_id, $3::text) ` +
    'ORDER BY session_id LIMIT $2::bigint'
  );
}

export type PostgresStatements = ReturnType<typeof statements>;

/** The ids of rows in a JSON list. */
export const anyIdIn = (json: string) =>
  `ANY (ARRAY (SELECT value::bigint FROM json_array_elements_text(${json}::text::json) AS value))`;

/** Rows with their new texts, in a JSON list. */
export const changesIn = (json: string) =>
  `json_to_recordset(${json}::text::json) AS change(id bigint, text text)`;

/** The texts, from position 2 on: nothing stands before the first mark. */
export const itemsIn = (texts: string, mark: string) =>
  `string_to_table(${texts}::text, ${mark}::text) WITH ORDINALITY AS item(text, position)`;
const ITEMS = itemsIn('$2', '$3');
export const BEHIND_MARK = 'item.position > 1';

/**
 * {@link appendText} for one turn, which PostgreSQL plans in half the time. The clock is read, and ids are drawn above
 * the sort, when the session's row is locked.
 *
 * Parameters: the session's id; the texts, each after the mark; the mark; the operation's id and digest.
 */
function appendTurnText(names: PostgresNames, once: boolean, withErasures: boolean): string {
  const { sessions, messages, operations, erasures } = qualifiedTables(names);
  const made = withErasures
    ? `SELECT $1::text WHERE NOT EXISTS (SELECT FROM ${erasures} WHERE digest = ${digestIn('$1')} AND ${LASTS})`
    : 'VALUES ($1)';
  const insert = `INSERT INTO ${messages} (session_id, message_data, created_at)
  SELECT $1, item.text, locked.at
  FROM locked CROSS JOIN ${ITEMS}`;
  return `WITH locked AS (
  INSERT INTO ${sessions} (session_id) ${made}
  ON CONFLICT (session_id) DO UPDATE SET updated_at = excluded.updated_at
  RETURNING clock_timestamp() AS at
)${
    once
      ? `, recorded AS (
  INSERT INTO ${operations} AS o (session_id, operation_id, digest, created_at)
  SELECT $1, $4, $5, at AT TIME ZONE 'UTC' FROM locked
  ${RECORD_ONCE}
), added AS (
  ${insert} CROSS JOIN recorded WHERE ${BEHIND_MARK} AND recorded.stored ORDER BY item.position
)
SELECT session_id AS session, operation_id AS operation, digest, stored::text AS stored FROM recorded${
          withErasures ? ` UNION ALL SELECT NULL, NULL, NULL, ${refusedWithout('locked')}` : ''
        }`
      : withErasures
        ? `, added AS (
  ${insert} WHERE ${BEHIND_MARK} ORDER BY item.position
)
SELECT ${refusedWithout('locked')}`
        : `
${insert} WHERE ${BEHIND_MARK} ORDER BY item.position`
  }`;
}

/** What a conversation that was erased is known by: SHA-256 in hex, of its id in UTF-8, which is the encoding of the database. */
export function digestIn(place: string): string {
  return `encode(sha256(convert_to(${place}::text, 'UTF8')), 'hex')`;
}

/** In ms since 1970. */
export const NOW = '(extract(epoch FROM statement_timestamp()) * 1000)::bigint';

const LASTS = `ends_at > ${NOW}`;

/** Whether the session was erased whose id stands there: by default as the first parameter. */
export function isErased(erasures: string, place = '$1'): string {
  return `SELECT 1 FROM ${erasures} WHERE digest = ${digestIn(place)} AND ${LASTS}`;
}

/** The one row that comes back where nothing was stored because a conversation was erased. */
function refusedWithout(locks: string): string {
  return `'erased' AS stored WHERE NOT EXISTS (SELECT FROM ${locks})`;
}

const RECORD_ONCE = `ON CONFLICT (session_id, operation_id) DO UPDATE SET calls = o.calls + 1
  RETURNING session_id, operation_id, digest, calls = 1 AS stored`;

/**
 * The one statement of an append. Its parts depend on each other's results, and that is what orders them: `locked`
 * takes the lock of every session in the order of their ids; `turn` has a row only when it holds them all, and
 * reads the clock then; rows get their ids above the sort, so after all of that. All rows of a call share one
 * time: readers that sort by time, as the Python SDK does, see the turn whole.
 *
 * The clock is written as the column has it: `timestamp` without zone in the connection's TimeZone, as Python does.
 * That of operations, which Python does not read, is in UTC: their age must not depend on who asks.
 *
 * Parameters: the batches as JSON; all texts, each after the mark; the mark.
 *
 * @param once - With operations. For each it returns the digest that is recorded now, and whether it is new. Old ones
 * of its session are forgotten where it says so, but for those of this call: a row cannot be changed twice.
 * Their sessions are an array, as a join with `batch`, of which nothing can be estimated, reads the whole table.
 */
function appendText(names: PostgresNames, once: boolean, withErasures: boolean): string {
  const { sessions, messages, operations, erasures } = qualifiedTables(names);
  // an array, as of a join with `batch` nothing can be estimated
  const unlessErased = withErasures
    ? `WHERE NOT EXISTS (SELECT FROM ${erasures}
    WHERE digest = ANY (ARRAY (SELECT ${digestIn('session_id')} FROM batch)) AND ${LASTS}) `
    : '';
  const recorded = `, recorded AS (
  INSERT INTO ${operations} AS o (session_id, operation_id, digest, created_at)
  SELECT batch.session_id, batch.operation_id, batch.digest, turn.at AT TIME ZONE 'UTC' FROM turn CROSS JOIN batch
  WHERE batch.operation_id IS NOT NULL
  ${RECORD_ONCE}
), forgotten AS (
  DELETE FROM ${operations} AS old
  WHERE old.session_id = ANY (ARRAY (SELECT session_id FROM batch WHERE forget_older_than IS NOT NULL))
    AND old.created_at < (
      SELECT turn.at AT TIME ZONE 'UTC' - make_interval(secs => (SELECT max(forget_older_than) FROM batch)) FROM turn
    )
    AND old.operation_id NOT IN (SELECT operation_id FROM batch WHERE operation_id IS NOT NULL)
)`;
  const insert = `INSERT INTO ${messages} (session_id, message_data, created_at)
  SELECT batch.session_id, item.text, turn.at
  FROM turn CROSS JOIN batch CROSS JOIN generate_series(batch.first, batch.last) AS place
  JOIN ${ITEMS} ON item.position = place + 1${
    once
      ? `
  LEFT JOIN recorded ON recorded.session_id = batch.session_id AND recorded.operation_id = batch.operation_id
  WHERE batch.operation_id IS NULL OR recorded.stored`
      : ''
  }
  ORDER BY item.position`;
  return `WITH batch AS (
  SELECT * FROM json_to_recordset($1::text::json)
    AS batch(session_id text, operation_id text, digest text, forget_older_than float8, first int, last int)
), locked AS (
  INSERT INTO ${sessions} (session_id)
  SELECT session_id FROM (SELECT DISTINCT session_id FROM batch) AS ids ${unlessErased}ORDER BY session_id COLLATE "C"
  ON CONFLICT (session_id) DO UPDATE SET updated_at = excluded.updated_at
  RETURNING session_id
), turn AS MATERIALIZED (
  SELECT clock_timestamp() AS at FROM (SELECT count(*) AS n FROM locked) AS locks WHERE locks.n > 0
)${
    once
      ? `${recorded}, added AS (
  ${insert}
)
SELECT session_id AS session, operation_id AS operation, digest, stored::text AS stored FROM recorded${
          withErasures ? ` UNION ALL SELECT NULL, NULL, NULL, ${refusedWithout('turn')}` : ''
        }`
      : withErasures
        ? `, added AS (
  ${insert}
)
SELECT ${refusedWithout('turn')}`
        : `
${insert}`
  }`;
}

/** The version of the session's row when it is locked, and when the statement began. */
export const lockedAndSeen = (sessions: string) => `locked AS MATERIALIZED (
  SELECT xmin::text AS version FROM ${sessions} WHERE session_id = $1 FOR UPDATE
), seen AS MATERIALIZED (
  SELECT xmin::text AS version FROM ${sessions} WHERE session_id = $1
)`;

/** One row of {@link lockedAndSeen} where the session is not what the statement sees. */
export const WHERE_CHANGED =
  'FROM seen LEFT JOIN locked ON true WHERE locked.version IS DISTINCT FROM seen.version';

/**
 * The one statement of a pop. What it sees is older than its wait for the session's lock. Rows that others removed
 * meanwhile are passed over, because the newest is locked too (A9). Rows that others added it cannot see: an append
 * changes the session's row, so a row of NULLs comes back then, and the pop is made again. So it does where the session
 * that it sees is gone after the wait: it may have been made again.
 */
function popText(names: PostgresNames): string {
  const { sessions, messages } = qualifiedTables(names);
  return `WITH ${lockedAndSeen(sessions)}, popped AS (
  DELETE FROM ${messages} AS m WHERE m.session_id = $1 AND m.id = (
    SELECT m.id FROM ${messages} AS m WHERE ${ofSession} AND EXISTS (SELECT FROM locked JOIN seen USING (version))
    ${newestFirst} LIMIT 1 FOR UPDATE
  ) RETURNING ${textRow}
)
SELECT id, text FROM popped
UNION ALL SELECT NULL, NULL ${WHERE_CHANGED}`;
}
