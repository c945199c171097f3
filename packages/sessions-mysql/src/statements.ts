import type { TableNames } from '@stackone/sessions-core';
import { behindPrefix, derivedName, digestOf, schemaNames } from '@stackone/sessions-core/backend';
import { idLiteral, itemLiteral, quoteName, textLiteral } from './literals.js';
import { exact, IN_UTC } from './times.js';

/** Every name in the database that belongs to one pair of tables. */
export function mysqlNames(tables?: TableNames, schema?: string) {
  const names = schemaNames(tables);
  return {
    ...names,
    /** The database, where it is not that of the connection. */
    schema,
    /** As the servers themselves name it. */
    messagesKey: derivedName('', names.messages, '_ibfk_1'),
    operationsKey: derivedName('', names.sessions, '_operations_ibfk_1'),
    /** In tables that are split over nodes: AUTO_INCREMENT takes an index that begins with its column. */
    countedIndex: derivedName('idx_', names.messages, '_id'),
    /** In tables that are split over nodes: finds a run whose conversation is not known. */
    runsIdIndex: derivedName('idx_', names.sessions, '_runs_id'),
  };
}

export type MysqlNames = ReturnType<typeof mysqlNames>;

/** The name of a table as SQL, with its database where one was given. */
export function qualifiedName({ schema }: Pick<MysqlNames, 'schema'>, table: string): string {
  return schema === undefined ? quoteName(table) : `${quoteName(schema)}.${quoteName(table)}`;
}

/** Which conversations are meant: by equality where it is one, as a proxy finds its node by that. */
export function isAmong(sessionIds: readonly string[]): string {
  const [first = '', ...others] = sessionIds.map(textLiteral);
  return others.length === 0 ? `session_id = ${first}` : `session_id IN (${[first, ...others].join(', ')})`;
}

/** Ids as text: they may exceed 2^53. */
export const textRow = 'CAST(id AS CHAR) AS id, message_data AS text';

/** In whole ms since 1970, whatever the time zone of the connection and its summer time. */
const NOW = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000";

/** The servers' error for a number that is larger than any. */
export const OUT_OF_RANGE = 1690;

/** What a conversation that was erased is known by. */
function digestLiteral(sessionId: string): string {
  return textLiteral(digestOf(sessionId, 'hex'));
}

/** One row to insert. */
export interface NewRow {
  readonly sessionId: string;
  readonly text: string;
}

/** An operation to record. */
export interface NewOperation {
  readonly sessionId: string;
  readonly id: string;
  readonly digest: string;
}

/**
 * Every statement that a store runs after it is open: one text for MySQL and MariaDB. Each but those of `sessionIds` works on
 * rows of named sessions only, so that an engine that spreads the tables by session can route it.
 *
 * @param newestIndex - The index that leads to the newest items of a conversation, if there is one.
 * @param now - What the time of a conversation's last change is set to.
 */
