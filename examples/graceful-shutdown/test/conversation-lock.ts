import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import mysql, { type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';

/** Holds what a turn has to have before it can be stored. */
export interface ConversationLock {
  /** Resolves when somebody waits for it. */
  awaited(): Promise<void>;
  release(): Promise<void>;
}

/** Locks a conversation that exists, as another writer does. */
export function lockConversation(url: string, sessionId: string): Promise<ConversationLock> {
  if (url.startsWith('sqlite:')) return lockSqlite(url);
  return url.startsWith('postgres') ? lockPostgres(url, sessionId) : lockMysql(url, sessionId);
}

async function lockSqlite(url: string): Promise<ConversationLock> {
  const database = new Database(url.replace(/^sqlite:/, ''));
  database.exec('BEGIN IMMEDIATE');
  return {
    awaited: () => wait(200), // nobody can see it: SQLite waits by trying again
    async release() {
      database.exec('ROLLBACK');
      database.close();
    },
  };
}

async function lockPostgres(url: string, sessionId: string): Promise<ConversationLock> {
  const holder = new pg.Client(url);
  const observer = new pg.Client(url);
  await Promise.all([holder.connect(), observer.connect()]);
  await holder.query('BEGIN');
  await holder.query('SELECT 1 FROM agent_sessions WHERE session_id = $1 FOR UPDATE', [sessionId]);
  return {
    awaited: () =>
      until(async () => {
        const sql = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        return (await observer.query(sql)).rows.length > 0;
      }),
    async release() {
      await holder.query('ROLLBACK');
      await Promise.all([holder.end(), observer.end()]);
    },
  };
}

async function lockMysql(url: string, sessionId: string): Promise<ConversationLock> {
  const uri = url.replace(/^mariadb:/, 'mysql:');
  const [holder, observer] = await Promise.all([mysql.createConnection(uri), mysql.createConnection(uri)]);
  await holder.query('BEGIN');
  await holder.query('SELECT 1 FROM agent_sessions WHERE session_id = ? FOR UPDATE', [sessionId]);
  return {
    awaited: () =>
      until(async () => {
        const sql = `SELECT 1 FROM information_schema.innodb_trx JOIN information_schema.processlist ON id = trx_mysql_thread_id
          WHERE db = DATABASE() AND trx_state = 'LOCK WAIT'`;
        return (await observer.query<RowDataPacket[]>(sql))[0].length > 0;
      }),
    async release() {
      await holder.query('ROLLBACK');
      await Promise.all([holder.end(), observer.end()]);
    },
  };
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  // MySQL renews what it shows of its locks only for those who have not looked for a tenth of a second
  while (!(await isSo())) await wait(200);
}
