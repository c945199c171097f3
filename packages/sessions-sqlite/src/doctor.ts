import { resolve } from 'node:path';
import { checkOptions, parseStoreUrl } from '@stackone/sessions-core/backend';
import {
  conversationFindings,
  type Doctor,
  type ExamineOptions,
  type Finding,
  findingsOf,
  good,
  growthFinding,
  type Look,
  layoutFindings,
  NEWEST_ITEMS,
  NEWEST_READ,
  ONLY_LOOKING,
  orphanItemFinding,
  orphanOperationFinding,
  tableFindings,
} from '@stackone/sessions-core/doctor';
import { openHandle } from './connect.js';
import { milliseconds } from './conversation-statements.js';
import { fileLooks } from './doctor-file.js';
import { HandleExecutor } from './executor.js';
import { IN_MEMORY, readSqliteUrl } from './location.js';
import { quoteName, type SqliteNames, sqliteNames } from './statements.js';
import { SQLITE_OPTION_CHECKS, SqliteSessionStore, type SqliteStoreOptions } from './store.js';
import { prepareTables } from './tables.js';

/**
 * Opens a database file to look at it, as `sessions doctor` does. It sets nothing, and changes nothing but what `repair` is told to.
 *
 * @param options - Those of the store that is to use the file.
 * @throws TypeError for an unknown option, and for a database in memory. SessionError as opening a store does.
 * @example
 * ```ts
 * const doctor = await openDoctor('sqlite:./sessions.db');
 * for await (const { level, code, message } of doctor.examine()) console.log(level, code, message);
 * await doctor.close();
 * ```
 */
export async function openDoctor(url: string, options: SqliteStoreOptions = {}): Promise<Doctor> {
  checkOptions('openDoctor', options, SQLITE_OPTION_CHECKS);
  const { location } = readSqliteUrl(parseStoreUrl(url, 'sqlite'));
  if (location === IN_MEMORY) throw new TypeError('openDoctor: a database in memory has nothing to look at.');
  const { busyTimeout = 5000, driver, synchronous = 'full' } = options;
  const database = await openHandle(
    { location, mustExist: 'it is to be looked at' },
    { busyTimeout, driver },
  );
  const connection = new HandleExecutor(database);
  const names = sqliteNames(options.tables);

  async function* examine({ full = false, ...rest }: ExamineOptions = {}): AsyncGenerator<Finding> {
    // fails where the file is no database
    const [server] = connection.all('SELECT sqlite_version() AS version, count(*) FROM sqlite_master') as {
      version: string;
    }[];
    yield good('SERVER', `SQLite ${server?.version}.`);
    for await (const finding of findingsOf(fileLooks(connection, resolve(location), { synchronous, full }))) {
      yield finding;
      if (finding.code === 'INTEGRITY' && finding.level === 'wrong') return;
    }
    let sideTables: ReturnType<typeof prepareTables> | undefined;
    const tables = await tableFindings((warn) => {
      sideTables = prepareTables(connection, names, false, warn);
    });
    if (!sideTables) return yield* tables;
    yield* layoutFindings(tables, Object.values(sideTables).every(Boolean));
    yield* findingsOf(dataLooks(connection, names, sideTables.operations, full));
    const newest = `SELECT session_id FROM ${quoteName(names.messages)} ORDER BY id DESC LIMIT ?`;
    const rows = connection.all(`SELECT DISTINCT session_id AS id FROM (${newest})`, [NEWEST_READ]);
    const ids = rows.map((row) => (row as { id: string }).id);
    const ofUrls = { synchronous: undefined, busyTimeout: undefined, driver: undefined };
    await using store = new SqliteSessionStore({ database }, { ...options, ...ofUrls, ...ONLY_LOOKING });
    yield* await conversationFindings(store, full ? undefined : ids, rest);
  }

  return {
    examine,
    async repair(fix) {
      if (fix === 'tables') {
        prepareTables(connection, names, true, () => undefined);
        return;
      }
      // the driver asks for one or the other, and pragmas answer with a row
      for (const statement of fix)
        statement.startsWith('PRAGMA') ? connection.all(statement) : connection.run(statement);
    },
    async close() {
      database.close();
    },
  };
}

function dataLooks(connection: HandleExecutor, names: SqliteNames, withOperations: boolean, full: boolean) {
  const sessions = quoteName(names.sessions);
  const messages = quoteName(names.messages);
  const operations = quoteName(names.operations);
  const lost = `NOT EXISTS (SELECT 1 FROM ${sessions} AS s WHERE s.session_id = t.session_id)`;
  const one = <T>(sql: string, ...parameters: unknown[]) =>
    connection.all(sql, parameters)[0] as T | undefined;
  return {
    GROWTH: () => {
      const newest = `(SELECT max(id) FROM ${messages})`;
      const old = one<{ rows: number; time: number }>(
        `SELECT ${newest} - id + 1 AS rows, ${milliseconds('created_at')} AS time FROM ${messages} ` +
          `WHERE id >= ${newest} - 10000 ORDER BY id LIMIT 1`,
      );
      return growthFinding(old?.rows ?? 0, old?.time ?? 0);
    },
    ORPHAN_ITEMS: () => {
      const newest = `SELECT session_id FROM ${messages} ORDER BY id DESC LIMIT ?`;
      const orphans = one<{ n: number }>(
        `SELECT count(DISTINCT session_id) AS n FROM (${newest}) AS t WHERE ${lost}`,
        full ? -1 : NEWEST_ITEMS,
      );
      const adopt =
        `INSERT INTO ${sessions} (session_id) SELECT DISTINCT session_id FROM ${messages} AS t WHERE ${lost} ` +
        'ON CONFLICT (session_id) DO NOTHING';
      return orphanItemFinding(orphans?.n ?? 0, full, adopt);
    },
    ORPHAN_OPERATIONS: () => {
      if (!withOperations) return [];
      const orphans = one<{ n: number }>(`SELECT count(*) AS n FROM ${operations} AS t WHERE ${lost}`);
      return orphanOperationFinding(orphans?.n ?? 0, `DELETE FROM ${operations} AS t WHERE ${lost}`);
    },
  } satisfies Record<string, Look>;
}
