import type { ConversationFilter, ConversationQuery } from '@stackone/sessions-core/backend';
import { schemaObjects } from './ddl.js';
import { digestIn, isErased, NOW, type PostgresNames, qualifiedTables, quoteText } from './statements.js';

/** A statement with its parameters. */
export type BoundStatement = readonly [sql: string, parameters: readonly unknown[]];

/**
 * In ms since 1970. A time without a zone is one of the connection's `TimeZone`, in which this store and Python write
 * it; the server knows which that is.
 */
export function milliseconds(column: string): string {
  return `floor(extract(epoch FROM ${column}::timestamptz) * 1000)::bigint::text`;
}

const TIMES = `${milliseconds('created_at')} AS created, ${milliseconds('updated_at')} AS updated`;

/** The same text under every `DateStyle`. */
const EXACT = "'YYYY-MM-DD HH24:MI:SS.US'";

/**
 * The statements on conversations as a whole.
 *
 * @param has - Which tables are there: that of titles and metadata, and that of runs.
 */
export function conversationStatements(names: PostgresNames, has: { metadata: boolean; runs: boolean }) {
  const { metadata: withMetadata } = has;
  const { sessions, messages, operations, metadata, erasures, usage, runs } = qualifiedTables(names);
  const description = withMetadata
    ? 'd.description AS text, d.version::text AS version'
    : 'NULL AS text, NULL AS version';
  /** A page of conversations with what is kept with them: that is looked up for those of the page alone. */
  const described = (page: string, time: string) =>
    `SELECT page.session_id AS id, ${TIMES}, ${time} AS time, ${description} FROM (${page}) AS page` +
    (withMetadata ? ` LEFT JOIN ${metadata} AS d ON d.session_id = page.session_id` : '');
  const conditionsOf = (filter: ConversationFilter, place: Place): string[] => {
    const conditions = conditionsOn(filter, place);
    const texts = filter.described ?? [];
    if (texts.length === 0) return conditions;
    if (!withMetadata) return [...conditions, 'false'];
    const found = texts.map((text) => `AND strpos(d.description, ${place(text)}::text) > 0`).join(' ');
    const has = `EXISTS (SELECT FROM ${metadata} AS d WHERE d.session_id = ${sessions}.session_id ${found})`;
    return [...conditions, has];
  };
  const removed = (table: string) =>
    `WITH removed AS (DELETE FROM ${table} WHERE session_id = $1 RETURNING 1) ` +
    'SELECT count(*)::text AS n FROM removed';
  const oldOperations = (filter: ConversationFilter, seconds: number, atMost: number): BoundStatement => {
    const parameters: unknown[] = [];
    const place = placesIn(parameters);
    const age = `created_at < statement_timestamp() AT TIME ZONE 'UTC' - make_interval(secs => ${place(seconds)}::float8)`;
    const conditions = [...conditionsOn(filter, place), age];
    const old = `SELECT session_id AS session, operation_id AS operation FROM ${operations}${where(conditions)} LIMIT ${place(atMost)}::bigint`;
    return [old, parameters];
  };
  const oldRuns = (filter: ConversationFilter, endedBefore: number, atMost: number): BoundStatement => {
    const parameters: unknown[] = [];
    const place = placesIn(parameters);
    const ended = [
      "entry = ''",
      "state IN ('done', 'failed', 'cancelled')",
      `changed_at < ${place(endedBefore)}::bigint`,
    ];
    const old = `SELECT session_id AS session, run_id AS run FROM ${runs}${where([...conditionsOn(filter, place), ...ended])} LIMIT ${place(atMost)}::bigint`;
    return [old, parameters];
  };
  return {
    list({ by, descending, after, limit, ...filter }: ConversationQuery): BoundStatement {
      const parameters: unknown[] = [];
      const place = placesIn(parameters);
      const conditions = conditionsOf(filter, place);
      const time = by === 'changed' ? 'updated_at' : by === 'created' ? 'created_at' : undefined;
      const [than, direction] = descending ? ['<', 'DESC'] : ['>', 'ASC'];
      if (after && time) {
        const position = `${place(after.time)}::text::timestamp, ${place(after.id)}::text`;
        conditions.push(`(${time}, session_id) ${than} (${position})`);
      } else if (after) {
        conditions.push(`session_id ${than} ${place(after.id)}::text`);
      }
      const columns = [...(time ? [time] : []), 'session_id'];
      const sorted = (table: string) => columns.map((column) => `${table}${column} ${direction}`).join(', ');
      const page =
        `SELECT session_id, created_at, updated_at FROM ${sessions}${where(conditions)} ` +
        `ORDER BY ${sorted('')} LIMIT ${place(limit)}::bigint`;
      const shown = described(page, time ? `to_char(${time}, ${EXACT})` : "''");
      return [`${shown} ORDER BY ${sorted('page.')}`, parameters];
    },
    count(filter: ConversationFilter): BoundStatement {
      const parameters: unknown[] = [];
      const conditions = conditionsOf(filter, placesIn(parameters));
      return [`SELECT count(*)::text AS n FROM ${sessions}${where(conditions)}`, parameters];
    },
    get: described(`SELECT session_id, created_at, updated_at FROM ${sessions} WHERE session_id = $1`, "''"),
    // also where there is no session to lock
    lockDescription: `SELECT description AS text, version::text AS version FROM ${metadata} WHERE session_id = $1 FOR UPDATE`,
    writeDescription:
      `INSERT INTO ${metadata} (session_id, description, version) VALUES ($1, $2::text, $3::text::bigint) ` +
      'ON CONFLICT (session_id) DO UPDATE SET description = excluded.description, version = excluded.version',
    /** What makes the table of titles and metadata. */
    createMetadata: schemaObjects(names).find(({ kind }) => kind === 'metadata')?.sql ?? '',
    refuse:
      `INSERT INTO ${erasures} AS e (digest, ends_at) VALUES (${digestIn('$1')}, ${NOW} + $2::text::bigint) ` +
      'ON CONFLICT (digest) DO UPDATE SET ends_at = greatest(e.ends_at, excluded.ends_at)',
    isErased: isErased(erasures),
    /**
     * The transactions in which a statement on sessions may be under way, by names that none other gets while the server runs: a
     * statement takes the lock of its tables before it looks at them. In those that are idle none is.
     */
    writers:
      'SELECT l.virtualtransaction AS id FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid ' +
      `WHERE l.locktype = 'relation' AND l.relation IN (${quoteText(sessions)}::regclass, to_regclass(${quoteText(usage)}), to_regclass(${quoteText(runs)})) AND l.mode = 'RowExclusiveLock' ` +
      'AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.granted ' +
      "AND l.pid <> pg_backend_pid() AND coalesce(a.state, '') NOT LIKE 'idle in%'",
    removeOldest:
      `WITH removed AS (DELETE FROM ${messages} WHERE session_id = $1 AND id = ANY (ARRAY (` +
      `SELECT id FROM ${messages} WHERE session_id >= $1 AND session_id <= $1 ` +
      'AND ($3::text::bigint IS NULL OR id < $3::text::bigint) ORDER BY session_id, id LIMIT $2::text::bigint)) RETURNING 1) ' +
      'SELECT count(*)::text AS n FROM removed',
    /** Nor has it a run that goes on. */
    lockUnchanged:
      `SELECT 1 FROM ${sessions} WHERE session_id = $1 ` +
      'AND updated_at::timestamptz < to_timestamp($2::text::float8 / 1000) ' +
      (has.runs
        ? `AND NOT EXISTS (SELECT FROM ${runs} AS r WHERE r.session_id = $1 AND r.state IN ('running', 'waiting')) `
        : '') +
      `FOR UPDATE`,
    oldOperations,
    oldRuns,
    forgetOperations(filter: ConversationFilter, seconds: number, atMost: number): BoundStatement {
      const [old, parameters] = oldOperations(filter, seconds, atMost);
      return [
        `WITH removed AS (DELETE FROM ${operations} AS o USING (${old}) AS old WHERE o.session_id = old.session ` +
          'AND o.operation_id = old.operation RETURNING 1) SELECT count(*)::text AS n FROM removed',
        parameters,
      ];
    },
    /** With their steps: those that ended before a time. */
    forgetRuns(filter: ConversationFilter, endedBefore: number, atMost: number): BoundStatement {
      const [old, parameters] = oldRuns(filter, endedBefore, atMost);
      return [
        `WITH removed AS (DELETE FROM ${runs} WHERE (session_id, run_id) IN (${old}) RETURNING 1) SELECT count(*)::text AS n FROM removed`,
        parameters,
      ];
    },
    // a lease has a name of letters that no digest has
    forgetErasures:
      `WITH removed AS (DELETE FROM ${erasures} WHERE digest = ANY (ARRAY (SELECT digest FROM ${erasures} ` +
      `WHERE ends_at <= ${NOW} AND length(digest) = 64 LIMIT $1::text::bigint)) RETURNING 1) ` +
      'SELECT count(*)::text AS n FROM removed',
    lease:
      `INSERT INTO ${erasures} AS e (digest, ends_at) VALUES ($1, ${NOW} + $2::text::bigint) ON CONFLICT (digest) ` +
      `DO UPDATE SET ends_at = excluded.ends_at WHERE $3::text = 'held' OR e.ends_at <= ${NOW} RETURNING 1`,
    copyTimes:
      `UPDATE ${sessions} AS copy SET created_at = source.created_at, updated_at = source.updated_at ` +
      `FROM ${sessions} AS source WHERE copy.session_id = $2 AND source.session_id = $1`,
    // ids are drawn above the sort
    copyMessages:
      `INSERT INTO ${messages} (session_id, message_data, created_at) SELECT $2::text, message_data, created_at ` +
      `FROM ${messages} WHERE session_id = $1 ORDER BY id LIMIT $3::text::bigint`,
    copyOperations:
      `INSERT INTO ${operations} (session_id, operation_id, digest, calls, created_at) ` +
      `SELECT $2::text, operation_id, digest, calls, created_at FROM ${operations} WHERE session_id = $1`,
    newestRow: `SELECT max(id)::text AS id FROM ${messages}`,
    changedSessions:
      'SELECT session_id AS id, max(place)::text AS newest, count(*)::text AS n ' +
      `FROM (SELECT id AS place, session_id FROM ${messages} WHERE id > $1::text::bigint ORDER BY id LIMIT $2::bigint) AS looked ` +
      'GROUP BY session_id',
    removeOperations: removed(operations),
    removeMessages: removed(messages),
    removeDescription: removed(metadata),
    removeSession: removed(sessions),
  };
}

