// Promises: Whole turns, in order; No item twice; Tables split over nodes.
import { sessionConformance, sessionFeatures, storeConformance } from '@stackone/sessions-core/conformance';
import { startMysql, startShardingProxy, type ThrowawayServer } from '@stackone/test-servers';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { MysqlSessionStore, schemaSql } from '../src/index.js';
import { rawPool, SUPPORT } from './databases.js';
import { storeSubject } from './sessions-conformance.js';

/**
 * What it cannot do, by the names of cases. Its answers do not tell whether a transaction is open, so that a store refuses those of an
 * application, and to commit its own; and of a literal with a backslash, or what stands for one, it finds no node.
 */
const CANNOT: ReadonlySet<string> = new Set([
  'ids may hold quotes, backslashes, percent signs, newlines and SQL',
  'a turn commits with the transaction',
  'a turn rolls back with the transaction',
  'popping rolls back with the transaction',
  'clearing rolls back with the transaction',
  'compaction rolls back with the transaction',
  'usage rolls back with a transaction of the application',
  'the turns of several conversations commit together',
  'what the callback throws rolls everything back, and reaches the caller as it is',
  'close() waits for a transaction, and a closed store begins none',
  'calls that nobody waits for are inside, and none is taken after the end',
  'inside a transaction of the store a call whose signal was aborted does nothing, and the others commit',
]);

/** A case that it cannot do has to fail: once it does not, its name goes out of the list. */
const orNot = (name: string, work: () => Promise<void>) => (CANNOT.has(name) ? test.fails : test)(name, work);

/** In ms: the first time two hundred archives are fetched. */
const TO_START = 900_000;

const TABLES = [
  { name: 'agent_messages', column: 'session_id', id: 'id' },
  ...['', '_operations', '_metadata', '_usage', '_runs'].map((end) => ({
    name: `agent_sessions${end}`,
    column: 'session_id',
  })),
  { name: 'agent_sessions_erasures', column: 'digest' },
  { name: 'agent_sessions_schema', column: 'version' },
];

describe('ShardingSphere-Proxy before two MySQL servers', () => {
  const servers: ThrowawayServer[] = [];
  const options = { max: 2, distributed: true, createTables: false };
  let pool: ReturnType<typeof rawPool>;
  let url = '';
  beforeAll(async () => {
    servers.push(await startMysql(), await startMysql());
    const databases: string[] = [];
    for (const server of servers) databases.push(server.url(await server.createDatabase()));
    const started = await startShardingProxy({ databases, tables: TABLES });
    servers.unshift(started.proxy);
    url = started.url;
    pool = rawPool(url);
    for (const statement of schemaSql({ distributed: 'shardingsphere' })) await pool.query(statement);
  }, TO_START);
  afterAll(async () => {
    await pool?.end();
    for (const server of servers) await server.stop();
  });

  describe('sessions of a store', () => {
    let store: MysqlSessionStore;
    beforeAll(async () => {
      store = await MysqlSessionStore.fromUrl(url, options);
    });
    afterAll(() => store.close());
    sessionConformance({
      name: 'sessions',
      describe,
      test: orNot,
      open: () => ({ session: (id) => store.session(id) }),
      supports: sessionFeatures(SUPPORT),
    });
  });

  storeConformance({
    name: 'a store',
    describe,
    test: orNot,
    open: () => ({
      ...storeSubject(url, pool, options),
      inTransaction: async (work, end) => {
        const connection = await pool.getConnection();
        await connection.beginTransaction();
        try {
          await work(connection);
          await connection[end]();
        } finally {
          connection.destroy();
        }
      },
    }),
    supports: { ...SUPPORT, tenants: true, limits: true, reopen: true, raw: true, inTransaction: true },
  });
});
