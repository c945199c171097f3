import { isSessionError, SessionError, type SessionErrorCode } from '@stackone/sessions-core';
import { driverErrorOf } from '@stackone/sessions-core/backend';

type Known = readonly [code: SessionErrorCode, message: string, ...keys: (number | string)[]];

/** ER_AUTOINC_READ_FAILED. */
const NO_ID = 1467;

/**
 * What the servers' error numbers and the codes of driver and network mean to the caller.
 *
 * Every statement before COMMIT is undone with its transaction, so an error of one never leaves anything written.
 */
export const ERROR_CODES: readonly Known[] = [
  [
    'TRANSACTION_CONFLICT',
    'The database rolled the call back because of another transaction. Nothing was written.',
    1213, // deadlock, certification failure (Galera, Group Replication)
    1020, // changed since the snapshot (MariaDB, innodb_snapshot_isolation)
    3101, // Group Replication
    8022, // TiDB, at COMMIT
    9007, // TiDB, write conflict
  ],
  [
    'BUSY',
    'The database stopped the call: a lock was not free in time, or the statement reached its time limit. Nothing ' +
      'was written.',
    1205, // innodb_lock_wait_timeout
    3572, // NOWAIT
    1317, // KILL QUERY
    3024, // max_execution_time (MySQL)
    1969, // max_statement_time (MariaDB)
  ],
  [
    'CONNECTION_FAILED',
    'The server cannot be reached, or the connection was lost before anything was committed. Nothing was written.',
    'ECONNREFUSED',
    'ECONNRESET',
    'ECONNABORTED',
    'EPIPE',
    'ETIMEDOUT',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'EHOSTDOWN',
    'ENETUNREACH',
    'ENETDOWN',
    'ENOENT', // of a socket file
    'PROTOCOL_CONNECTION_LOST',
    'PROTOCOL_SEQUENCE_TIMEOUT',
    1053, // shutdown in progress
    1077,
    1079,
    1158,
    1159,
    1160,
    1161,
    1927, // connection killed (MariaDB)
    2006,
    2013,
    3169, // connection killed (MySQL)
    4031, // idle for too long (MySQL)
  ],
  [
    'CONNECTION_FAILED',
    'The server has no connection left for this user. Lower the "max" of the stores, or raise max_connections.',
    1040,
    1203,
    1226,
  ],
  [
    'AUTHENTICATION_FAILED',
    'The server refuses the user: the name, the password, the host or the way to log in. MariaDB also answers so to ' +
      'connections without the TLS that it requires (option "ssl").',
    1045,
    1130, // host not allowed
    1129, // host blocked
    1251, // authentication protocol
    1524, // plugin not loaded
    1698,
    1820, // password must be reset
    1862, // password expired
    2061, // authentication plugin
    3118, // account locked
    3955,
    4151, // account locked (MariaDB)
    'AUTH_SWITCH_PLUGIN_ERROR',
  ],
  [
    'TLS_FAILED',
    'No TLS connection that can be trusted: check the "ssl" option, the certificates and the host name.',
    3159, // require_secure_transport
    'HANDSHAKE_SSL_ERROR',
    'HANDSHAKE_NO_SSL_SUPPORT',
    'EPROTO', // of TLS
  ],
  [
    'DATABASE_NOT_FOUND',
    'The database does not exist, or the URL names none. Create it, or name it at the end of the URL.',
    1049,
    1046, // none selected
  ],
  [
    'TABLE_MISSING',
    'A table does not exist. Open the store with createTables: true, or run the statements of schemaSql().',
    1146,
    1051,
  ],
  [
    'PERMISSION_DENIED',
    'The user lacks a privilege on the database. It needs SELECT, INSERT, UPDATE and DELETE on the tables; ' +
      'createTables also needs CREATE, INDEX and REFERENCES.',
    1044,
    1142,
    1143,
    1227,
    1370,
  ],
  [
    'READ_ONLY',
    'The server only takes reads: it is a replica, or was switched to read-only. Nothing was written.',
    1290,
    1792, // in a transaction declared READ ONLY
    1836,
    3100, // super_read_only
  ],
  [
    'STORAGE_FULL',
    'The disk, or a table, is full. Nothing was written.',
    1114,
    1021,
    3, // ER_ERROR_ON_WRITE of the file system layer
  ],
  [
    'CONSTRAINT_VIOLATED',
    'A constraint or a trigger of the database refused the rows. Nothing was written.',
    1048,
    1062,
    1169,
    1216,
    1217,
    1364, // a column without a default
    1451,
    1452,
    1644, // SIGNAL in a trigger
    3819, // CHECK (MySQL)
    4025, // CHECK (MariaDB)
  ],
  [
    'ITEM_TOO_LARGE',
    "A statement was larger than the server's max_allowed_packet, which was lowered since the store was opened. " +
      'Nothing was written.',
    1153,
    1301,
  ],
  [
    'SCHEMA_MISMATCH',
    'A value does not fit its column. Compare the tables with the statements of schemaSql(). Nothing was written.',
    1054, // unknown column
    1264,
    1265,
    1366,
    1406,
    NO_ID,
  ],
  [
    'SCHEMA_MISMATCH',
    'A table cannot refer to the sessions table, because their session_id differ in type or collation. Make the ' +
      'tables as schemaSql() says, or give the store other table names (option "tables").',
    150, // InnoDB's own number, inside MariaDB's 1005
    1215,
    1824,
    3780,
  ],
  [
    'SCHEMA_MISMATCH',
    'The server writes to no table whose rows go with those of another one (Group Replication with several primaries). ' +
      'Drop the foreign keys, or make the tables by schemaSql({ foreignKeys: false }). Nothing was written.',
    3098,
  ],
  [
    'UNSUPPORTED',
    'The server is too old: it has no binary collation that keeps trailing spaces apart. MySQL 8.0.17 and MariaDB ' +
      '10.6 are the oldest supported.',
    1273,
  ],
];

