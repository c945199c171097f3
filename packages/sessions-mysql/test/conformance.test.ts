import {
  backendConformance,
  sessionConformance,
  sessionFeatures,
  storeConformance,
} from '@stackone/sessions-core/conformance';
import { describeSuite, firstOf, moduleRunner, wholeMatrix } from '@stackone/test-environment';
import { describeEngine } from '@stackone/test-servers/vitest';
import mysql from 'mysql2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MysqlSessionStore, type MysqlStoreOptions } from '../src/index.js';
import { backendOpener } from '../src/store.js';
import { DRIZZLES, driverUrl, failOnWarning, rawPool, SERVERS, SUPPORT } from './databases.js';
import { sessionsConformance, storeSubject } from './sessions-conformance.js';

const runModule = moduleRunner(import.meta.dirname);

const everything = { ...sessionFeatures(SUPPORT), reopen: true, raw: true };
const parts = { tenants: true, limits: true, reopen: true, raw: true, outOfReach: true, inTransaction: true };

/** The suite of a store in a process of its own, which fails if a case does. */
const SUITE = `
  import { describe, test } from 'node:test';
  import { storeConformance } from '@stackone/sessions-core/conformance';
  import { MysqlSessionStore } from '@stackone/sessions-mysql';

  const open = () => MysqlSessionStore.fromUrl(process.argv[1], { max: 3 });
  const { covered } = storeConformance({
    name: 'process ' + process.pid,
    describe,
    test,
    open: async () => ({ store: await open(), reopen: open }),
    supports: { durable: true, shared: true, edit: true, operations: true, transactions: true, reopen: true },
  });
  console.log('covered ' + covered.length);
`;

describeEngine(SERVERS, ({ engine, url }) => {
  /** What comes through the driver alike on both servers: `npm test` plays it on one. */
  const isFirst = wholeMatrix || engine === 'mysql';
  let pool: ReturnType<typeof rawPool>;
  beforeAll(() => {
    pool = rawPool(url);
  });
  afterAll(() => pool.end());

  /** One store for all cases, which use ids of their own: as an application does it. */
  function shared(name: string, options: MysqlStoreOptions, features = everything) {
    describe(name, () => {
      let store: MysqlSessionStore;
      beforeAll(async () => {
        store = new MysqlSessionStore({ url }, options).on('warning', () => {});
      });
      afterAll(() => store.close());
      const messages = options.tables?.messages ?? 'agent_messages';
      sessionConformance({
        name: 'sessions',
        describe,
        test,
        open: () => ({
          session: (id) => store.session(id),
          reopen: () => MysqlSessionStore.fromUrl(url, options),
          insertRaw: (id, text) =>
            pool.query('INSERT INTO ?? (session_id, message_data) VALUES (?, ?)', [messages, id, text]),
        }),
        supports: features,
      });
    });
  }

  if (wholeMatrix) {
    shared('a URL', {});
    shared('a URL, other table names, a pool of one', {
      tables: { sessions: 'my `chats`', messages: 'rows; -- of ?' },
      max: 1,
    });
  }

  const { covered, notCovered } = storeConformance({
    name: 'a store',
    describe,
    test,
    open: () => storeSubject(url, pool, { max: 2 }),
    supports: { ...SUPPORT, ...parts },
  });

  test('every case of the suite of a store is covered', () => {
    expect(notCovered).toEqual([]);
    expect(covered.length).toBeGreaterThanOrEqual(190);
  });

  if (wholeMatrix)
    test('two processes run the suite on one database at the same time', async () => {
      const outputs = await Promise.all([1, 2].map(() => runModule(SUITE, url)));
      for (const output of outputs) {
        expect(output).toMatch(/covered \d{3}/);
        expect(output).toMatch(/^(# |ℹ )fail 0$/m);
      }
    });

  describe('what the application opened', () => {
    const clients = {
      'a pool of mysql2': () => {
        const client = mysql.createPool(driverUrl(url));
        return { client, end: () => client.promise().end() };
      },
      'a pool of mysql2/promise': () => {
        const client = rawPool(url);
        return { client, end: () => client.end() };
      },
      'one connection': () => {
        const client = mysql.createConnection(driverUrl(url));
        return { client, end: () => client.promise().end() };
      },
    };
    for (const [name, open] of firstOf(Object.entries(clients))) {
      describe(name, () => {
        let opened: ReturnType<typeof open>;
        let store: MysqlSessionStore;
        beforeAll(() => {
          opened = open();
          store = new MysqlSessionStore({ pool: opened.client });
        });
        afterAll(async () => {
          await store.close();
          await opened.end();
        });
        sessionsConformance(() => store);
      });
    }
    for (const [name, drizzle] of isFirst ? Object.entries(DRIZZLES) : []) {
      describe(name, () => {
        let client: mysql.Pool;
        let store: MysqlSessionStore;
        beforeAll(() => {
          client = mysql.createPool(driverUrl(url));
          store = new MysqlSessionStore({ db: drizzle({ client }) });
        });
        afterAll(async () => {
          await store.close();
          await client.promise().end();
        });
        sessionsConformance(() => store);
      });
    }
  });

  describe('the port', () => {
    backendConformance({
      name: 'over a pool of one',
      describe: describeSuite,
      test,
      open: async () => {
        const backend = await backendOpener({ url }, { max: 1 })(failOnWarning);
        return { backend, close: () => backend.close() };
      },
      supports: SUPPORT,
    });
    for (const [name, drizzle] of isFirst ? Object.entries(DRIZZLES) : []) {
      backendConformance({
        name: `inside a transaction of ${name}`,
        describe: describeSuite,
        test,
        open: async () => {
          const client = mysql.createConnection(driverUrl(url));
          const db = drizzle({ client });
          const backend = await backendOpener({ db })(failOnWarning);
          const { promise: end, resolve } = Promise.withResolvers<void>();
          const { promise: begun, resolve: begin } = Promise.withResolvers<ReturnType<typeof backend.with>>();
          const transaction = db.transaction(async (tx) => {
            begin(backend.with(tx));
            await end;
          });
          return {
            backend: await begun,
            close: async () => {
              resolve();
              await transaction;
              await client.promise().end();
            },
          };
        },
        supports: SUPPORT,
      });
    }
    if (wholeMatrix)
      backendConformance({
        name: 'inside a transaction on a connection',
        describe: describeSuite,
        test,
        open: async () => {
          const client = mysql.createConnection(driverUrl(url));
          const backend = await backendOpener({ pool: client })(failOnWarning);
          await client.promise().beginTransaction();
          return {
            backend: backend.with(client),
            close: async () => {
              await client.promise().commit();
              await client.promise().end();
            },
          };
        },
        supports: SUPPORT,
      });
  });
});
