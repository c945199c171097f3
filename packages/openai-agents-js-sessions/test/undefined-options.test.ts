// An option that is given as `undefined` is as good as absent: who hands options on writes `{ max: settings.max }`.
import { join } from 'node:path';
import { Agent, MemorySession, Usage } from '@openai/agents-core';
import { assistantMessage, ScriptedModel } from '@openai/agents-core/testing';
import { type TortureOptions, torture } from '@stackone/openai-agents-js-sessions/torture';
import * as mysqlTables from '@stackone/sessions-mysql/schema';
import * as postgresTables from '@stackone/sessions-postgres/schema';
import * as sqliteTables from '@stackone/sessions-sqlite/schema';
import { temporaryFolder } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import { describe, expect, test } from 'vitest';
import { type BenchOptions, bench } from '../src/bench.js';
import {
  type AddItemsOptions,
  type DriverModules,
  DrizzleSession,
  type DrizzleSessionConfig,
  EncryptedSession,
  type EncryptedSessionOptions,
  type EncryptionOptions,
  MemorySessionStore,
  type MemoryStoreOptions,
  MysqlSessionStore,
  type MysqlStoreOptions,
  type MysqlTlsOptions,
  mysqlSchemaSql,
  type OpenStoreOptions,
  openSessionStore,
  type PendingOptions,
  PostgresSessionStore,
  type PostgresStoreOptions,
  type PostgresTlsOptions,
  postgresSchemaSql,
  type RecordUsageOptions,
  type ReencryptOptions,
  type RunStartOptions,
  type SessionListOptions,
  type SessionOptions,
  type SessionStore,
  type SessionUsageOptions,
  SqliteSessionStore,
  type SqliteStoreOptions,
  type StoreUsageOptions,
  type StoreWatchOptions,
  sqliteSchemaSql,
  type WatchOptions,
  type WorkOptions,
} from '../src/index.js';

/** A field for each option: one that is new must be added here. */
type Nothing<Options> = { readonly [Name in keyof Required<Options>]: undefined };

