import { isSessionError, SessionError, type SessionErrorCode } from '@stackone/sessions-core';
import { driverErrorOf, isLoaderError, loadFailure } from '@stackone/sessions-core/backend';

/**
 * What SQLite's result codes mean to the caller (https://sqlite.org/rescode.html). The first entry whose name
 * begins the driver's `code` counts, so special codes stand before general ones.
 */
export const ERROR_CODES: readonly (readonly [sqlite: string, code: SessionErrorCode, message: string])[] = [
  [
    'SQLITE_BUSY',
    'BUSY',
    'Another connection keeps the database locked. Nothing was written. Make its transactions shorter, or raise ' +
      'busyTimeout.',
  ],
  ['SQLITE_LOCKED', 'BUSY', 'The database is locked by this connection itself. Nothing was written.'],
  [
    'SQLITE_FULL',
    'STORAGE_FULL',
    'The disk or the database file is full. Nothing was written. Make room for it.',
  ],
  [
    'SQLITE_READONLY_DIRECTORY',
    'PERMISSION_DENIED',
    'The folder of the database cannot be written to. SQLite makes files beside the database.',
  ],
  ['SQLITE_READONLY', 'READ_ONLY', 'The database is read-only. Open it where it can be written.'],
  ['SQLITE_NOTADB', 'INVALID_DATABASE', 'The file is not a SQLite database, or it is encrypted.'],
  [
    'SQLITE_CORRUPT',
    'INVALID_DATABASE',
    'The database file is damaged. Check it with: PRAGMA integrity_check',
  ],
  ['SQLITE_TOOBIG', 'ITEM_TOO_LARGE', 'The item is longer than SQLite can store. Nothing was written.'],
  ['SQLITE_CONSTRAINT', 'CONSTRAINT_VIOLATED', 'A constraint or trigger of the database refused the rows.'],
  ['SQLITE_PERM', 'PERMISSION_DENIED', 'The database cannot be read or written by this user.'],
  ['SQLITE_AUTH', 'PERMISSION_DENIED', 'The database refuses the statement to this connection.'],
  ['SQLITE_CANTOPEN', 'PERMISSION_DENIED', 'The database file, or a file beside it, cannot be opened.'],
  ['SQLITE_', 'DATABASE_ERROR', 'SQLite failed. Its own code is in the cause.'],
];

/**
 * The error to throw for whatever the driver threw.
 *
 * @param error - A better-sqlite3 error, or Drizzle's wrapper of one.
 */
export function toSessionError(error: unknown): SessionError {
  if (isSessionError(error)) return error;
  // better-sqlite3 looks for its native part when it first opens a database
  if (isLoaderError(error)) return loadFailure('better-sqlite3', error);
  const inner = driverErrorOf(error);
  const [code, message] = [String(inner.code), String(inner.message)];
  const known = ERROR_CODES.find(([sqlite]) => code.startsWith(sqlite));
  if (code === 'SQLITE_ERROR' && /no such (table|column)/.test(message)) {
    return new SessionError(
      'TABLE_MISSING',
      'The tables, or columns of theirs, do not exist. Open the store with createTables: true, or run schemaSql().',
      { cause: error },
    );
  }
  if (code === 'SQLITE_ERROR' && message.includes('within a transaction')) {
    return new SessionError(
      'TRANSACTION_OPEN',
      'The connection is inside a transaction of the application. Use store.with(tx) there.',
      { cause: error },
    );
  }
  if (known) return new SessionError(known[1], known[2], { cause: error });
  if (message.includes('connection is not open')) {
    return new SessionError('CLOSED', 'The database handle was closed. Open a new store.', { cause: error });
  }
  if (inner.name === 'EvalError') {
    return new SessionError(
      'DRIVER_FAILED',
      'better-sqlite3 makes code from text for rows that it returns as objects, and Drizzle asks for such. This process ' +
        'forbids that (node --disallow-code-generation-from-strings). Nothing was written. Read outside the transaction.',
      { cause: error },
    );
  }
  return new SessionError('DATABASE_ERROR', 'The database driver failed.', { cause: error });
}

/**
 * The error to throw for a COMMIT that failed and ended its transaction: `OUTCOME_UNKNOWN`, unless SQLite says that it
 * rolled back. After an error of the disk what was written may still be found when the file is opened the next time.
 */
export function toCommitError(error: unknown): SessionError {
  const known = toSessionError(error);
  if (known.code === 'STORAGE_FULL') return known;
  return new SessionError(
    'OUTCOME_UNKNOWN',
    'The database failed during COMMIT: what the call wrote may be stored or not. Read the session, or repeat a call that ' +
      'had an operation id.',
    { cause: error },
  );
}
