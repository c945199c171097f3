import type { SessionStore } from '@stackone/sessions-core';
import type { SqlEngineName } from './by-sql.ts';
import type { Contender } from './contender.ts';
import { makeTurn } from './items.ts';

/** What the process is asked for, as its only message. */
export interface ColdStartOrder {
  readonly engine: SqlEngineName;
  readonly way: 'ours' | 'by hand';
  /** A database whose tables are there. */
  readonly url: string;
  /** The conversation whose first turn is stored. */
  readonly conversation: string;
}

/** In ms. */
export interface ColdStartAnswer {
  /** How long the packages took to load. */
  readonly loading: number;
  /** How long it took from then until the turn was stored. */
  readonly storing: number;
}

/** What an application writes: loads the packages, and returns what opens a store. */
const OURS: Readonly<Record<SqlEngineName, () => Promise<(url: string) => Promise<SessionStore>>>> = {
  async sqlite() {
    const { SqliteSessionStore } = await import('@stackone/sessions-sqlite');
    return (url) => SqliteSessionStore.fromUrl(url);
  },
  async postgres() {
    const { PostgresSessionStore } = await import('@stackone/sessions-postgres');
    return (url) => PostgresSessionStore.fromUrl(url);
  },
  mysql: mysqlStore,
  mariadb: mysqlStore,
};

async function mysqlStore() {
  const { MysqlSessionStore } = await import('@stackone/sessions-mysql');
  return (url: string) => MysqlSessionStore.fromUrl(url);
}

const DRIVERS: Readonly<Record<SqlEngineName, () => Promise<unknown>>> = {
  sqlite: () => import('better-sqlite3'),
  postgres: () => import('pg'),
  mysql: () => import('mysql2/promise'),
  mariadb: () => import('mysql2/promise'),
};

const BY_HAND: Readonly<Record<SqlEngineName, () => Promise<Contender>>> = {
  sqlite: async () => (await import('./contenders/sqlite-by-hand.ts')).sqliteByHand,
  postgres: async () => (await import('./contenders/postgres-by-hand.ts')).postgresByHand,
  mysql: async () => (await import('./contenders/mysql-by-hand.ts')).mysqlByHand('mysql'),
  mariadb: async () => (await import('./contenders/mysql-by-hand.ts')).mysqlByHand('mariadb'),
};

process.once('message', async (order: ColdStartOrder) => {
  const answer = await (order.way === 'ours' ? storeByOurs(order) : storeByHand(order));
  process.send?.(answer, () => process.exit(0));
});

async function storeByOurs({ engine, url, conversation }: ColdStartOrder): Promise<ColdStartAnswer> {
  const turn = makeTurn(conversation, 0);
  const started = performance.now();
  const fromUrl = await OURS[engine]();
  // the store would load its driver as it opens; here that belongs to loading, in both ways
  await DRIVERS[engine]();
  const loaded = performance.now();
  const store = await fromUrl(url);
  await store.session(conversation).addItems(turn);
  return { loading: loaded - started, storing: performance.now() - loaded };
}

async function storeByHand({ engine, url, conversation }: ColdStartOrder): Promise<ColdStartAnswer> {
  const turn = makeTurn(conversation, 0);
  const started = performance.now();
  await DRIVERS[engine]();
  const loading = performance.now() - started;
  // a file of this repository, with types to be taken out: an application has it compiled
  const { connect } = await BY_HAND[engine]();
  if (!connect) throw new Error('there is nothing written by hand');
  const ready = performance.now();
  await connect(url).append(conversation, turn);
  return { loading, storing: performance.now() - ready };
}
