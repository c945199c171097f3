import type { HistoryQuery } from '@stackone/sessions-core/backend';
import { rowNumber, USAGE_COLUMNS } from '@stackone/sessions-core/backend';
import { type BoundStatement, milliseconds } from './conversation-statements.js';
import {
  EXACT_TIME,
  INSTANT,
  INSTANT_IN_UTC,
  NUMBER,
  type RowTable,
  TEXT,
  TIME,
} from './distributed-rows.js';
import type { HistoryStatement } from './history-statements.js';
import {
  type PostgresNames,
  type PostgresStatements,
  qualifiedTables,
  statements,
  textRow,
} from './statements.js';

/** Which of the side tables are there. */
export interface DistributedSideTables {
  readonly metadata: boolean;
  readonly erasures: boolean;
  readonly runs: boolean;
}

/**
 * The statements over tables that are split over nodes by the session's id: what engines of many nodes refuse in the others is done
 * here in steps, each a simple statement, in a transaction that holds the session's lock. Each names the session by equality, so
 * that one node answers it; no function whose answer changes stands in a statement that locks or writes, as the clock is asked before.
 */
export function distributedStatements(names: PostgresNames, has: DistributedSideTables) {
  const { sessions, messages, operations, metadata, usage, runs, erasures } = qualifiedTables(names);
  const { lock, removeSession } = statements(names, has.erasures);
  const usageColumns = {
    response: TEXT,
    tenant: TEXT,
    turn: NUMBER,
    model: TEXT,
    recorded_at: NUMBER,
    ...(Object.fromEntries(USAGE_COLUMNS.map((column) => [column, NUMBER])) as Record<
      UsageColumn,
      typeof NUMBER
    >),
  };
  const greater = USAGE_COLUMNS.map((column) => `${column} = greatest(u.${column}, excluded.${column})`).join(
    ', ',
  );
  return {
    /** With what is there now: asked when the locks are held, so that times are in the order of commits. */
    clock:
      `SELECT to_char(at, ${EXACT_TIME}) AS local, to_char(at AT TIME ZONE 'UTC', ${EXACT_TIME}) AS utc, ` +
      'floor(extract(epoch FROM at) * 1000)::bigint::text AS ms FROM (SELECT clock_timestamp() AS at) AS clock',
    newest: `SELECT ${textRow} FROM ${messages} AS m WHERE m.session_id = $1 ORDER BY m.id DESC LIMIT 1`,
    removeRow: `DELETE FROM ${messages} WHERE session_id = $1 AND id = $2::text::bigint RETURNING 1`,
    removeRows: `DELETE FROM ${messages} WHERE session_id = $1 AND id = ANY ($2::text::bigint[]) RETURNING 1`,
    updateRow: `UPDATE ${messages} SET message_data = $3::text WHERE session_id = $1 AND id = $2::text::bigint`,
    oldest:
      `SELECT m.id::text AS id FROM ${messages} AS m WHERE m.session_id = $1 ` +
      'AND ($3::text IS NULL OR m.id < $3::text::bigint) ORDER BY m.id LIMIT $2::text::bigint',
    ids: `SELECT m.id::text AS id FROM ${messages} AS m WHERE m.session_id = $1 ORDER BY m.id`,
    lock,
    removeSession,
    touch: `UPDATE ${sessions} SET updated_at = $2::text::timestamp WHERE session_id = $1`,
    times: `SELECT to_char(created_at, ${EXACT_TIME}) AS created, to_char(updated_at, ${EXACT_TIME}) AS updated FROM ${sessions} WHERE session_id = $1`,
    writeTimes: `UPDATE ${sessions} SET created_at = $2::text::timestamp, updated_at = $3::text::timestamp WHERE session_id = $1`,
    restoreSession:
      `INSERT INTO ${sessions} (session_id, created_at, updated_at) VALUES ($1, ${INSTANT.write('$2')}, ${INSTANT.write('$3')}) ` +
      'ON CONFLICT (session_id) DO NOTHING RETURNING 1',
    isDescribed: has.metadata ? `SELECT 1 FROM ${metadata} WHERE session_id = $1` : undefined,
    /** Parameters: the digest of the id, and now. */
    isErased: has.erasures
      ? `SELECT 1 FROM ${erasures} WHERE digest = $1 AND ends_at > $2::text::bigint`
      : undefined,
    isUnchangedSince: `SELECT 1 FROM ${sessions} WHERE session_id = $1 AND updated_at::timestamptz < to_timestamp($2::text::float8 / 1000)`,
    hasOpenRun: has.runs
      ? `SELECT 1 FROM ${runs} WHERE session_id = $1 AND state IN ('running', 'waiting') LIMIT 1`
      : undefined,
    forgetOlder: `DELETE FROM ${operations} WHERE session_id = $1 AND created_at < $2::text::timestamp AND operation_id <> $3`,
    forgetOperations: `DELETE FROM ${operations} WHERE session_id = $1 AND operation_id = ANY ($2::text::text[]) RETURNING 1`,
    forgetRuns: `DELETE FROM ${runs} WHERE session_id = $1 AND run_id = ANY ($2::text::text[]) RETURNING 1`,
    // a lease has a name of letters that no digest has
    oldErasures: `SELECT digest FROM ${erasures} WHERE ends_at <= $1::text::bigint AND length(digest) = 64 LIMIT $2::text::bigint`,
    forgetErasure: `DELETE FROM ${erasures} WHERE digest = $1 AND ends_at <= $2::text::bigint RETURNING 1`,
    refuse:
      `INSERT INTO ${erasures} AS e (digest, ends_at) VALUES ($1, $2::text::bigint) ` +
      'ON CONFLICT (digest) DO UPDATE SET ends_at = greatest(e.ends_at, excluded.ends_at)',
    /** Parameters: the name, when it ends, whether it is held, and now. */
    lease:
      `INSERT INTO ${erasures} AS e (digest, ends_at) VALUES ($1, $2::text::bigint) ON CONFLICT (digest) ` +
      `DO UPDATE SET ends_at = excluded.ends_at WHERE $3::text = 'held' OR e.ends_at <= $4::text::bigint RETURNING 1`,
    messages: {
      name: messages,
      columns: { message_data: TEXT, created_at: TIME },
    } satisfies RowTable<'message_data' | 'created_at'>,
    restoredMessages: {
      name: messages,
      columns: { message_data: TEXT, created_at: INSTANT },
    } satisfies RowTable<'message_data' | 'created_at'>,
    /** To be copied, page by page. */
    numberedMessages: {
      name: messages,
      columns: { id: NUMBER, message_data: TEXT, created_at: TIME },
    } satisfies RowTable<'id' | 'message_data' | 'created_at'>,
    operations: {
      name: operations,
      columns: { operation_id: TEXT, digest: TEXT, calls: NUMBER, created_at: TIME },
    } satisfies RowTable<'operation_id' | 'digest' | 'calls' | 'created_at'>,
    newOperations: {
      name: operations,
      columns: { operation_id: TEXT, digest: TEXT, created_at: TIME },
    } satisfies RowTable<'operation_id' | 'digest' | 'created_at'>,
    restoredOperations: {
      name: operations,
      columns: { operation_id: TEXT, digest: TEXT, created_at: INSTANT_IN_UTC },
    } satisfies RowTable<'operation_id' | 'digest' | 'created_at'>,
    usage: {
      name: usage,
      columns: usageColumns,
      onConflict: 'ON CONFLICT (session_id, response) DO NOTHING',
    } satisfies RowTable<keyof typeof usageColumns>,
    recordedUsage: {
      name: `${usage} AS u`,
      columns: usageColumns,
      onConflict: `ON CONFLICT (session_id, response) DO UPDATE SET ${greater}`,
    } satisfies RowTable<keyof typeof usageColumns>,
  };
}

