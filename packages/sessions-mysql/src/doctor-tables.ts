import { isSessionError } from '@stackone/sessions-core';
import {
  type Finding,
  good,
  growthFinding,
  improvable,
  type Look,
  NEWEST_ITEMS,
  orphanItemFinding,
  orphanOperationFinding,
  rowIdFinding,
  sizeText,
  wrong,
} from '@stackone/sessions-core/doctor';
import type { ServerState } from './doctor-server.js';
import type { Send } from './driver-types.js';
import { type MysqlNames, qualifiedName } from './statements.js';
import type { PreparedTables } from './tables.js';

/** Less free space than this is of no interest, in bytes. */
const MUCH_SPACE = 32e6;

/** Whether this user may do what a store does: to explain a statement takes the privileges that it takes to run it. */
export async function privilegeFinding(
  send: Send,
  names: MysqlNames,
  { sideTables }: PreparedTables,
): Promise<Finding> {
  const kinds = ['operations', 'metadata', 'usage', 'runs', 'erasures'] as const;
  const tables = [
    names.sessions,
    names.messages,
    ...kinds.filter((kind) => sideTables[kind]).map((kind) => names[kind]),
  ];
  const grants: string[] = [];
  for (const table of tables) {
    const name = qualifiedName(names, table);
    const column = table === names.erasures ? 'digest' : 'session_id';
    const statements = {
      SELECT: `SELECT ${column} FROM ${name} WHERE 1 = 0`,
      INSERT: `INSERT INTO ${name} (${column}) VALUES ('')`,
      UPDATE: `UPDATE ${name} SET ${column} = '' WHERE 1 = 0`,
      DELETE: `DELETE FROM ${name} WHERE 1 = 0`,
    };
    const lacking: string[] = [];
    for (const [privilege, statement] of Object.entries(statements))
      if (await isRefused(send, statement, 'PERMISSION_DENIED')) lacking.push(privilege);
    if (lacking.length > 0) grants.push(`GRANT ${lacking.join(', ')} ON ${name} TO <user>`);
  }
  if (grants.length === 0) return good('PRIVILEGES', 'The user may read and write all tables.');
  return wrong(
    'PRIVILEGES',
    'The user may not do all that a store does.',
    `Run as an administrator: ${grants.join('; ')}`,
  );
}

/** A server that takes no writes does not explain them, either. */
export async function writableFinding(send: Send, names: MysqlNames): Promise<Finding> {
  const write = `DELETE FROM ${qualifiedName(names, names.sessions)} WHERE 1 = 0`;
  if (await isRefused(send, write, 'READ_ONLY'))
    return wrong(
      'WRITABLE',
      'The server takes no writes: it is a replica, or read_only is set.',
      'Name the primary in the URL, or run: SET GLOBAL read_only = OFF',
    );
  return good('WRITABLE', 'The server takes writes.');
}

/** Whether a statement may not be run, for this reason. It is not run. */
async function isRefused(
  send: Send,
  statement: string,
  reason: 'PERMISSION_DENIED' | 'READ_ONLY',
): Promise<boolean> {
  try {
    await send(`EXPLAIN ${statement}`);
    return false;
  } catch (error) {
    if (!isSessionError(error)) throw error;
    if (error.code === 'PERMISSION_DENIED' || error.code === 'READ_ONLY') return error.code === reason;
    throw error;
  }
}

