import mysql, { type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import type { TestServer } from './server.ts';

/** For one try to connect; servers are on this machine. */
const CONNECT_TIMEOUT_MS = 5000;

/**
 * One statement over one connection.
 *
 * @throws the driver's error.
 */
export function runSql(
  server: TestServer,
  sql: string,
  database: string,
): Promise<readonly Record<string, unknown>[]> {
  const isPostgres = server.engine === 'postgres' || server.engine === 'pgbouncer';
  return isPostgres ? runOnPostgres(server, sql, database) : runOnMysql(server, sql, database);
}

const tlsOf = ({ tls }: TestServer) => tls && { ca: tls.ca, cert: tls.client.cert, key: tls.client.key };

async function runOnPostgres(server: TestServer, sql: string, database: string) {
  const client = new pg.Client({
    connectionString: server.url(database),
    ...(server.tls ? { ssl: tlsOf(server) } : {}),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  client.on('error', () => {}); // a connection lost between two calls: the call that follows rejects
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function runOnMysql(server: TestServer, sql: string, database: string) {
  const ssl = tlsOf(server);
  const connection = await mysql.createConnection({
    uri: server.url(database),
    ...(ssl ? { ssl } : {}),
    connectTimeout: CONNECT_TIMEOUT_MS,
  });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return Array.isArray(rows) ? rows : [];
  } finally {
    connection.destroy();
  }
}

/**
 * The exact version of the server, asked of the server itself.
 *
 * @throws the driver's error, for one while the server does not answer yet.
 */
export async function askVersion(server: TestServer): Promise<string> {
  const statement =
    server.engine === 'postgres' ? 'SHOW server_version' : 'SELECT VERSION() AS server_version';
  const [row] = await server.query(statement);
  const text = String(row?.server_version);
  return /^\d+(?:\.\d+)*/.exec(text)?.[0] ?? text;
}