const ANY_STORE: Nothing<MemoryStoreOptions> = {
  onCorruptItem: undefined,
  itemFormat: undefined,
  encryption: undefined,
  groupCommit: undefined,
  exactlyOnce: undefined,
  operationRetentionDays: undefined,
  retention: undefined,
  maxWaitingTurns: undefined,
  maxWaitingBytes: undefined,
};
const SERVER = {
  ...ANY_STORE,
  createTables: undefined,
  tables: undefined,
  schema: undefined,
  maxRetries: undefined,
  retryDelay: undefined,
  timeout: undefined,
  max: undefined,
  connectionTimeout: undefined,
  ssl: undefined,
  distributed: undefined,
  driver: undefined,
} satisfies Nothing<PostgresStoreOptions> & Nothing<MysqlStoreOptions>;
const SQLITE: Nothing<SqliteStoreOptions> = {
  ...ANY_STORE,
  createTables: undefined,
  tables: undefined,
  synchronous: undefined,
  busyTimeout: undefined,
  driver: undefined,
};
const { driver: _ofEachStore, ...SHARED } = { ...SERVER, ...SQLITE };
const OPEN: Nothing<OpenStoreOptions> = { ...SHARED, drivers: undefined };
const DRIVERS: Nothing<DriverModules> = { 'better-sqlite3': undefined, mysql2: undefined, pg: undefined };
const TABLES = { sessions: undefined, messages: undefined };
const TLS = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  passphrase: undefined,
  rejectUnauthorized: undefined,
};
const POSTGRES_TLS: Nothing<PostgresTlsOptions> = { ...TLS, servername: undefined };
const MYSQL_TLS: Nothing<MysqlTlsOptions> = { ...TLS, verifyIdentity: undefined, minVersion: undefined };
const SESSION: Nothing<SessionOptions> = { tenant: undefined, window: undefined };
const ADD: Nothing<AddItemsOptions> = { operationId: undefined, signal: undefined, timeout: undefined };
const LIMITS: Nothing<Pick<AddItemsOptions, 'signal' | 'timeout'>> = {
  signal: undefined,
  timeout: undefined,
};
const LIST: Nothing<SessionListOptions> = {
  ...LIMITS,
  by: undefined,
  order: undefined,
  limit: undefined,
  after: undefined,
  idPrefix: undefined,
  changedAfter: undefined,
  changedBefore: undefined,
  metadata: undefined,
};
const SUMS: Nothing<SessionUsageOptions> & Nothing<StoreUsageOptions> = {
  ...LIMITS,
  by: undefined,
  from: undefined,
  to: undefined,
};
const RECORD: Nothing<RecordUsageOptions> = {
  model: undefined,
  operationId: undefined,
  turn: undefined,
  signal: undefined,
  timeout: undefined,
};
const RUN: Nothing<Omit<RunStartOptions, 'session'>> = {
  runId: undefined,
  exclusive: undefined,
  lease: undefined,
  maxStateBytes: undefined,
  context: undefined,
  maxTurns: undefined,
  signal: undefined,
  sessionInputCallback: undefined,
  callModelInputFilter: undefined,
  toolErrorFormatter: undefined,
  outputGuardrailBlockedMessage: undefined,
  reasoningItemIdPolicy: undefined,
  tracing: undefined,
  sandbox: undefined,
  toolExecution: undefined,
  toolNotFoundBehavior: undefined,
  toolNameCollisionPolicy: undefined,
  errorHandlers: undefined,
};
const PENDING: Nothing<PendingOptions> = {
  tenant: undefined,
  sessionId: undefined,
  limit: undefined,
  after: undefined,
};
const WORK: Nothing<Omit<WorkOptions, 'agents' | 'signal'>> = {
  context: undefined,
  concurrency: undefined,
  maxAttempts: undefined,
  interval: undefined,
  lease: undefined,
  maxStateBytes: undefined,
  onError: undefined,
};
const WATCH: Nothing<WatchOptions> = { after: undefined, signal: undefined, interval: undefined };
const WATCH_ALL: Nothing<StoreWatchOptions> = { ...WATCH, longestTransaction: undefined };
const HEALTH: Nothing<NonNullable<Parameters<SessionStore['health']>[0]>> = { timeout: undefined };
const REENCRYPT: Nothing<ReencryptOptions> = {
  sessionIds: undefined,
  after: undefined,
  onProgress: undefined,
  signal: undefined,
};
const BENCH: Nothing<BenchOptions> = {
  rounds: undefined,
  callers: undefined,
  items: undefined,
  store: undefined,
  signal: undefined,
};
const TORTURE: Nothing<TortureOptions> = {
  faults: undefined,
  rounds: undefined,
  writers: undefined,
  callers: undefined,
  seed: undefined,
  patience: undefined,
  url: undefined,
  store: undefined,
  launcher: undefined,
  writersUrl: undefined,
  read: undefined,
  connections: undefined,
  clears: undefined,
  signal: undefined,
  onRound: undefined,
};
const KEY: EncryptionOptions = {
  key: 'a long and random text',
  keys: undefined,
  ttlSeconds: undefined,
  acceptPlaintext: undefined,
};

/** Every method of a store and of its sessions, with all options undefined. */
async function use(store: SessionStore): Promise<void> {
  const session = store.session('chat_123', SESSION);
  await session.addItems([{ role: 'user', content: 'one' }], undefined, ADD);
  await session.addItems([{ role: 'user', content: 'two' }], undefined, ADD);
  const window = {
    turns: 1,
    items: undefined,
    toolOutputs: undefined,
    tokens: undefined,
    count: undefined,
  };
  expect(await store.session('chat_123', { window }).getItems(undefined)).toEqual([
    { role: 'user', content: 'two' },
  ]);
  expect(typeof session.applyHistoryMutations).toBe('function');
  expect((await store.sessions.list(LIST)).data.map(({ id }) => id)).toEqual(['chat_123']);
  const { by: _by, order: _order, limit: _limit, after: _after, ...filter } = LIST;
  expect(await store.sessions.count(filter)).toBe(1);
  await session.recordUsage({ rawResponses: [], state: { usage: new Usage({ requests: 2 }) } }, RECORD);
  expect(await session.usage(SUMS)).toMatchObject({ requests: 2 });
  expect(await store.usage(SUMS)).toMatchObject({ requests: 2 });
  const agent = new Agent({ name: 'A', model: new ScriptedModel([[assistantMessage('three')]]) });
  const options = { ...RUN, session: store.session('chat_123') };
  expect((await store.runs.start(agent, 'Three?', options)).finalOutput).toBe('three');
  expect((await store.runs.pending(PENDING)).data).toEqual([]);
  await store.runs.work({ ...WORK, agents: [agent], signal: AbortSignal.abort() });
  const watch = session.watch(WATCH);
  expect((await watch.next()).value).toMatchObject({ item: { content: 'one' } });
  expect(await store.health(HEALTH)).toMatchObject({ ok: true });
  const changes = store.watch(WATCH_ALL);
  expect((await changes.next()).value).toMatchObject({ id: 'chat_123' });
  await Promise.all([watch.return(), changes.return()]);
  await store.close();
}