export function tableLooks(send: Send, names: MysqlNames, { isMysql }: ServerState) {
  const statusOf = async (table: string) => {
    const from =
      names.schema === undefined ? '' : `FROM ${qualifiedName({ schema: undefined }, names.schema)} `;
    // of a day ago, else
    if (isMysql) await send('SET SESSION information_schema_stats_expiry = 0');
    const { rows } = await send(`SHOW TABLE STATUS ${from}WHERE Name = '${table.replaceAll("'", "''")}'`);
    const { Data_length, Index_length, Data_free, Rows } = rows[0] ?? {};
    return { bytes: Number(Data_length) + Number(Index_length), free: Number(Data_free), rows: Number(Rows) };
  };
  return {
    SIZE: async () => {
      const [sessions, messages] = [await statusOf(names.sessions), await statusOf(names.messages)];
      return good('SIZE', `${sizeText(sessions.bytes + messages.bytes)} for about ${messages.rows} items.`);
    },
    FREE_SPACE: async () => {
      const { bytes, free } = await statusOf(names.messages);
      if (free < MUCH_SPACE || free < bytes)
        return good('FREE_SPACE', 'Most of the file of the items is in use.');
      const rebuild = `OPTIMIZE TABLE ${qualifiedName(names, names.messages)}`;
      return improvable(
        'FREE_SPACE',
        `The file of the items has ${sizeText(free)} of free space, beside ${sizeText(bytes)} in use: new items will use it.`,
        `Run, if the disk needs it: ${rebuild}`,
        [rebuild],
      );
    },
  } satisfies Record<string, Look>;
}

export function dataLooks(send: Send, names: MysqlNames, { sideTables }: PreparedTables, full: boolean) {
  const sessions = qualifiedName(names, names.sessions);
  const messages = qualifiedName(names, names.messages);
  const operations = qualifiedName(names, names.operations);
  const lost = `NOT EXISTS (SELECT 1 FROM ${sessions} AS s WHERE s.session_id = t.session_id)`;
  const one = async (sql: string) => (await send(sql)).rows[0] ?? {};
  return {
    ROW_IDS: async () => {
      const { n } = await one(`SELECT CAST(COALESCE(MAX(id), 0) AS CHAR) AS n FROM ${messages}`);
      const { Type = '' } = await one(`SHOW COLUMNS FROM ${messages} WHERE Field = 'id'`);
      return rowIdFinding(
        Number(n),
        /^int/i.test(Type ?? '') ? 2 ** (/unsigned/i.test(Type ?? '') ? 32 : 31) - 1 : 2 ** 63,
      );
    },
    GROWTH: async () => {
      const newest = `(SELECT MAX(id) FROM ${messages})`;
      const { added, age } = await one(
        `SELECT CAST(${newest} - id + 1 AS CHAR) AS added, UNIX_TIMESTAMP() - UNIX_TIMESTAMP(created_at) AS age FROM ${messages} ` +
          `WHERE id >= ${newest} - 10000 ORDER BY id LIMIT 1`,
      );
      return growthFinding(Number(added ?? 0), Date.now() - Number(age ?? 0) * 1000);
    },
    ORPHAN_ITEMS: async () => {
      const newest = `SELECT session_id FROM ${messages}${full ? '' : ` ORDER BY id DESC LIMIT ${NEWEST_ITEMS}`}`;
      const { n } = await one(`SELECT COUNT(DISTINCT session_id) AS n FROM (${newest}) AS t WHERE ${lost}`);
      const adopt = `INSERT IGNORE INTO ${sessions} (session_id) SELECT DISTINCT session_id FROM ${messages} AS t WHERE ${lost}`;
      return orphanItemFinding(Number(n), full, adopt);
    },
    ORPHAN_OPERATIONS: async () => {
      if (!sideTables.operations) return [];
      const { n } = await one(`SELECT COUNT(*) AS n FROM ${operations} AS t WHERE ${lost}`);
      return orphanOperationFinding(Number(n), `DELETE t FROM ${operations} AS t WHERE ${lost}`);
    },
  } satisfies Record<string, Look>;
}

/** The stored ids of the conversations that the newest items belong to. */
export async function newestSessions(send: Send, names: MysqlNames, items: number): Promise<string[]> {
  const newest = `SELECT session_id FROM ${qualifiedName(names, names.messages)} ORDER BY id DESC LIMIT ${items}`;
  const { rows } = await send(`SELECT DISTINCT session_id AS id FROM (${newest}) AS t`);
  return rows.map(({ id }) => id ?? '');
}