/** The message for connections that the caller, or close(), has ended. */
const CLOSED_MESSAGE = 'The pool was closed. Open a new store.';

/**
 * The error to throw for whatever the driver threw before a COMMIT was sent.
 *
 * @param error - A mysql2 error, or Drizzle's wrapper of one.
 */
export function toSessionError(error: unknown): SessionError {
  if (isSessionError(error)) return error;
  const { code, message, name, sqlState, syscall, ...rest } = driverErrorOf(error);
  const errno = rest.errno === CANNOT_CREATE && /errno: 150\b/.test(String(message)) ? 150 : rest.errno;
  const known = ERROR_CODES.find(
    ([, , ...keys]) => keys.includes(errno as number) || keys.includes(code as string),
  );
  if (known) return new SessionError(known[0], known[1], { cause: error });
  if (sqlState === '40001' || isRefusedByOthers(errno, message)) return conflict(error);
  if (message === 'Pool is closed.') return new SessionError('CLOSED', CLOSED_MESSAGE, { cause: error });
  if (isProgramError(name)) return driverFailed(name, error);
  if (/^(?:ERR_SSL_|ERR_TLS_|CERT_)/.test(String(code))) return distrusted(error);
  const isOfNetwork = typeof syscall === 'string' && typeof code === 'string';
  // class 08 is what servers say of connections, like a node of Galera that is not in the primary component
  const isOfConnection = typeof sqlState === 'string' && sqlState.startsWith('08');
  if (isOfNetwork || isOfConnection || isClosedState(message)) return lost(error);
  return new SessionError(
    'DATABASE_ERROR',
    "The database or its driver failed. The driver's code is in the cause.",
    {
      cause: error,
    },
  );
}

/**
 * Whether other nodes of a cluster had written the same rows: ER_ERROR_DURING_COMMIT, in any language, with
 * HA_ERR_LOCK_DEADLOCK in it (MySQL 9.7: "Got error 149 - 'Lock deadlock; Retry transaction' during COMMIT").
 */
function isRefusedByOthers(errno: unknown, message: unknown): boolean {
  return errno === 1180 && /\b149\b/.test(String(message));
}

/** MariaDB's answer to every CREATE TABLE that the storage engine refuses. */
const CANNOT_CREATE = 1005;

/**
 * Whether no id could be read for a row: they are used up; or MariaDB chose the transaction for the end of a deadlock over the lock from
 * which ids come, and tells so (10.11, 11.8), which only the state of the transaction shows.
 */
