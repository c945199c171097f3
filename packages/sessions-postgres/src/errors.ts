import { isSessionError, SessionError, type SessionErrorCode } from '@stackone/sessions-core';
import { driverErrorOf } from '@stackone/sessions-core/backend';

/**
 * What was under way when it failed: `connect`, nothing was sent yet; `undone`, a read or a statement of a
 * transaction that was not committed; `write`, a statement that commits by itself, or COMMIT.
 */
export type Phase = 'connect' | 'undone' | 'write';

const UNREACHABLE =
  'The server cannot be reached, or did not answer in time. Nothing was written. Check host and port, and that it ' +
  'accepts connections.';
const ENDED_BY_SERVER = 'The server ended the connection. Nothing was written.';
const FIND_OUT = 'It may be stored or not. Read to find out, or repeat it with an operation id.';
const ENDED = 'The pool was ended. Open a new store.';
const LOST = 'The connection to the server was lost. Nothing was written.';
const UNTRUSTED =
  'The certificate of the server is not trusted. Give the option ssl: { ca } with the authority that signed it.';
const CERTIFICATE = 'The certificate or key of the option "ssl" does not work.';
const RACE = 'Somebody else made the tables at the same time. Nothing was written.';
const NO_TABLES =
  'The tables, or columns of theirs, do not exist. Open the store with createTables: true, or run schemaSql().';
const REFUSED = 'A constraint or trigger of the database refused the rows. Nothing was written.';
const UNFIT = 'The tables do not fit. Make them as schemaSql() says.';
const NAMED_STATEMENTS =
  'A pooler stands before the server, and the driver uses named statements. Turn them off (postgres.js: prepare: ' +
  'false).';

/**
 * What SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html) and the codes of Node and of the
 * drivers mean to the caller. The first entry whose name begins the error's `code` counts, so special codes stand
 * before general ones.
 */
export const ERROR_CODES: readonly (readonly [name: string, code: SessionErrorCode, message: string])[] = [
  [
    '28',
    'AUTHENTICATION_FAILED',
    'The server refuses this user: wrong password, no access from here, or none without TLS or without a client ' +
      'certificate.',
  ],
  ['3D000', 'DATABASE_NOT_FOUND', 'The database does not exist. Make it with CREATE DATABASE.'],
  ['57P04', 'DATABASE_NOT_FOUND', 'The database was dropped.'],
  ['3F000', 'TABLE_MISSING', 'The schema does not exist. Make it, or give the store the option "schema".'],
  ['42P01', 'TABLE_MISSING', NO_TABLES],
  ['42703', 'TABLE_MISSING', NO_TABLES],
  [
    '42501',
    'PERMISSION_DENIED',
    'The user lacks a privilege on the schema or the tables. Use GRANT. Where ids come from a sequence (tables of the ' +
      'Python SDK, or of before), GRANT USAGE ON SEQUENCE agent_messages_id_seq is needed as well.',
  ],
  ['25006', 'READ_ONLY', 'The server takes no writes: it is a replica, or its transactions are read-only.'],
  ['25P02', 'DATABASE_ERROR', 'The transaction failed earlier and has to be rolled back.'],
  ['53300', 'CONNECTION_FAILED', 'The server has no connection left. Raise max_connections, or lower "max".'],
  ['57P03', 'CONNECTION_FAILED', 'The server is starting, stopping or recovering. Nothing was written.'],
  ['53100', 'STORAGE_FULL', 'The disk of the server is full. Nothing was written. Make room for it.'],
  [
    '2200H',
    'STORAGE_FULL',
    'The ids of a table are used up. Nothing was written. Change its column "id" and the sequence to bigint.',
  ],
  ['22001', 'SCHEMA_MISMATCH', 'A column of the tables is too short for the value. Nothing was written.'],
  [
    '22P05',
    'UNSUPPORTED_VALUE',
    'The text has a character that the database cannot store. Nothing was written.',
  ],
  [
    '22021',
    'UNSUPPORTED_VALUE',
    'The text has a character that the database cannot store. Nothing was written.',
  ],
  ['54000', 'ITEM_TOO_LARGE', 'The items are larger than PostgreSQL can take at once. Nothing was written.'],
  ['42P10', 'SCHEMA_MISMATCH', UNFIT],
  ['42804', 'SCHEMA_MISMATCH', UNFIT],
  ['42P06', 'TRANSACTION_CONFLICT', RACE],
  ['42P07', 'TRANSACTION_CONFLICT', RACE],
  ['42710', 'TRANSACTION_CONFLICT', RACE],
  ['42P05', 'UNSUPPORTED', NAMED_STATEMENTS],
  ['26000', 'UNSUPPORTED', NAMED_STATEMENTS],
  ['40001', 'TRANSACTION_CONFLICT', 'Transactions got in each other’s way. Nothing was written.'],
  ['40P01', 'TRANSACTION_CONFLICT', 'Transactions waited for each other (deadlock). Nothing was written.'],
  ['40003', 'OUTCOME_UNKNOWN', 'The server does not know whether the call was stored.'],
  ['55P03', 'BUSY', 'Another transaction holds a lock for too long (lock_timeout). Nothing was written.'],
  [
    '57014',
    'BUSY',
    'The statement was cancelled, or took too long (statement_timeout). Nothing was written.',
  ],
  ['57P01', 'CONNECTION_FAILED', ENDED_BY_SERVER],
  ['57P05', 'CONNECTION_FAILED', ENDED_BY_SERVER],
  ['25P03', 'CONNECTION_FAILED', ENDED_BY_SERVER],
  ['25P04', 'CONNECTION_FAILED', ENDED_BY_SERVER],
  ['23', 'CONSTRAINT_VIOLATED', REFUSED],
  ['P0', 'CONSTRAINT_VIOLATED', REFUSED],
  ['ECONNREFUSED', 'CONNECTION_FAILED', UNREACHABLE],
  ['ENOTFOUND', 'CONNECTION_FAILED', UNREACHABLE],
  ['EAI_', 'CONNECTION_FAILED', UNREACHABLE],
  ['EHOST', 'CONNECTION_FAILED', UNREACHABLE],
  ['ENET', 'CONNECTION_FAILED', UNREACHABLE],
  ['ENOENT', 'CONNECTION_FAILED', UNREACHABLE],
  ['EACCES', 'CONNECTION_FAILED', UNREACHABLE],
  ['CONNECT_TIMEOUT', 'CONNECTION_FAILED', UNREACHABLE],
  ['CONNECTION_ENDED', 'CLOSED', ENDED],
  ['UNABLE_TO_', 'TLS_FAILED', UNTRUSTED],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'TLS_FAILED', UNTRUSTED],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'TLS_FAILED', UNTRUSTED],
  ['CERT_', 'TLS_FAILED', 'The certificate of the server is not valid, or not any more.'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'TLS_FAILED', 'The certificate of the server is for another host name.'],
  ['ERR_TLS_', 'TLS_FAILED', 'The connection could not be encrypted.'],
  ['ERR_OSSL_', 'TLS_FAILED', CERTIFICATE],
  ['ERR_SSL_', 'TLS_FAILED', CERTIFICATE],
  ['EPROTO', 'TLS_FAILED', 'The server and this side do not agree on TLS.'],
];

