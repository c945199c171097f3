import type { HistoryPatch, Operation } from '@stackone/sessions-core/backend';
import { type BoundStatement, placesIn } from './conversation-statements.js';
import { asJson, marked } from './parameters.js';
import {
  anyIdIn,
  BEHIND_MARK,
  changesIn,
  isErased,
  itemsIn,
  lockedAndSeen,
  newestFirst,
  ofSession,
  type PostgresNames,
  qualifiedTables,
  WHERE_CHANGED,
} from './statements.js';

/** What a conversation was when it was read. */
export interface SeenConversation {
  /** Of the session's row: another one after each call that adds or changes items; absent if there is no row. */
  readonly version: string | undefined;
  /** The id of the newest item; absent if there is none. */
  readonly newest: string | undefined;
}

/**
 * An edit in two statements: one reads, without a lock; then JavaScript decides; and one locks, checks that all is as it was read,
 * and writes.
 *
 * What the second one sees is as old as its beginning, and it may have waited for the lock. In that time a call that adds or changes
 * items gives the session's row another version. A pop does not, nor do removals of the oldest items, nor Python's pop: so the newest
 * item, and those that go or change, are locked too, and have to be there.
 *
 * @param withOperations - Whether the table of operations is there; and that of ids that were erased.
 */
export function editStatements(
  names: PostgresNames,
  { withOperations, withErasures }: { withOperations: boolean; withErasures: boolean },
) {
  const { sessions, messages, operations, erasures } = qualifiedTables(names);
  // who makes it meanwhile is waited for, and then there is no row
  const make =
    `INSERT INTO ${sessions} (session_id) SELECT $1::text` +
    (withErasures ? ` WHERE NOT EXISTS (${isErased(erasures)})` : '') +
    ' ON CONFLICT (session_id) DO NOTHING RETURNING 1';
  return {
    /**
     * The newest items, newest first, each with the version of the session's row and the digest that is recorded. One row without
     * an item where there is none.
     */
    readToEdit(
      sessionId: string,
      limit: number | undefined,
      operation: Operation | undefined,
    ): BoundStatement {
      const parameters: unknown[] = [sessionId, limit ?? null];
      const digest = operation
        ? `(SELECT digest FROM ${operations} WHERE session_id = $1 AND operation_id = ${placesIn(parameters)(operation.id)})`
        : 'NULL';
      const sql = `SELECT s.xmin::text AS version, ${digest} AS digest, item.id::text AS id, item.text
FROM (SELECT) AS one LEFT JOIN ${sessions} AS s ON s.session_id = $1 LEFT JOIN LATERAL (
  SELECT m.id, m.message_data AS text FROM ${messages} AS m WHERE ${ofSession} ${newestFirst} LIMIT $2::bigint
) AS item ON true ORDER BY item.id DESC`;
      return [sql, parameters];
    },

    /** Writes, and returns one row; none if the conversation is not as it was seen, and nothing was written. */
    edit(
      sessionId: string,
      { version, newest }: SeenConversation,
      { clear = false, remove = [], update = [], append: texts = [] }: HistoryPatch,
      operation: Operation | undefined,
    ): BoundStatement {
      const parameters: unknown[] = [sessionId, newest ?? null];
      const place = placesIn(parameters);
      const lock =
        version === undefined
          ? make
          : `SELECT 1 FROM ${sessions} WHERE session_id = $1 AND xmin::text = ${place(version)} FOR UPDATE`;
      const parts: string[] = [];
      const conditions = ['(SELECT id::text FROM newest) IS NOT DISTINCT FROM $2::text'];
      const targets = clear ? [] : [...remove, ...update.map(({ id }) => id)];
      if (targets.length > 0) {
        parts.push(`target AS MATERIALIZED (
  SELECT m.id FROM ${messages} AS m WHERE m.session_id = $1 AND m.id = ${anyIdIn(place(asJson(targets)))}
    AND EXISTS (SELECT FROM locked) FOR UPDATE
)`);
        conditions.push(`(SELECT count(*) FROM target) = ${targets.length}`);
      }
      parts.push(`unchanged AS MATERIALIZED (
  SELECT clock_timestamp() AS at FROM locked WHERE ${conditions.join(' AND ')}
)`);
      if (version !== undefined) {
        // what adds nothing is no new turn, and has another version all the same
        const time = texts.length > 0 || operation ? 'DEFAULT' : 'updated_at';
        parts.push(`touched AS (
  UPDATE ${sessions} SET updated_at = ${time} WHERE session_id = $1 AND EXISTS (SELECT FROM unchanged)
)`);
      }
      if (clear || remove.length > 0) {
        const gone = clear ? '' : ` AND id = ${anyIdIn(place(asJson(remove)))}`;
        parts.push(`removed AS (
  DELETE FROM ${messages} WHERE session_id = $1${gone} AND EXISTS (SELECT FROM unchanged)
)`);
      }
      if (!clear && update.length > 0) {
        parts.push(`updated AS (
  UPDATE ${messages} AS m SET message_data = change.text
  FROM unchanged CROSS JOIN ${changesIn(place(asJson(update)))}
  WHERE m.session_id = $1 AND m.id = change.id
)`);
      }
      if (operation) {
        parts.push(`recorded AS (
  INSERT INTO ${operations} (session_id, operation_id, digest, created_at)
  SELECT $1, ${place(operation.id)}, ${place(operation.digest)}, at AT TIME ZONE 'UTC' FROM unchanged
)`);
      }
      if (operation?.forgetOlderThan !== undefined) {
        parts.push(`forgotten AS (
  DELETE FROM ${operations} WHERE session_id = $1 AND created_at < (
    SELECT at AT TIME ZONE 'UTC' - make_interval(secs => ${place(operation.forgetOlderThan)}::float8) FROM unchanged
  )
)`);
      }
      if (texts.length > 0) {
        const [text, mark] = marked(texts);
        parts.push(`added AS (
  INSERT INTO ${messages} (session_id, message_data, created_at)
  SELECT $1, item.text, unchanged.at
  FROM unchanged CROSS JOIN ${itemsIn(place(text), place(mark))} WHERE ${BEHIND_MARK} ORDER BY item.position
)`);
      }
      const sql = `WITH locked AS ${version === undefined ? '' : 'MATERIALIZED '}(
  ${lock}
), newest AS MATERIALIZED (
  SELECT m.id FROM ${messages} AS m WHERE ${ofSession} AND EXISTS (SELECT FROM locked) ${newestFirst} LIMIT 1 FOR UPDATE
), ${parts.join(', ')}
SELECT 1 FROM unchanged`;
      return [sql, parameters];
    },

    /** Gives the session's row another version, under its lock. */
    touch: `UPDATE ${sessions} SET updated_at = updated_at WHERE session_id = $1`,

    /**
     * Removes a conversation and its operations. What it sees is older than its wait for the lock: where a call added items meanwhile,
     * one row comes back and nothing is removed. What is not there cannot be locked, and a turn that makes it meanwhile is later.
     */
    clear: `WITH ${lockedAndSeen(sessions)}, changed AS MATERIALIZED (
  SELECT ${WHERE_CHANGED}
), ${(withOperations ? [operations, messages, sessions] : [messages, sessions])
      .map(
        (table, at) =>
          `removed_${at} AS (DELETE FROM ${table} WHERE session_id = $1 AND NOT EXISTS (SELECT FROM changed))`,
      )
      .join(', ')}
SELECT 1 FROM changed`,
  };
}

export type EditStatements = ReturnType<typeof editStatements>;
