import { checkOptions, DEFAULT_TIMEOUT } from '@stackone/sessions-core/backend';
import {
  clockFinding,
  conversationFindings,
  type Doctor,
  type ExamineOptions,
  type Finding,
  findingsOf,
  good,
  layoutFindings,
  NEWEST_READ,
  ONLY_LOOKING,
  tableFindings,
} from '@stackone/sessions-core/doctor';
import { openPools, readMysqlUrl } from './connect.js';
import { type Link, linkFindings, readServerState, serverFindings } from './doctor-server.js';
import { dataLooks, newestSessions, privilegeFinding, tableLooks, writableFinding } from './doctor-tables.js';
import { type PromiseConnection, queryText, type Send } from './driver-types.js';
import { PoolExecutor } from './executor.js';
import { readSettings, type ServerSettings } from './settings.js';
import { mysqlNames, statements } from './statements.js';
import { MYSQL_OPTION_CHECKS, MysqlSessionStore, type MysqlStoreOptions } from './store.js';
import { type PreparedTables, prepareTables } from './tables.js';

/**
 * Connects to a database to look at it, as `sessions doctor` does. It has a connection of its own, and changes nothing but what
 * `repair` is told to.
 *
 * @param options - Those of the store that is to use the database.
 * @throws TypeError for an unknown option. SessionError `UNSUPPORTED_URL`, `DRIVER_MISSING`; `examine` fails as opening a store does
 * where the database cannot be reached.
 * @example
 * ```ts
 * const doctor = await openDoctor('mysql://user:password@host:3306/database');
 * for await (const { level, code, message } of doctor.examine()) console.log(level, code, message);
 * await doctor.close();
 * ```
 */
export async function openDoctor(url: string, options: MysqlStoreOptions = {}): Promise<Doctor> {
  checkOptions('openDoctor', options, MYSQL_OPTION_CHECKS);
  const { ssl, connectionTimeout, driver } = options;
  const parsed = readMysqlUrl(url, ssl);
  const { values } = parsed;
  const names = mysqlNames(options.tables, options.schema ?? values.schema);
  const { ofStore: pool } = await openPools(parsed, { max: 1, ssl, connectionTimeout, driver });
  const executorFor = (timeout: number) => new PoolExecutor(pool, statements(names), timeout);
  const executor = executorFor(options.timeout ?? values.socket_timeout ?? DEFAULT_TIMEOUT);
  const send: Send = (sql) => executor.run(sql);
  const change: Send = (sql) => executorFor(0).run(sql);
  const prepare = async (
    settings: ServerSettings,
    createTables: boolean,
    warn: Parameters<typeof prepareTables>[5],
  ) => prepareTables(send, change, names, settings, createTables, warn, options.distributed);

  async function* examine({ full = false, ...rest }: ExamineOptions = {}): AsyncGenerator<Finding> {
    const link = await executor.transact(linkOf);
    const server = await readServerState(send);
    yield* linkFindings(server, link, options.max ?? values.connectionLimit ?? 10);
    yield* serverFindings(server);
    yield* findingsOf({ CLOCK: () => clockFinding(() => serverTime(send)) });
    let prepared: PreparedTables | undefined;
    const found = await tableFindings(async (warn) => {
      prepared = await prepare(await readSettings(send, options.distributed), false, warn);
    });
    if (!prepared) return yield* found;
    yield good('CHARACTER_SET', 'Texts are in utf8mb4.');
    yield* layoutFindings(found, Object.values(prepared.sideTables).every(Boolean));
    yield await writableFinding(send, names);
    const privileges = await privilegeFinding(send, names, prepared);
    yield privileges;
    if (privileges.level !== 'good') return;
    yield* findingsOf(tableLooks(send, names, server));
    yield* findingsOf(dataLooks(send, names, prepared, full));
    const ids = full ? undefined : await newestSessions(send, names, NEWEST_READ);
    await using store = new MysqlSessionStore({ url }, { ...options, max: 1, ...ONLY_LOOKING });
    yield* await conversationFindings(store, ids, rest);
  }

  return {
    examine,
    async repair(fix) {
      if (fix === 'tables')
        await prepare(await readSettings(send, options.distributed), true, () => undefined);
      else for (const statement of fix) await change(statement);
    },
    close: () => pool.close(),
  };
}

async function linkOf(client: object): Promise<Link> {
  const connection = client as PromiseConnection;
  const { rows } = await queryText(connection, 'SELECT CONNECTION_ID() AS id');
  const { stream, threadId } = connection.connection as unknown as {
    stream: Link['stream'];
    threadId: number;
  };
  return { stream, isPooled: rows[0]?.id !== String(threadId) };
}

async function serverTime(send: Send): Promise<number> {
  const { rows } = await send('SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000 AS CHAR) AS time');
  return Number(rows[0]?.time);
}
