import type { TableNames } from '@stackone/sessions-core';
import { derivedName, schemaNames } from '@stackone/sessions-core/backend';

/** Quotes the name of a table or index. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Every name in the database that belongs to one pair of tables. */
export function sqliteNames(tables?: TableNames) {
  const names = schemaNames(tables);
  return { ...names, operationsTrigger: derivedName('trg_', names.sessions, '_operations') };
}

export type SqliteNames = ReturnType<typeof sqliteNames>;

/** Turns of more rows are inserted row by row. Each number of rows is a statement that stays prepared. */
const MAX_ROWS = 16;

/** Ids as text: they may exceed 2^53. ORDER BY names the column in full, as "id" alone is then the text. */
export const textRow = 'CAST(id AS TEXT) AS id, message_data AS text';

/**
 * A plain "session_id = ?" is estimated after ANALYZE: where one conversation is most of the table, the primary key read
 * backwards then looks cheaper, and passes over everybody's rows.
 */
export const ofSession = 'likelihood(session_id = ?, 0.000001)';

/** The text of every statement that a store runs after it is open. */
export function statements(names: SqliteNames) {
  const sessions = quoteName(names.sessions);
  const messages = quoteName(names.messages);
  const operations = quoteName(names.operations);
  const erasures = quoteName(names.erasures);
  const newestFirst = `ORDER BY ${messages}.id DESC LIMIT`;
  return {
    // the time is the table's own default, so that every layout keeps its format
    ensureSession:
      `INSERT INTO ${sessions} (session_id) VALUES (?) ` +
      'ON CONFLICT (session_id) DO UPDATE SET updated_at = excluded.updated_at',
    /** The same, and a row comes back; but nothing where some id was erased: then a digest has to be compared first. */
    ensureIfNoneErased:
      `INSERT INTO ${sessions} (session_id) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM ${erasures} WHERE digest < 'g') ` + // leases have other names
      'ON CONFLICT (session_id) DO UPDATE SET updated_at = excluded.updated_at RETURNING 1',
    /** By the number of rows, from 1 on. */
    insertTurns: Array.from({ length: MAX_ROWS + 1 }, (_, rows) =>
      rows === 0
        ? undefined
        : `INSERT INTO ${messages} (session_id, message_data) VALUES ${Array(rows).fill('(?, ?)').join(', ')}`,
    ),
    insertFirst: `INSERT INTO ${messages} (session_id, message_data) VALUES (?, ?) RETURNING created_at AS time`,
    insertNext: `INSERT INTO ${messages} (session_id, message_data, created_at) VALUES (?, ?, ?)`,
    read: `SELECT ${textRow} FROM ${messages} WHERE ${ofSession} ${newestFirst} ?`,
    readBefore: `SELECT ${textRow} FROM ${messages} WHERE ${ofSession} AND id < CAST(? AS INTEGER) ${newestFirst} ?`,
    pop:
      `DELETE FROM ${messages} WHERE id = ` +
      `(SELECT id FROM ${messages} WHERE ${ofSession} ${newestFirst} 1) RETURNING ${textRow}`,
    update: `UPDATE ${messages} SET message_data = ? WHERE session_id = ? AND id = CAST(? AS INTEGER)`,
    remove: `DELETE FROM ${messages} WHERE session_id = ? AND id = CAST(? AS INTEGER)`,
    removeAll: `DELETE FROM ${messages} WHERE session_id = ?`,
    removeSession: `DELETE FROM ${sessions} WHERE session_id = ?`,
    readOperation: `SELECT digest FROM ${operations} WHERE session_id = ? AND operation_id = ?`,
    insertOperation: `INSERT INTO ${operations} (session_id, operation_id, digest) VALUES (?, ?, ?)`,
    // the column's own clock and format, to the second
    forgetOperations:
      `DELETE FROM ${operations} WHERE session_id = ? AND operation_id <> ? ` +
      "AND created_at < datetime('now', '-' || ? || ' seconds')",
    sessionIds: idsOf(sessions),
    /** With those that were cleared, and have a title, usage or runs still. */
    describedSessionIds:
      `SELECT id FROM (SELECT * FROM (${idsOf(sessions)}) UNION ` +
      `SELECT * FROM (${idsOf(quoteName(names.metadata))}) UNION ` +
      `SELECT * FROM (${idsOf(quoteName(names.usage))}) UNION ` +
      `SELECT * FROM (${idsOf(quoteName(names.runs))})) ORDER BY id LIMIT ?`,
    removeOperations: `DELETE FROM ${operations} WHERE session_id = ?`,
    isErased: `SELECT 1 FROM ${erasures} WHERE digest = ? AND ends_at > ${NOW}`,
    refuse:
      `INSERT INTO ${erasures} (digest, ends_at) VALUES (?, ${NOW} + ?) ON CONFLICT (digest) ` +
      'DO UPDATE SET ends_at = max(ends_at, excluded.ends_at)',
  };
}

function idsOf(table: string): string {
  // a prefix is a range: ids compare by their bytes, and are less than every blob
  return (
    `SELECT DISTINCT session_id AS id FROM ${table} WHERE session_id > ? AND session_id >= ? ` +
    "AND session_id < coalesce(?, x'') ORDER BY session_id LIMIT ?"
  );
}

/** In ms since 1970. */
export const NOW = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)";

export type SqliteStatements = ReturnType<typeof statements>;