/**
 * The SQLSTATEs, or classes of them, by which the server itself says that it rolled back what was under way. While a
 * write is under way nothing else proves that, as a pooler, the driver or the network may fail after the commit.
 * 40003 (completion unknown), 08, 57P0x, 58 and XX are left out: poolers send them, or the session ends with them.
 */
export const ROLLED_BACK: readonly string[] = [
  '0A000', // not supported
  '21000', // cardinality
  '22', // data
  '23', // constraints
  '25006', // read-only
  '25P02', // the transaction failed earlier
  '26000', // no such prepared statement
  '3F000', // no such schema
  '40001', // serialization
  '40002', // constraints at commit
  '40P01', // deadlock
  '42', // syntax, privileges, missing tables
  '44000', // check option
  '53100', // disk full
  '53200', // out of memory
  '54', // limits of a statement
  '55006', // object in use
  '55P03', // lock_timeout
  '57014', // cancelled, statement_timeout
  'P0', // raised in PL/pgSQL
];

/** SQLSTATEs after which the connection is of no use: what it leads to ends, or takes no writes. */
const SPOILING = ['08', '25006', '25P03', '25P04', '53300', '57P'];

/** The connection is gone; what happened to a statement under way is not known. `CONNECTION_` is postgres.js. */
const LOST_CODES = ['08', '57P02', 'ECONN', 'EPIPE', 'ETIMEDOUT', 'CONNECTION_'];

/** pg says these without a code. */
const MESSAGES: readonly (readonly [pattern: RegExp, code: SessionErrorCode | 'lost', message: string])[] = [
  [/after calling end on the pool|PGlite is closed/, 'CLOSED', ENDED],
  [
    /server does not support SSL/,
    'TLS_FAILED',
    'The server does not offer TLS. Leave it out, or turn it on there.',
  ],
  [/SSL connection/, 'TLS_FAILED', 'The connection could not be encrypted.'],
  [
    /^SASL|password must be a string/,
    'AUTHENTICATION_FAILED',
    'The server wants a password and got no right one.',
  ],
  [
    /No (?:interactive )?transactions support|Transactions are not supported/,
    'UNSUPPORTED',
    'The Drizzle driver has no transactions.',
  ],
  [/^timeout |connection timeout$/, 'CONNECTION_FAILED', UNREACHABLE],
  [/^Connection terminated|not queryable|read timeout/, 'lost', ''],
];

