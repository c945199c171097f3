import { type PostgresNames, qualifiedTables, type TableKind } from './statements.js';

/** What {@link SERVER_STATE} answers. */
export interface ServerState {
  readonly version: string;
  /** Quoted. */
  readonly user: string;
  readonly settings: Readonly<Record<string, string | undefined>>;
  readonly isStandby: boolean;
  /** Connections to all databases. */
  readonly used: number;
  readonly roleLimit: number;
  readonly databaseLimit: number;
  readonly number: number;
}

/** What is asked of a server, as one JSON text. */
export const SERVER_STATE = `SELECT json_build_object(
  'version', current_setting('server_version'),
  'user', quote_ident(current_user),
  'settings', (SELECT json_object_agg(name, setting) FROM pg_settings WHERE name IN ('max_connections',
    'superuser_reserved_connections', 'reserved_connections', 'synchronous_commit', 'fsync', 'full_page_writes', 'autovacuum',
    'track_counts', 'default_transaction_isolation', 'default_transaction_read_only', 'TimeZone')),
  'isStandby', pg_is_in_recovery(),
  'used', (SELECT sum(numbackends) FROM pg_stat_database),
  'roleLimit', (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user),
  'databaseLimit', datconnlimit,
  'number', current_setting('server_version_num')::int
)::text AS state FROM pg_database WHERE datname = current_database()`;

/** PostgreSQL tells versions of collations from this one on. */
export const TELLS_COLLATIONS = 150_000;

/** The quoted name of the database, where its collation is another version now than when it was made. */
export const CHANGED_COLLATION = `SELECT quote_ident(datname) AS name FROM pg_database
WHERE datname = current_database() AND datcollversion <> coalesce(pg_database_collation_actual_version(oid), '')`;

/** A table of the store that is there. */
export interface ExaminedTable {
  readonly kind: TableKind;
  /** Quoted, with its schema. */
  readonly name: string;
  /** `u` for an unlogged one. */
  readonly persistence: string;
  readonly options: readonly string[] | null;
  /** With its indexes. */
  readonly bytes: number;
  /** By the statistics. */
  readonly live: number;
  readonly dead: number;
  /** The privileges that this user lacks. */
  readonly lacking: readonly string[] | null;
  /** What hands out its ids, where this user may not ask it. */
  readonly sequence: string | null;
  /** The type of its ids. */
  readonly id: string | null;
  /** Indexes that are not whole, quoted. */
  readonly invalid: readonly string[] | null;
}

/** What is asked about tables, as one JSON text. Parameter: the quoted names of the tables by their kind, as JSON. */
export const TABLE_STATES = `SELECT json_agg(json_build_object(
  'kind', kind,
  'name', wanted.name,
  'persistence', relpersistence,
  'options', to_json(reloptions),
  'bytes', pg_total_relation_size(c.oid),
  'live', coalesce(n_live_tup, 0),
  'dead', coalesce(n_dead_tup, 0),
  'lacking', (
    SELECT json_agg(privilege) FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
    WHERE kind <> 'schemaVersion' AND NOT has_table_privilege(c.oid, privilege)
  ),
  'sequence', (
    SELECT serial FROM pg_get_serial_sequence(wanted.name, a.attname) AS serial
    WHERE attidentity = '' AND NOT has_sequence_privilege(serial, 'USAGE')
  ),
  'id', (SELECT typname FROM pg_type WHERE oid = atttypid),
  'invalid', (SELECT json_agg(indexrelid::regclass::text) FROM pg_index WHERE indrelid = c.oid AND NOT indisvalid)
))::text AS state
FROM json_each_text($1::text::json) AS wanted(kind, name)
JOIN pg_class AS c ON c.oid = to_regclass(wanted.name)
LEFT JOIN pg_attribute AS a ON attrelid = c.oid AND attname = 'id' AND NOT attisdropped
LEFT JOIN pg_stat_user_tables AS stats ON stats.relid = c.oid`;

/** What is asked about rows, and what puts them right. */
export function dataStatements(names: PostgresNames) {
  const { sessions, messages, operations } = qualifiedTables(names);
  const lost = (alias: string) =>
    `NOT EXISTS (SELECT FROM ${sessions} AS s WHERE s.session_id = ${alias}.session_id)`;
  const newest = `SELECT id, created_at FROM ${messages} ORDER BY id DESC LIMIT 1`;
  return {
    newestId: `SELECT coalesce(max(id), 0)::text AS n FROM ${messages}`,
    /** How many rows were stored since the one that is 10,000 before the newest, or the oldest; and its age in ms. */
    growth: `SELECT (newest.id - old.id + 1)::text AS rows,
  (extract(epoch FROM localtimestamp - old.created_at) * 1000)::bigint::text AS age
FROM (${newest}) AS newest CROSS JOIN LATERAL (
  SELECT id, created_at FROM ${messages} WHERE id >= newest.id - 10000 ORDER BY id LIMIT 1
) AS old`,
    /** Parameter: how many of the newest items are looked at, or NULL. */
    orphanItems: `SELECT count(DISTINCT m.session_id)::text AS n
FROM (SELECT session_id FROM ${messages} ORDER BY id DESC LIMIT $1::bigint) AS m WHERE ${lost('m')}`,
    adoptItems:
      `INSERT INTO ${sessions} (session_id) SELECT DISTINCT session_id FROM ${messages} AS m WHERE ${lost('m')} ` +
      'ON CONFLICT (session_id) DO NOTHING',
    orphanOperations: `SELECT count(*)::text AS n FROM ${operations} AS o WHERE ${lost('o')}`,
    removeOperations: `DELETE FROM ${operations} AS o WHERE ${lost('o')}`,
    newestSessions: `SELECT DISTINCT session_id AS id FROM (SELECT session_id FROM ${messages} ORDER BY id DESC LIMIT $1::bigint) AS m`,
  };
}
