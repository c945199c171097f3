import { dirname, resolve } from 'node:path';
import { isSessionError, SessionError } from '@stackone/sessions-core';
import { delay, now } from '@stackone/sessions-core/backend';
import { type SqliteDriverOption, sqliteDriver } from './driver.js';
import type { SqliteDatabase } from './driver-types.js';
import { toSessionError } from './errors.js';
import { HandleExecutor } from './executor.js';
import { IN_MEMORY, type SqliteUrl } from './location.js';

/** How hard a COMMIT presses its data onto the disk: `PRAGMA synchronous`. */
export type Synchronous = 'extra' | 'full' | 'normal';

/**
 * How long the log grows before its pages go into the database, in pages of usually 4 kB; SQLite's default is 1000.
 * Pages that change often go there once for many turns: with 64 conversations at work a turn takes 40 µs, not 60.
 */
const CHECKPOINT_PAGES = 4000;

/** How long to wait before asking again for a lock that SQLite itself does not wait for, in ms. */
const LOCK_PAUSE = 10;

/** How a store opens a database. */
export interface OpenOptions {
  readonly synchronous: Synchronous;
  /** How long to wait for a lock, in ms. */
  readonly busyTimeout: number;
  readonly driver: SqliteDriverOption | undefined;
}

/**
 * Opens a database file, or one in memory, ready for a store.
 *
 * @throws SessionError that tells a missing folder, a lack of permission, a read-only file, a file that is no
 * database and a lock from each other.
 */
export async function openDatabase(
  url: SqliteUrl,
  { synchronous, busyTimeout, driver }: OpenOptions,
): Promise<SqliteDatabase> {
  const database = await openHandle(url, { busyTimeout, driver });
  try {
    const connection = new HandleExecutor(database);
    await useWriteAheadLog(connection, busyTimeout);
    connection.run(`PRAGMA synchronous = ${synchronous}`);
    connection.run('PRAGMA foreign_keys = on');
    connection.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The same, as it is: nothing is set. @throws SessionError as {@link openDatabase} */
export async function openHandle(
  { location, mustExist }: SqliteUrl,
  { busyTimeout, driver }: Omit<OpenOptions, 'synchronous'>,
): Promise<SqliteDatabase> {
  const Database = await sqliteDriver(driver);
  if (location !== IN_MEMORY) await checkAccess(resolve(location), mustExist);
  try {
    return new Database(location, { timeout: busyTimeout, fileMustExist: mustExist !== undefined });
  } catch (error) {
    throw toSessionError(error);
  }
}

/**
 * Readers then never wait for a writer. The mode is kept in the file, so this changes a database once. While
 * several processes do it at the same time SQLite answers BUSY without waiting.
 */
async function useWriteAheadLog(connection: HandleExecutor, busyTimeout: number): Promise<void> {
  const end = now() + busyTimeout;
  for (;;) {
    try {
      connection.all('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (!isSessionError(error) || error.code !== 'BUSY' || now() > end) throw error;
      await delay(LOCK_PAUSE);
    }
  }
}

/** Says exactly what is in the way, where the driver would only say that it cannot open the file. */
async function checkAccess(file: string, mustExist: string | undefined): Promise<void> {
  // loaded with the first file: it takes a tenth of the time that all of this package takes
  const { access, constants, stat } = process.getBuiltinModule('node:fs/promises');
  const folder = dirname(file);
  const kind = await stat(folder).catch((cause: unknown) => {
    if (isErrno(cause, 'ENOENT', 'ENOTDIR')) {
      throw new SessionError('DATABASE_NOT_FOUND', `The folder ${folder} does not exist. Make it first.`, {
        cause,
      });
    }
    throw new SessionError('PERMISSION_DENIED', `The folder ${folder} cannot be entered by this user.`, {
      cause,
    });
  });
  if (!kind.isDirectory()) throw new SessionError('DATABASE_NOT_FOUND', `${folder} is not a folder.`);
  const existing = await stat(file).catch((cause: unknown) => {
    if (isErrno(cause, 'ENOENT')) return undefined;
    throw new SessionError('PERMISSION_DENIED', `The folder ${folder} cannot be entered by this user.`, {
      cause,
    });
  });
  if (existing?.isDirectory())
    throw new SessionError('INVALID_DATABASE', `${file} is a folder, not a database.`);
  if (existing) await checkFile(file);
  else if (mustExist !== undefined)
    throw new SessionError('DATABASE_NOT_FOUND', `${file} does not exist, and ${mustExist}.`);
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new SessionError(
      'PERMISSION_DENIED',
      `The folder ${folder} cannot be written to by this user. SQLite makes files beside the database.`,
      { cause },
    );
  });
}

async function checkFile(file: string): Promise<void> {
  const { access, constants } = process.getBuiltinModule('node:fs/promises');
  await access(file, constants.R_OK).catch((cause: unknown) => {
    throw new SessionError('PERMISSION_DENIED', `${file} cannot be read by this user.`, { cause });
  });
  await access(file, constants.W_OK).catch((cause: unknown) => {
    throw new SessionError('READ_ONLY', `${file} cannot be written to by this user.`, { cause });
  });
}

function isErrno(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
