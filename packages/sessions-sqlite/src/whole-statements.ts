import type { SessionSupport } from '@stackone/sessions-core';
import { USAGE_COLUMNS } from '@stackone/sessions-core/backend';
import { type BoundStatement, milliseconds } from './conversation-statements.js';
import { quoteName, type SqliteNames } from './statements.js';

/** Rows that one statement inserts, at most. */
export const MOST_ROWS = 16;

/** The statements that read and write conversations with all that is kept of them. */
export function wholeStatements(names: SqliteNames) {
  const sessions = quoteName(names.sessions);
  const messages = quoteName(names.messages);
  const operations = quoteName(names.operations);
  const metadata = quoteName(names.metadata);
  const usage = quoteName(names.usage);
  return {
    /**
     * One statement, so that all of it is of one moment.
     *
     * @param has - Which of the side tables are there.
     * @param limit - How many items at most.
     */
    kept(has: SessionSupport, sessionIds: readonly string[], limit: number): BoundStatement {
      const ids = JSON.stringify(sessionIds);
      const wanted = 'session_id IN (SELECT value FROM json_each(?))';
      const [text, version] = has.metadata ? ['d.description', 'd.version'] : ['NULL', 'NULL'];
      const described = has.metadata ? ` LEFT JOIN ${metadata} AS d ON d.session_id = s.session_id` : '';
      const parts = [
        `SELECT 'session' AS kind, s.session_id AS session, ${version} AS key, ${text} AS text, ` +
          `${milliseconds('s.created_at')} AS at, ${milliseconds('s.updated_at')} AS more ` +
          `FROM ${sessions} AS s${described} WHERE s.${wanted}`,
        `SELECT * FROM (SELECT 'item', session_id, CAST(id AS TEXT), message_data, ${milliseconds('created_at')}, NULL ` +
          `FROM ${messages} WHERE ${wanted} ORDER BY ${messages}.session_id, ${messages}.id LIMIT ?)`,
      ];
      const parameters: unknown[] = [ids, ids, limit];
      const add = (part: string) => {
        parts.push(part);
        parameters.push(ids);
      };
      if (has.operations)
        add(
          `SELECT 'operation', session_id, operation_id, digest, ${milliseconds('created_at')}, NULL FROM ${operations} WHERE ${wanted}`,
        );
      if (has.usage)
        add(
          `SELECT 'usage', session_id, response, ${USAGE_COLUMNS.join(" || ' ' || ")} || ' ' || model, recorded_at, ` +
            `CAST(turn AS TEXT) FROM ${usage} WHERE ${wanted}`,
        );
      return { sql: parts.join(' UNION ALL '), parameters };
    },
    /** Parameters: the name of the table of items. */
    timeType: `SELECT type FROM pragma_table_info(?) WHERE name = 'created_at'`,
    messagesTable: names.messages,
    isThere: `SELECT 1 FROM ${sessions} WHERE session_id = ?`,
    /** Parameters: the id, and when it was changed last. */
    isAsChanged: `SELECT 1 FROM ${sessions} WHERE session_id = ? AND ${milliseconds('updated_at')} = ?`,
    restoreSession: `INSERT INTO ${sessions} (session_id, created_at, updated_at) VALUES (?, ?, ?)`,
    /** By the number of rows, from 1 on. */
    restoreMessages: Array.from(
      { length: MOST_ROWS + 1 },
      (_, rows) =>
        `INSERT INTO ${messages} (session_id, message_data, created_at) VALUES ${Array(rows).fill('(?, ?, ?)').join(', ')}`,
    ),
    restoreOperation: `INSERT INTO ${operations} (session_id, operation_id, digest, created_at) VALUES (?, ?, ?, ?)`,
    /** Parameters: id, response, tenant, model, time, numbers; and then the id and the place of an item, or NULL. */
    restoreUsage:
      `INSERT OR IGNORE INTO ${usage} (session_id, response, tenant, model, recorded_at, ${USAGE_COLUMNS.join(', ')}, turn) ` +
      `VALUES (${Array(5 + USAGE_COLUMNS.length)
        .fill('?')
        .join(', ')}, ` +
      `(SELECT id FROM ${messages} WHERE session_id = ? ORDER BY id LIMIT 1 OFFSET ?))`,
  };
}

export type WholeStatements = ReturnType<typeof wholeStatements>;