export function isWithoutId(error: unknown): boolean {
  // to a COMMIT it would prove nothing
  return (
    isSessionError(error) && error.code === 'SCHEMA_MISMATCH' && driverErrorOf(error.cause).errno === NO_ID
  );
}

/** For a transaction that the database rolled back. */
export function conflict(cause: unknown): SessionError {
  const [code, message] = ERROR_CODES[0] as Known;
  return new SessionError(code, message, { cause });
}

function distrusted(cause: unknown): SessionError {
  return new SessionError(
    'TLS_FAILED',
    'The TLS connection failed: check the "ssl" option, the certificates, the host name and what stands between.',
    { cause },
  );
}

function lost(cause: unknown): SessionError {
  return new SessionError(
    'CONNECTION_FAILED',
    'The connection was lost before anything was committed. Nothing was written.',
    { cause },
  );
}

/** What JavaScript itself throws is a fault of a program and no news from the network, also where mysql2 calls it fatal. */
function isProgramError(name: unknown): name is string {
  return /^(Eval|Range|Reference|Syntax|Type)Error$/.test(String(name));
}

function driverFailed(name: string, cause: unknown): SessionError {
  const advice =
    name === 'EvalError'
      ? 'mysql2 makes code from text, which this process forbids (node --disallow-code-generation-from-strings). Use ' +
        'mysql2 3.13 or later, and give connections of yours the option disableEval: true.'
      : 'Where it happened is in the cause.';
  return new SessionError(
    'DRIVER_FAILED',
    `The driver itself failed (${name}). Nothing was written. ${advice}`,
    { cause },
  );
}

/** The error to throw before COMMIT where a server, or a pool, took longer than the option `timeout` says. */
export function tooLate(): SessionError {
  return new SessionError(
    'CONNECTION_FAILED',
    'The server did not answer, or the pool had no connection, within the time that the option "timeout" allows. ' +
      'Nothing was written.',
  );
}

/** The error to throw for a node of Galera that cannot work without the others. */
export function notReady(): SessionError {
  return new SessionError(
    'CONNECTION_FAILED',
    'The node of the cluster is not ready: it does not see the most of the others, or has not got their data yet. Nothing was ' +
      'written. Look at wsrep_cluster_status and wsrep_local_state_comment there.',
  );
}

/** mysql2 gives this one no code: "Can't add new command when connection is in closed state". */
function isClosedState(message: unknown): boolean {
  return /in closed state/.test(String(message));
}

/**
 * Whether it is the server's answer to a statement, so that the connection is in a known state. Errors of mysql2 and of
 * Node have no SQL state, or no number that a server would send.
 */
export function isServersWord(error: unknown): boolean {
  const { errno, sqlState } = driverErrorOf(error);
  return typeof errno === 'number' && errno > 0 && typeof sqlState === 'string' && sqlState !== '';
}

/** Clusters that decide at COMMIT whether a transaction conflicts with those of other nodes. */
export type Cluster = 'galera' | 'group-replication' | 'tidb';

/**
 * The answers to a COMMIT by which such a cluster says that it rolled the transaction back. A server by itself never
 * gives them to a COMMIT, so there they prove nothing.
 */
const ROLLED_BACK_AT_COMMIT: Readonly<Record<Cluster, readonly unknown[]>> = {
  galera: [1213],
  'group-replication': [1213, 3101],
  tidb: [8022, 9007],
};

/**
 * The error to throw for what COMMIT failed with: `OUTCOME_UNKNOWN`, unless the server itself says that it rolled back.
 *
 * @param cluster - What the server is known to be part of.
 */
export function toCommitError(error: unknown, cluster: Cluster | undefined): SessionError {
  const { errno, message } = driverErrorOf(error);
  const isRefused = cluster !== 'tidb' && isRefusedByOthers(errno, message);
  if (cluster && isServersWord(error) && (isRefused || ROLLED_BACK_AT_COMMIT[cluster].includes(errno)))
    return conflict(error);
  return new SessionError(
    'OUTCOME_UNKNOWN',
    'The connection failed during COMMIT: what the call wrote may be stored or not. Read the session, or repeat a ' +
      'call that had an operation id.',
    { cause: error },
  );
}