/**
 * The error to throw for whatever the driver threw. While a write is under way it is `OUTCOME_UNKNOWN`, unless the
 * server itself says that it rolled back.
 *
 * @param error - An error of pg, postgres.js, PGlite or Node, or Drizzle's wrapper of one.
 * @param phase - What was under way.
 */
export function toSessionError(error: unknown, phase: Phase): SessionError {
  if (isSessionError(error)) return error;
  if (phase === 'write' && !saysRolledBack(error)) return unknownOutcome(error);
  const { code, message } = driverError(error);
  const known = code === undefined ? undefined : ERROR_CODES.find(([name]) => code.startsWith(name));
  if (known?.[0] === '23' && isCatalogRace(error)) return failure('TRANSACTION_CONFLICT', RACE, error);
  // while connecting it is about certificates, later about a damaged record
  if (phase === 'undone' && /^(?:EPROTO|ERR_SSL_)/.test(code ?? '')) return lost(error, phase);
  if (known) return failure(known[1], known[2], error);
  if (code !== undefined && LOST_CODES.some((name) => code.startsWith(name))) return lost(error, phase);
  // the message of an error with a SQLSTATE may hold anything, also in other languages
  const said = code === undefined ? MESSAGES.find(([pattern]) => pattern.test(message)) : undefined;
  if (said?.[1] === 'lost') return lost(error, phase);
  if (said) return failure(said[1] as SessionErrorCode, said[2], error);
  if (code !== undefined && !isAnswer(error) && isSqlState(code)) return lost(error, phase);
  return failure('DATABASE_ERROR', 'PostgreSQL, or its driver, failed. Its own code is in the cause.', error);
}

/** The error to throw for a statement that took longer than the option `timeout` says. */
export function tooLate(phase: Phase): SessionError {
  if (phase === 'write')
    return new SessionError(
      'OUTCOME_UNKNOWN',
      `The server took longer than the option "timeout" allows. ${FIND_OUT}`,
    );
  return new SessionError(
    'CONNECTION_FAILED',
    phase === 'connect'
      ? 'There was no connection within the time that the option "timeout" allows. Nothing was written.'
      : 'The server took longer than the option "timeout" allows. Nothing was written.',
  );
}

/** The error to throw where a statement failed after others of the same call, which each committed by themselves. */
export function partlyWritten(cause: unknown): SessionError {
  return failure(
    'OUTCOME_UNKNOWN',
    'The call failed after a part of it was stored, as the Drizzle driver has no transactions. Repeat it, or read what is left.',
    cause,
  );
}

/** The error to throw where the server answers COMMIT with the tag ROLLBACK. */
export function rolledBackAtCommit(): SessionError {
  return new SessionError(
    'DATABASE_ERROR',
    'The server rolled the transaction back where it should have committed it. Nothing was written.',
  );
}

/** Whether a connection is of no use after such an answer: the session ends, or this server takes no writes any more. */
export function spoilsConnection(error: unknown): boolean {
  const { code } = driverError(error);
  return SPOILING.some((name) => code?.startsWith(name));
}

function saysRolledBack(error: unknown): boolean {
  const { code } = driverError(error);
  return isAnswer(error) && ROLLED_BACK.some((name) => code?.startsWith(name));
}

/** Whether it is an ERROR that a server gave as its answer. After FATAL and PANIC the session is over. */
export function isAnswer(error: unknown): boolean {
  const { severity, severity_local } = driverErrorOf(error);
  const { code = '' } = driverError(error);
  return isSqlState(code) && !isFatal(severity) && !isFatal(severity_local);
}

/** Codes of Node may look like one too, but all begin with an E, which no class of PostgreSQL does. */
function isSqlState(code: string): boolean {
  return /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code);
}

function isFatal(severity: unknown): boolean {
  return severity === 'FATAL' || severity === 'PANIC';
}

function lost(cause: unknown, phase: Phase): SessionError {
  return failure('CONNECTION_FAILED', phase === 'connect' ? UNREACHABLE : LOST, cause);
}

function unknownOutcome(cause: unknown): SessionError {
  return failure('OUTCOME_UNKNOWN', `The server did not say what became of the call. ${FIND_OUT}`, cause);
}

function failure(code: SessionErrorCode, message: string, cause: unknown): SessionError {
  return new SessionError(code, message, { cause });
}

/** `CREATE ... IF NOT EXISTS` of two sessions at once: a unique index of the catalogue refuses the second (A7). */
function isCatalogRace(error: unknown): boolean {
  const { constraint, constraint_name } = driverErrorOf(error);
  return String(constraint ?? constraint_name).startsWith('pg_');
}

function driverError(error: unknown): { code: string | undefined; message: string } {
  const { code, message } = driverErrorOf(error);
  return { code: typeof code === 'string' ? code : undefined, message: String(message) };
}