describe('undefined is as good as absent', () => {
  test('stores', async () => {
    await use(new MemorySessionStore(ANY_STORE));
    await use(new SqliteSessionStore({ url: 'sqlite::memory:' }, SQLITE));
    await use(await SqliteSessionStore.fromUrl('sqlite::memory:', { ...SQLITE, tables: TABLES }));
    for (const url of ['memory:', 'sqlite::memory:']) {
      await use(await openSessionStore(url, OPEN));
      await use(await openSessionStore(url, { ...OPEN, drivers: DRIVERS, tables: TABLES }));
    }
  });

  describeEngine('postgres', ({ url }) => {
    test('a store', async () => use(await PostgresSessionStore.fromUrl(url, SERVER)));
  });

  describeEngine(['mysql', 'mariadb'], ({ url }) => {
    test('a store', async () => use(await MysqlSessionStore.fromUrl(url, SERVER)));
  });

  describeEngine(['mysql', 'mariadb', 'postgres'], { tls: {} }, ({ engine, url }) => {
    test('the check of a certificate stays on', async () => {
      const store =
        engine === 'postgres'
          ? new PostgresSessionStore({ url }, { maxRetries: 0, tables: TABLES, ssl: POSTGRES_TLS })
          : new MysqlSessionStore({ url }, { maxRetries: 0, tables: TABLES, ssl: MYSQL_TLS });
      await expect(store.open()).rejects.toMatchObject({ code: 'TLS_FAILED' });
    });
  });

  test('a session from a URL', async () => {
    const config: Nothing<DrizzleSessionConfig> = { ...OPEN, linger: undefined };
    await using session = await DrizzleSession.fromUrl('chat_123', 'sqlite::memory:', config);
    expect(await session.getItems()).toEqual([]);
  });

  test('encryption, and a change of keys', async () => {
    const store = new MemorySessionStore({ encryption: KEY });
    await store.session('chat_123').addItems([{ role: 'user', content: 'Hello' }]);
    expect(await store.reencrypt(REENCRYPT)).toMatchObject({ sessions: 1, rows: 1 });
    const options: EncryptedSessionOptions = { ...KEY, session: new MemorySession(), itemFormat: undefined };
    const session = new EncryptedSession(options);
    await session.addItems([{ role: 'user', content: 'Hello' }]);
    expect(await session.getItems()).toEqual([{ role: 'user', content: 'Hello' }]);
  });

  test('bench', async () => {
    const { operations } = await bench('memory:', BENCH);
    expect(operations.map(({ calls, problem }) => [calls, problem])).toEqual([
      [20, undefined],
      [64 * 20, undefined],
      [20, undefined],
      [20, undefined],
    ]);
  });

  test('torture', async () => {
    const file = join(temporaryFolder(), 'sessions.db');
    const { rows, isSound } = await torture(`sqlite:${file}`, TORTURE);
    expect(rows.map(({ fault, rounds }) => [fault, rounds])).toEqual([
      ['none', 3],
      ['client killed', 3],
      ['client stopped', 3],
    ]);
    expect(isSound).toBe(true);
  });

  test('statements and Drizzle tables', () => {
    const options = { tables: undefined, schema: undefined };
    expect(sqliteSchemaSql({ tables: undefined })).toEqual(sqliteSchemaSql());
    expect(sqliteSchemaSql({ tables: TABLES })).toEqual(sqliteSchemaSql());
    expect(postgresSchemaSql(options)).toEqual(postgresSchemaSql());
    expect(mysqlSchemaSql({ ...options, server: undefined, foreignKeys: undefined })).toEqual(
      mysqlSchemaSql(),
    );
    for (const made of [
      sqliteTables.sessionTables(TABLES),
      postgresTables.sessionTables({ ...TABLES, schema: undefined }),
      mysqlTables.sessionTables({ ...TABLES, schema: undefined, server: undefined }),
    ]) {
      expect(
        [made.sessions, made.messages].map((table) => Reflect.get(table, Symbol.for('drizzle:Name'))),
      ).toEqual(['agent_sessions', 'agent_messages']);
    }
  });
});