type UsageColumn = (typeof USAGE_COLUMNS)[number];

export type DistributedStatements = ReturnType<typeof distributedStatements>;

/** The reads of {@link PostgresStatements} by equality: the order of ids within the session is all that an index has to give. */
export function readsByEquality(names: PostgresNames): Pick<PostgresStatements, 'read' | 'readBefore'> {
  const { messages } = qualifiedTables(names);
  const select = `SELECT ${textRow} FROM ${messages} AS m WHERE m.session_id = $1`;
  return {
    read: `${select} ORDER BY m.id DESC LIMIT $2::bigint`,
    readBefore: `${select} AND m.id < $2::text::bigint ORDER BY m.id DESC LIMIT $3::bigint`,
  };
}

/** The same of `history`. */
export function historyByEquality(names: PostgresNames): HistoryStatement {
  const { messages } = qualifiedTables(names);
  return (sessionId: string, { limit, oldest, before, after }: HistoryQuery): BoundStatement => {
    const parameters: unknown[] = [sessionId];
    const bound = (than: string, id: string | undefined) =>
      id === undefined ? '' : ` AND m.id ${than} $${parameters.push(rowNumber(id))}::text::bigint`;
    const bounds = bound('>', after) + bound('<', before);
    const sql =
      `SELECT ${textRow}, ${milliseconds('m.created_at')} AS created FROM ${messages} AS m WHERE m.session_id = $1${bounds} ` +
      `ORDER BY m.id ${oldest ? 'ASC' : 'DESC'} LIMIT $${parameters.push(limit)}::bigint`;
    return [sql, parameters];
  };
}