export type ConversationStatements = ReturnType<typeof conversationStatements>;

/** Adds a parameter, and says where it stands. */
type Place = (value: unknown) => string;

export function placesIn(parameters: unknown[]): Place {
  return (value) => `$${parameters.push(value)}`;
}

/**
 * A time without a zone: what lies before it (or behind) has all times that mean an instant before (or behind) one. Near a change of
 * clocks it is some hours off: no clock was ever changed by more than three, on a station in Antarctica.
 */
function localBound(than: '<' | '>', time: string): string {
  const isEven = `(${time} + interval '4 hours')::timestamp - (${time} - interval '4 hours')::timestamp = interval '8 hours'`;
  const sign = than === '<' ? '+' : '-';
  return `CASE WHEN ${isEven} THEN ${time}::timestamp ELSE ${time}::timestamp ${sign} interval '4 hours' END`;
}

/** Not as ranges: the order of texts is that of the database's language, in which a prefix is no range. */
function conditionsOn(
  { prefix, withoutPrefix, changedAfter, changedBefore }: ConversationFilter,
  place: Place,
): string[] {
  // the second condition is a range of the index
  const add = (than: '<' | '>', milliseconds: number) => {
    const time = `to_timestamp(${place(milliseconds)}::float8 / 1000)`;
    conditions.push(
      `updated_at::timestamptz ${than} ${time}`,
      `updated_at ${than}= ${localBound(than, time)}`,
    );
  };
  const conditions: string[] = [];
  if (prefix !== '') conditions.push(`starts_with(session_id, ${place(prefix)}::text)`);
  if (withoutPrefix !== undefined)
    conditions.push(`NOT starts_with(session_id, ${place(withoutPrefix)}::text)`);
  if (changedAfter !== undefined) add('>', changedAfter);
  if (changedBefore !== undefined) add('<', changedBefore);
  return conditions;
}

function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}
