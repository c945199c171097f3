import type { SessionSupport } from '@stackone/sessions-core';
import {
  type RecordedOperation,
  type RecordedUsage,
  type StoredDescription,
  USAGE_COLUMNS,
  USAGE_COUNTS,
} from '@stackone/sessions-core/backend';
import { itemLiteral, quoteName, textLiteral } from './literals.js';
import { isAmong, type MysqlNames, type NewRow, qualifiedName } from './statements.js';
import { GIVEN_IN_UTC, IN_UTC, milliseconds, secondsLiteral } from './times.js';

/** A conversation that is made. */
export interface NewSession extends NewRow {
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A row with the time that it had elsewhere, in ms since 1970. */
export interface TimedNewRow extends NewRow {
  readonly createdAt: number;
}

/** An operation of a conversation. */
export interface NewRecordedOperation extends NewRow, RecordedOperation {}

/** What a response used in a conversation. */
export interface NewUsage extends NewRow, RecordedUsage {
  readonly tenant: string;
}

/** The title and metadata of a conversation. */
export interface NewDescription extends NewRow, StoredDescription {}

/**
 * The statements that read and write conversations with all that is kept of them: one text for MySQL and MariaDB.
 *
 * @param has - Which of the side tables are there.
 * @param newestIndex - The index that leads to the newest items of a conversation, if there is one.
 */
export function wholeStatements(names: MysqlNames, has: SessionSupport, newestIndex?: string) {
  const sessions = qualifiedName(names, names.sessions);
  const messages = qualifiedName(names, names.messages);
  const operations = qualifiedName(names, names.operations);
  const metadata = qualifiedName(names, names.metadata);
  const usage = qualifiedName(names, names.usage);
  const hint =
    newestIndex === undefined ? '' : `/*+ INDEX(${quoteName(names.messages)} ${quoteName(newestIndex)}) */ `;
  return {
    /** One statement, so that all of it is of one moment. Texts of tables of others may have other character sets and collations. */
    kept(sessionIds: readonly string[], limit: number | undefined): string {
      const wanted = isAmong(sessionIds);
      const [text, version] = has.metadata ? ['d.description', 'd.version'] : ['NULL', 'NULL'];
      const described = has.metadata ? ` LEFT JOIN ${metadata} AS d ON d.session_id = s.session_id` : '';
      const parts = [
        `SELECT 'session' AS kind, ${same('s.session_id')} AS session, ${same(version)} AS ${quoteName('key')}, ${same(text)} AS text, ` +
          `${milliseconds('s.created_at')} AS ${quoteName('at')}, ${same(milliseconds('s.updated_at'))} AS more ` +
          `FROM ${sessions} AS s${described} WHERE s.${wanted}`,
        `(SELECT ${hint}'item', ${same('session_id')}, ${same('id')}, ${same('message_data')}, ${milliseconds('created_at')}, NULL ` +
          `FROM ${messages} WHERE ${wanted} ORDER BY ${messages}.session_id, ${messages}.id` +
          ` LIMIT ${limit ?? ALL})`,
      ];
      if (has.operations)
        parts.push(
          `SELECT 'operation', ${same('session_id')}, ${same('operation_id')}, ${same('digest')}, ${milliseconds('created_at')}, NULL ` +
            `FROM ${operations} WHERE ${wanted}`,
        );
      if (has.usage)
        parts.push(
          `SELECT 'usage', ${same('session_id')}, ${same('response')}, ` +
            `${same(`CONCAT_WS(' ', ${[...USAGE_COLUMNS, 'model'].join(', ')})`)}, recorded_at, ${same('turn')} ` +
            `FROM ${usage} WHERE ${wanted}`,
        );
      return parts.join(' UNION ALL ');
    },
    /** Which of them are there. */
    existing: (sessionIds: readonly string[]) =>
      `SELECT session_id AS id FROM ${sessions} WHERE ${isAmong(sessionIds)}`,
    /** A conversation that is as it was when it was changed last. */
    lockAsChanged: (sessionId: string, updatedAt: number) =>
      `SELECT 1 AS locked FROM ${sessions} WHERE session_id = ${textLiteral(sessionId)} ` +
      `AND ${milliseconds('updated_at')} = ${updatedAt} FOR UPDATE`,
    /** Make sessions, if they are missing, with times of their own, and lock them. */
    sessions: {
      insertRows: `${GIVEN_IN_UTC}INSERT ${IN_UTC} IGNORE INTO ${sessions} (session_id, created_at, updated_at) VALUES `,
      insertedRow: ({ sessionId, createdAt, updatedAt }: NewSession) =>
        `(${textLiteral(sessionId)}, ${timeLiteral(createdAt)}, ${timeLiteral(updatedAt)})`,
    },
    items: {
      insertRows: `${GIVEN_IN_UTC}INSERT ${IN_UTC} INTO ${messages} (session_id, message_data, created_at) VALUES `,
      insertedRow: ({ sessionId, text, createdAt }: TimedNewRow) =>
        `(${textLiteral(sessionId)}, ${itemLiteral(text)}, ${timeLiteral(createdAt)})`,
    },
    descriptions: {
      insertRows: `INSERT INTO ${metadata} (session_id, description, version) VALUES `,
      insertedRow: ({ sessionId, text, version }: NewDescription) =>
        `(${textLiteral(sessionId)}, ${itemLiteral(text)}, ${version})`,
    },
    operations: {
      insertRows: `${GIVEN_IN_UTC}INSERT ${IN_UTC} INTO ${operations} (session_id, operation_id, digest, created_at) VALUES `,
      insertedRow: ({ sessionId, id, digest, createdAt }: NewRecordedOperation) =>
        `(${[sessionId, id, digest].map(textLiteral).join(', ')}, ${timeLiteral(createdAt)})`,
    },
    /** After the items. */
    usage: {
      insertRows: `INSERT IGNORE INTO ${usage} (session_id, response, tenant, model, turn, recorded_at, ${USAGE_COLUMNS.join(', ')}) VALUES `,
      insertedRow: ({ sessionId, key, tenant, model, turn, recordedAt, ...counts }: NewUsage) => {
        const texts = [sessionId, key, tenant, model].map(textLiteral);
        const row =
          turn === undefined
            ? 'NULL'
            : `(SELECT id FROM ${messages} WHERE session_id = ${textLiteral(sessionId)} ORDER BY session_id, id LIMIT 1 OFFSET ${BigInt(turn)})`;
        const numbers = [recordedAt, ...USAGE_COUNTS.map((name) => counts[name])].map((count) =>
          String(BigInt(count)),
        );
        return `(${[...texts, row, ...numbers].join(', ')})`;
      },
    },
  };
}

export type WholeStatements = ReturnType<typeof wholeStatements>;

/** The servers leave out an ORDER BY inside a UNION that has no LIMIT. */
const ALL = '18446744073709551615';

/** A value as text of one character set and collation. */
function same(value: string): string {
  return `CONVERT(${value} USING utf8mb4) COLLATE utf8mb4_bin`;
}

/** A time in ms since 1970, as the connection's time zone writes it. */
function timeLiteral(milliseconds: number): string {
  return `FROM_UNIXTIME(${secondsLiteral((milliseconds / 1000).toFixed(3))})`;
}
