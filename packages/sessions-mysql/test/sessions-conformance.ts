import { sessionConformance, sessionFeatures } from '@stackone/sessions-core/conformance';
import type { Pool, PoolConnection } from 'mysql2/promise';
import { describe, test } from 'vitest';
import { MysqlSessionStore, type MysqlStoreOptions } from '../src/index.js';
import { SUPPORT } from './databases.js';

let stores = 0;

/**
 * What the suite of a store works on.
 *
 * @param pool - To the same database, to damage rows and to begin transactions.
 */
export function storeSubject(url: string, pool: Pool, options: MysqlStoreOptions) {
  return {
    store: new MysqlSessionStore({ url }, options).on('warning', () => {}),
    reopen: () => new MysqlSessionStore({ url }, options),
    insertRaw: (id: string, text: string) =>
      pool.query('INSERT INTO agent_messages (session_id, message_data) VALUES (?, ?)', [id, text]),
    outOfReach: () => {
      const number = stores++;
      const tables = { sessions: `late_sessions_${number}`, messages: `late_messages_${number}` };
      const late = { ...options, tables };
      const store = new MysqlSessionStore({ url }, { ...late, createTables: false });
      return { store, mend: async () => (await MysqlSessionStore.fromUrl(url, late)).close() };
    },
    inTransaction: async (
      work: (transaction: PoolConnection) => Promise<unknown>,
      end: 'commit' | 'rollback',
    ) => {
      const connection = await pool.getConnection();
      await connection.beginTransaction();
      await work(connection);
      await connection[end]();
      connection.release();
    },
  };
}

/** The suite for the sessions of a store, which is open when the first case begins. */
export function sessionsConformance(store: () => MysqlSessionStore): void {
  sessionConformance({
    name: 'sessions',
    describe,
    test,
    open: () => ({ session: (id) => store().session(id) }),
    supports: sessionFeatures(SUPPORT),
  });
}