export function statements(names: MysqlNames, newestIndex?: string, now = 'CURRENT_TIMESTAMP(6)') {
  const sessions = qualifiedName(names, names.sessions);
  const messages = qualifiedName(names, names.messages);
  const operations = qualifiedName(names, names.operations);
  const erasures = qualifiedName(names, names.erasures);
  const is = (sessionId: string) => `session_id = ${textLiteral(sessionId)}`;
  const hint =
    newestIndex === undefined ? '' : `/*+ INDEX(${quoteName(names.messages)} ${quoteName(newestIndex)}) */ `;
  /**
   * The newest rows. Written as a range, because after an equality both servers may look for the rows of one
   * conversation by walking back through everybody's (300,019 rows read for 20, measured on MySQL 9.7 and MariaDB
   * 10.11). Of a page, every form but this one was seen to pass over other rows on one of the servers: MySQL 9.7 on
   * those of others, MariaDB 10.11 on the whole conversation. The hint is for MySQL, which knows it from 8.0.20 on: without
   * it, MySQL 9.7 reads and sorts all of a conversation of 1,000 rows. To MariaDB it is a comment. ORDER BY names the
   * column in full, as "id" alone is the text.
   */
  const newest = (columns: string, sessionId: string, limit: number | undefined, before?: string) => {
    const session = textLiteral(sessionId);
    const end =
      before === undefined
        ? `session_id <= ${session}`
        : `(session_id < ${session} OR (session_id = ${session} AND id < ${idLiteral(before)}))`;
    return (
      `SELECT ${hint}${columns} FROM ${messages} WHERE session_id >= ${session} AND ${end} ` +
      `ORDER BY ${messages}.session_id DESC, ${messages}.id DESC${limit === undefined ? '' : ` LIMIT ${limit}`}`
    );
  };
  const makeAll = (sessionIds: readonly string[]) =>
    `INSERT INTO ${sessions} (session_id) VALUES ${sessionIds.map((id) => `(${textLiteral(id)})`).join(', ')} ` +
    'ON DUPLICATE KEY UPDATE ';
  return {
    begin: 'START TRANSACTION',
    commit: 'COMMIT',
    rollback: 'ROLLBACK',
    savepoint: 'SAVEPOINT agent_session',
    release: 'RELEASE SAVEPOINT agent_session',
    rollbackToSavepoint: 'ROLLBACK TO SAVEPOINT agent_session',
    /** Makes the sessions that are missing and locks all, in the order given. Changes every row: see hazard B4. */
    lock: (sessionIds: readonly string[]) => `${makeAll(sessionIds)}updated_at = ${now}`,
    /**
     * The same, for a time that is set later. Undone, it leaves the place where it was locked, and 1 µs earlier nobody writes; it is
     * an update of the row still, so that the answer says whether there was one.
     */
    lockUntouched: (sessionId: string) =>
      `${makeAll([sessionId])}updated_at = updated_at - INTERVAL (${exact('updated_at')} > 86400) MICROSECOND`,
    touch: (sessionId: string) => `UPDATE ${sessions} SET updated_at = ${now} WHERE ${is(sessionId)}`,
    /** Those of these sessions that were erased a short time ago. */
    erased: (sessionIds: readonly string[]) =>
      `SELECT 1 AS erased FROM ${erasures} WHERE digest IN (${sessionIds.map(digestLiteral).join(', ')}) ` +
      `AND ends_at > ${NOW}`,
    /**
     * Behind {@link lock}: fails with {@link OUT_OF_RANGE} if one of them was erased, and may have been made by the lock. Behind
     * itself: if one was erased.
     */
    failIfErased: (sessionIds: readonly string[]) =>
      `SELECT 9223372036854775807 + (ROW_COUNT() < ${2 * sessionIds.length} AND EXISTS (SELECT 1 FROM ${erasures} ` +
      `WHERE digest IN (${sessionIds.map(digestLiteral).join(', ')}) AND ends_at > ${NOW})) AS erased`,
    refuse: (sessionId: string, milliseconds: number) =>
      `INSERT INTO ${erasures} (digest, ends_at) VALUES (${digestLiteral(sessionId)}, ${NOW} + ${milliseconds}) ` +
      'ON DUPLICATE KEY UPDATE ends_at = GREATEST(ends_at, VALUES(ends_at))',
    forgetErasures: (atMost: number) =>
      `DELETE FROM ${erasures} WHERE ends_at <= ${NOW} AND digest < 'g' ORDER BY digest LIMIT ${atMost}`, // leases have other names
    lease: (name: string, milliseconds: number, held: boolean) =>
      `UPDATE ${erasures} SET ends_at = ${NOW} + ${milliseconds} ` +
      `WHERE digest = ${textLiteral(name)}${held ? '' : ` AND ends_at <= ${NOW}`}`,
    makeLease: (name: string, milliseconds: number) =>
      `INSERT IGNORE INTO ${erasures} (digest, ends_at) VALUES (${textLiteral(name)}, ${NOW} + ${milliseconds})`,
    forgetOperationsOf: (keys: readonly SessionKey[]): readonly string[] => [
      `DELETE FROM ${operations} WHERE (session_id, operation_id) IN ` +
        `(${keys.map((key) => `(${key.map(textLiteral).join(', ')})`).join(', ')})`,
    ],
    /** Locks a session that may be missing, without making it. */
    lockExisting: (sessionId: string) =>
      `SELECT 1 AS locked FROM ${sessions} WHERE ${is(sessionId)} FOR UPDATE`,
    /** The rows of one statement have one time. */
    insertRows: `INSERT INTO ${messages} (session_id, message_data) VALUES `,
    insertedRow: ({ sessionId, text }: NewRow) => `(${textLiteral(sessionId)}, ${itemLiteral(text)})`,
    read: (sessionId: string, limit?: number, before?: string) => newest(textRow, sessionId, limit, before),
    newestId: (sessionId: string) => newest('CAST(id AS CHAR) AS id', sessionId, 1),
    /**
     * Gives the rows after one the time of that one. The derived table is for MySQL, see error 1093.
     *
     * @param _time - What `newestId` told of its time.
     */
    copyTime: (sessionId: string, id: string, _time?: string | null) =>
      `UPDATE ${IN_UTC} ${messages} SET created_at = (SELECT time FROM (SELECT created_at AS time FROM ${messages} ` +
      `WHERE ${is(sessionId)} AND id = ${idLiteral(id)}) AS first_rows) WHERE ${is(sessionId)} AND id > ${idLiteral(id)}`,
    update: (sessionId: string, id: string, text: string) =>
      `UPDATE ${messages} SET message_data = ${itemLiteral(text)} WHERE ${is(sessionId)} AND id = ${idLiteral(id)}`,
    remove: (sessionId: string, ids: readonly string[]) =>
      `DELETE FROM ${messages} WHERE ${is(sessionId)} AND id IN (${ids.map(idLiteral).join(', ')})`,
    removeOldest: (sessionId: string, count: number, before?: string) =>
      `DELETE FROM ${messages} WHERE ${is(sessionId)}` +
      `${before === undefined ? '' : ` AND id < ${idLiteral(before)}`} ORDER BY id LIMIT ${count}`,
    removeAll: (sessionId: string) => `DELETE FROM ${messages} WHERE ${is(sessionId)}`,
    sessionIds: (...page: Page) => idsOf(sessions, ...page),
    /** With those that were cleared, and have a title, usage or runs still. */
    describedSessionIds: (...page: Page): readonly string[] => [
      `(${idsOf(sessions, ...page)}) UNION (${idsOf(qualifiedName(names, names.metadata), ...page)}) ` +
        `UNION (${idsOf(qualifiedName(names, names.usage), ...page)}) ` +
        `UNION (${idsOf(qualifiedName(names, names.runs), ...page)}) ` +
        `ORDER BY id LIMIT ${page[1]}`,
    ],
    removeSession: (sessionId: string) => `DELETE FROM ${sessions} WHERE ${is(sessionId)}`,
    /**
     * Looked up without a lock, as a DELETE of a range locks the gaps in which other sessions record theirs. In seconds
     * of no time zone: the difference of two local times is an hour off where clocks were put forward between them.
     */
    oldOperations: ({ sessionId, id }: NewOperation, seconds: number) =>
      `SELECT operation_id AS id FROM ${operations} WHERE ${is(sessionId)} AND operation_id <> ${textLiteral(id)} ` +
      `AND UNIX_TIMESTAMP(created_at) < UNIX_TIMESTAMP() - ${seconds} LIMIT 1000`,
    forgetOperations: (sessionId: string, ids: readonly string[]) =>
      `DELETE FROM ${operations} WHERE ${is(sessionId)} AND operation_id IN (${ids.map(textLiteral).join(', ')})`,
    removeOperations: (sessionId: string) => `DELETE FROM ${operations} WHERE ${is(sessionId)}`,
    readOperation: (sessionId: string, id: string) =>
      `SELECT digest FROM ${operations} WHERE ${is(sessionId)} AND operation_id = ${textLiteral(id)}`,
    insertOperations: (recorded: readonly NewOperation[]) =>
      `INSERT INTO ${operations} (session_id, operation_id, digest) VALUES ` +
      recorded
        .map(({ sessionId, id, digest }) => `(${[sessionId, id, digest].map(textLiteral).join(', ')})`)
        .join(', '),
  };
}

/** What names something that a conversation has. */
export type SessionKey = readonly [sessionId: string, id: string];

/** A page of ids. */
type Page = readonly [after: string, limit: number, prefix: string];

/** A prefix is a range: ids compare by their bytes. */
export function idsOf(table: string, ...[after, limit, prefix]: Page): string {
  const end = behindPrefix(prefix);
  return (
    `SELECT DISTINCT session_id AS id FROM ${table} WHERE session_id > ${textLiteral(after)}` +
    (prefix === '' ? '' : ` AND session_id >= ${textLiteral(prefix)}`) +
    (end === undefined ? '' : ` AND session_id < ${textLiteral(end)}`) +
    ` ORDER BY session_id LIMIT ${limit}`
  );
}

export type MysqlStatements = ReturnType<typeof statements>;
