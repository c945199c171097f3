import { checkOptions, DEFAULT_TIMEOUT } from '@stackone/sessions-core/backend';
import {
  clockFinding,
  conversationFindings,
  type Doctor,
  type ExamineOptions,
  type Finding,
  findingsOf,
  good,
  growthFinding,
  improvable,
  type Look,
  layoutFindings,
  NEWEST_ITEMS,
  NEWEST_READ,
  ONLY_LOOKING,
  orphanItemFinding,
  orphanOperationFinding,
  rowIdFinding,
  sizeText,
  tableFindings,
  wrong,
} from '@stackone/sessions-core/doctor';
import { endPool, openPool, readPostgresUrl } from './connect.js';
import { type Link, linkFindings, serverFindings } from './doctor-server.js';
import {
  CHANGED_COLLATION,
  dataStatements,
  type ExaminedTable,
  SERVER_STATE,
  type ServerState,
  TABLE_STATES,
  TELLS_COLLATIONS,
} from './doctor-statements.js';
import { PoolExecutor, type Query } from './executor.js';
import { type PostgresNames, postgresNames, qualifiedTables } from './statements.js';
import { POSTGRES_OPTION_CHECKS, PostgresSessionStore, type PostgresStoreOptions } from './store.js';
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
 * const doctor = await openDoctor('postgres://user:password@host:5432/database');
 * for await (const { level, code, message } of doctor.examine()) console.log(level, code, message);
 * await doctor.close();
 * ```
 */
export async function openDoctor(url: string, options: PostgresStoreOptions = {}): Promise<Doctor> {
  checkOptions('openDoctor', options, POSTGRES_OPTION_CHECKS);
  const parsed = readPostgresUrl(url, options);
  const wanted = postgresNames(options.tables, options.schema ?? parsed.values.schema);
  const pool = await openPool(parsed, { ...options, max: 1 });
  const executor = new PoolExecutor(pool, options.timeout ?? parsed.values.socket_timeout ?? DEFAULT_TIMEOUT);
  const patient = new PoolExecutor(pool, 0);
  let names = wanted;

  async function* examine({ full = false, ...rest }: ExamineOptions = {}): AsyncGenerator<Finding> {
    const link = await executor.transact(async (client): Promise<Link> => {
      const { rows } = await client.query('SELECT pg_backend_pid()::text AS pid', []);
      const { processID, connection } = client as unknown as ClientInside;
      return { stream: connection.stream, isPooled: String(processID) !== (rows[0] as { pid: string }).pid };
    });
    const server = await stateOf<ServerState>(executor.read, SERVER_STATE);
    const max = options.max ?? parsed.values.connection_limit ?? 10;
    yield* linkFindings(server, link, max);
    yield* serverFindings(server);
    yield* findingsOf({
      CLOCK: () => clockFinding(() => serverTime(executor.read)),
      COLLATION: () => (server.number < TELLS_COLLATIONS ? [] : collationFinding(executor.read)),
    });
    let prepared: PreparedTables | undefined;
    const tables = await tableFindings(async (warn) => {
      prepared = await prepareTables(executor, wanted, warn, undefined);
    });
    if (!prepared) return yield* tables;
    ({ names } = prepared);
    const examined = await stateOf<ExaminedTable[]>(executor.read, TABLE_STATES, [
      JSON.stringify(qualifiedTables(names)),
    ]);
    yield good('CHARACTER_SET', 'The database is in UTF8.');
    const { operations, metadata, usage, runs, erasures } = prepared;
    yield* layoutFindings(
      [...tables, ...invalidIndexFindings(examined)],
      operations && metadata && usage && runs && erasures,
    );
    yield* findingsOf(tableLooks(examined, server));
    if (privilegesOf(examined, server).level !== 'good') return;
    yield* findingsOf(dataLooks(executor.read, names, examined, full));
    const newest = await executor.read(dataStatements(names).newestSessions, [NEWEST_READ]);
    const ids = newest.map((row) => (row as { id: string }).id);
    await using store = new PostgresSessionStore({ url }, { ...options, max: 1, ...ONLY_LOOKING });
    yield* await conversationFindings(store, full ? undefined : ids, rest);
  }

  return {
    examine,
    async repair(fix) {
      if (fix === 'tables') await prepareTables(patient, wanted, () => undefined, patient);
      else for (const statement of fix) await patient.write(statement);
    },
    close: () => endPool(pool),
  };
}

/** What a client of `pg` has inside. */
interface ClientInside {
  readonly processID: number | null;
  readonly connection: { readonly stream: Link['stream'] };
}

async function stateOf<T>(query: Query, statement: string, parameters: readonly unknown[] = []): Promise<T> {
  const [row] = await query(statement, parameters);
  return JSON.parse((row as { state: string }).state) as T;
}

async function serverTime(query: Query): Promise<number> {
  const [row] = await query('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS time');
  return Number((row as { time: string }).time);
}

async function collationFinding(query: Query): Promise<Finding> {
  const [changed] = await query(CHANGED_COLLATION);
  if (!changed) return good('COLLATION', 'The collation of the database is that of its indexes.');
  const { name } = changed as { name: string };
  return wrong(
    'COLLATION',
    'The collation of the database is another version than when it was made, as after an upgrade of the system: indexes may not find what is there.',
    `Run: REINDEX DATABASE ${name}; ALTER DATABASE ${name} REFRESH COLLATION VERSION`,
  );
}

function invalidIndexFindings(tables: readonly ExaminedTable[]): Finding[] {
  const invalid = tables.flatMap((table) => table.invalid ?? []);
  if (invalid.length === 0) return [];
  const statements = invalid.map((index) => `REINDEX INDEX CONCURRENTLY ${index}`);
  return [
    improvable(
      'INDEXES',
      `Indexes are invalid, as one is whose making was cut off: they are not used, but written: ${invalid.join(', ')}.`,
      `Run: ${statements.join('; ')}`,
      statements,
    ),
  ];
}

function tableLooks(tables: readonly ExaminedTable[], server: ServerState) {
  return {
    PRIVILEGES: () => privilegesOf(tables, server),
    CRASH_SAFETY: () => {
      const unlogged = tables.filter(({ persistence }) => persistence === 'u');
      if (unlogged.length === 0) return [];
      return wrong(
        'CRASH_SAFETY',
        `Tables are UNLOGGED, and so empty after a crash: ${namesOf(unlogged)}.`,
        `Run: ${unlogged.map(({ name }) => `ALTER TABLE ${name} SET LOGGED`).join('; ')}`,
      );
    },
    SIZE: () => {
      const bytes = tables.reduce((sum, { bytes }) => sum + bytes, 0);
      const items = tables.find(({ kind }) => kind === 'messages');
      return good(
        'SIZE',
        `${sizeText(bytes)} in all tables and indexes, for about ${items?.live ?? 0} items.`,
      );
    },
    DEAD_ROWS: () => {
      // twice what makes autovacuum begin
      const bloated = tables.filter(({ live, dead }) => dead > 1000 && dead > 100 + 0.4 * live);
      if (bloated.length === 0)
        return good('DEAD_ROWS', 'Rows that were removed or changed are cleared away in time.');
      const statements = bloated.map(({ name }) => `VACUUM (ANALYZE) ${name}`);
      return improvable(
        'DEAD_ROWS',
        `Rows that were removed or changed are still there, and slow down reads: ${bloated
          .map(({ name, live, dead }) => `${dead} beside ${live} in ${name}`)
          .join(', ')}.`,
        `Run: ${statements.join('; ')}`,
        statements,
      );
    },
    AUTOVACUUM: () => {
      if (server.settings.autovacuum !== 'on' || server.settings.track_counts !== 'on')
        return improvable(
          'AUTOVACUUM',
          'Autovacuum is off: tables grow, and plans grow old.',
          'Run: ALTER SYSTEM SET autovacuum = on; ALTER SYSTEM SET track_counts = on; SELECT pg_reload_conf()',
        );
      const off = tables.filter(({ options }) => options?.includes('autovacuum_enabled=false'));
      if (off.length === 0) return good('AUTOVACUUM', 'Autovacuum is on.');
      return improvable(
        'AUTOVACUUM',
        `Autovacuum is off for ${namesOf(off)}: tables grow, and plans grow old.`,
        `Run: ${off.map(({ name }) => `ALTER TABLE ${name} RESET (autovacuum_enabled)`).join('; ')}`,
      );
    },
  } satisfies Record<string, Look>;
}

function privilegesOf(tables: readonly ExaminedTable[], { user }: ServerState): Finding {
  const grants = tables.flatMap(({ name, lacking, sequence }) => [
    ...(lacking ? [`GRANT ${lacking.join(', ')} ON ${name} TO ${user}`] : []),
    ...(sequence ? [`GRANT USAGE ON SEQUENCE ${sequence} TO ${user}`] : []),
  ]);
  if (grants.length === 0) return good('PRIVILEGES', 'The user may read and write all tables.');
  return wrong(
    'PRIVILEGES',
    'The user may not do all that a store does.',
    `Run as the owner of the tables: ${grants.join('; ')}`,
  );
}

const namesOf = (tables: readonly ExaminedTable[]) => tables.map(({ name }) => name).join(', ');

function dataLooks(query: Query, names: PostgresNames, tables: readonly ExaminedTable[], full: boolean) {
  const sql = dataStatements(names);
  const count = async (statement: string, parameters: readonly unknown[] = []) => {
    const [row] = await query(statement, parameters);
    return Number((row as { n: string }).n);
  };
  return {
    ROW_IDS: async () => {
      const isNarrow = tables.find(({ kind }) => kind === 'messages')?.id === 'int4';
      return rowIdFinding(await count(sql.newestId), isNarrow ? 2 ** 31 - 1 : 2 ** 63);
    },
    GROWTH: async () => {
      const [row] = (await query(sql.growth)) as { rows: string; age: string }[];
      return growthFinding(Number(row?.rows ?? 0), Date.now() - Number(row?.age ?? 0));
    },
    ORPHAN_ITEMS: async () =>
      orphanItemFinding(await count(sql.orphanItems, [full ? null : NEWEST_ITEMS]), full, sql.adoptItems),
    ORPHAN_OPERATIONS: async () => {
      if (!tables.some(({ kind }) => kind === 'operations')) return [];
      return orphanOperationFinding(await count(sql.orphanOperations), sql.removeOperations);
    },
  } satisfies Record<string, Look>;
}
