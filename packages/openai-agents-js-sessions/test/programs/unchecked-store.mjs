// A store with a planted fault: its statements on runs do not look by which number a run is held.
import {
  MysqlSessionStore,
  openSessionStore,
  PostgresSessionStore,
  SqliteSessionStore,
} from '@stackone/openai-agents-js-sessions';
import Database from 'better-sqlite3';
import mysql from 'mysql2';
import pg from 'pg';

export const openStore = openSessionStore;

export async function openFaultyStore(url, options) {
  if (url.startsWith('postgres')) {
    const pool = new pg.Pool({ connectionString: url });
    pool.on('connect', (client) => changed(client, ['query']));
    return closing(await PostgresSessionStore.fromPool(pool, options), pool);
  }
  if (url.startsWith('sqlite')) {
    const database = new Database(url.slice('sqlite:'.length));
    changed(database, ['prepare']);
    return SqliteSessionStore.fromDatabase(database);
  }
  const pool = mysql.createPool({ uri: url });
  pool.on('connection', (connection) => changed(connection, ['query', 'execute']));
  return closing(await MysqlSessionStore.fromPool(pool, options), pool.promise());
}

/** An open pool would keep the process alive. */
function closing(store, pool) {
  const close = store.close.bind(store);
  store.close = () => close().then(() => pool.end());
  return store;
}

const CHECK = /fence = (\$3::text::bigint|\?|\d+) AND state = 'running'/g;

/** The statement without its check; what it is given stays. */
const without = (statement) =>
  statement.replace(CHECK, (_check, number) =>
    /^\d/.test(number) ? "state = 'running'" : `${number} IS NOT NULL AND state = 'running'`,
  );

function changed(client, methods) {
  for (const method of methods) {
    const own = client[method].bind(client);
    client[method] = (statement, ...more) => own(faulty(statement), ...more);
  }
}

function faulty(statement) {
  if (typeof statement === 'string') return without(statement);
  const { text, sql } = statement;
  if (typeof text === 'string') return Object.assign(statement, { text: without(text) });
  if (typeof sql === 'string') return Object.assign(statement, { sql: without(sql) });
  return statement;
}
