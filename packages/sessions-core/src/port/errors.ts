import { loaderMessage } from './loader-message.js';

/**
 * Every code a {@link SessionError} can carry, with whether a call that failed with it may simply be made again.
 *
 * `true` means: nothing was written, and the same call may well succeed later.
 */
const RETRYABLE = {
  ABORTED: true,
  AUTHENTICATION_FAILED: false,
  BUSY: true,
  CLOSED: false,
  CONNECTION_FAILED: true,
  CONSTRAINT_VIOLATED: false,
  CORRUPT_ITEM: false,
  DATABASE_ERROR: false,
  DATABASE_NOT_FOUND: false,
  DECRYPTION_FAILED: false,
  DRIVER_FAILED: false,
  DRIVER_MISSING: false,
  HISTORY_CHANGED: false,
  INVALID_DATABASE: false,
  INVALID_HISTORY: false,
  INVALID_TRANSACTION: false,
  ITEM_TOO_LARGE: false,
  NOT_FOUND: false,
  NOT_OPEN: false,
  OPERATION_CONFLICT: false,
  OUTCOME_UNKNOWN: false,
  OVERLOADED: true,
  PERMISSION_DENIED: false,
  READ_ONLY: false,
  RUN_ACTIVE: true,
  RUN_CANCELLED: false,
  RUN_DECIDED: false,
  RUN_FAILED: false,
  RUN_INCOMPATIBLE: false,
  RUN_LOST: false,
  SCHEMA_MISMATCH: false,
  SESSION_ERASED: false,
  SESSION_EXISTS: false,
  SESSION_MISSING: false,
  STORAGE_FULL: false,
  SUFFIX_MISMATCH: false,
  TABLE_MISSING: false,
  TENANT_MISSING: false,
  TLS_FAILED: false,
  TRANSACTION_CONFLICT: true,
  TRANSACTION_OPEN: false,
  UNSUPPORTED: false,
  UNSUPPORTED_RUNTIME: false,
  UNSUPPORTED_URL: false,
  UNSUPPORTED_VALUE: false,
  VERSION_CONFLICT: false,
} as const;

/** The stable name of a failure. Codes keep their meaning across versions; messages may change. */
export type SessionErrorCode = keyof typeof RETRYABLE;

/** All codes, in alphabetical order. */
export const SESSION_ERROR_CODES = Object.keys(RETRYABLE) as readonly SessionErrorCode[];

/** What a {@link SessionError} may carry besides its code and message. */
export interface SessionErrorDetails {
  /** The failure underneath. Anything that could hold data of the application is removed from it. */
  cause?: unknown | undefined;
  /** Where in the item the trouble is, like `[0].content[1].image` (`UNSUPPORTED_VALUE`). Never the value. */
  path?: string | undefined;
  /** The id of the row in the messages table (`CORRUPT_ITEM`, `DECRYPTION_FAILED`). */
  rowId?: string | undefined;
  /** The id of the run (`RUN_ACTIVE`, `RUN_LOST` and the others that begin with `RUN_`). */
  runId?: string | undefined;
  /** How far a call had come that was ended by its `signal` or `timeout` (`ABORTED`, `OUTCOME_UNKNOWN`). */
  stage?: 'waiting' | 'connecting' | 'statement' | undefined;
}

// A symbol of the global registry, so that an error of the CommonJS copy is known to the ESM copy.
const BRAND = Symbol.for('@stackone/sessions-core/SessionError');

/**
 * The error that every store and session throws for what happens at run time: databases, rows, values.
 * Mistakes in the calling code (a bad id, an unknown option) are `TypeError` instead.
 *
 * @example
 * ```ts
 * try {
 *   await session.addItems(items);
 * } catch (error) {
 *   if (isSessionError(error) && error.retryable) await session.addItems(items);
 *   else throw error;
 * }
 * ```
 */
export class SessionError extends Error {
  /** What happened, as a stable name. */
  readonly code: SessionErrorCode;
  /** Whether nothing was written and the same call may succeed later. */
  readonly retryable: boolean;
  /** Where in the item the trouble is (`UNSUPPORTED_VALUE`). */
  declare readonly path?: string;
  /** The row that could not be read (`CORRUPT_ITEM`, `DECRYPTION_FAILED`). */
  declare readonly rowId?: string;
  /** The run that is meant (codes that begin with `RUN_`). */
  declare readonly runId?: string;
  /**
   * How far a call had come that its `signal` or `timeout` ended: it waited for the calls before it, for a connection, or a
   * statement was under way (`ABORTED`, `OUTCOME_UNKNOWN`).
   */
  declare readonly stage?: 'waiting' | 'connecting' | 'statement';

  /**
   * @param code - One of {@link SESSION_ERROR_CODES}.
   * @param message - What happened, why, and what to do next. Never data of the application.
   * @param details - The cause, stripped of data, and what the code promises.
   */
  constructor(code: SessionErrorCode, message: string, details: SessionErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: stripCause(details.cause) });
    this.name = 'SessionError';
    this.code = code;
    this.retryable = RETRYABLE[code];
    if (details.path !== undefined) this.path = details.path;
    if (details.rowId !== undefined) this.rowId = details.rowId;
    if (details.runId !== undefined) this.runId = details.runId;
    if (details.stage !== undefined) this.stage = details.stage;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Tells whether a value is a {@link SessionError}, also of another copy of this package (ESM beside CommonJS).
 *
 * @example
 * ```ts
 * if (isSessionError(error) && error.code === 'BUSY') retryLater();
 * ```
 */
export function isSessionError(value: unknown): value is SessionError {
  try {
    return value instanceof Error && (value as { [BRAND]?: unknown })[BRAND] === true;
  } catch {
    return false; // a Proxy that is revoked, or that throws
  }
}

// The fields of driver errors that name the failure. Their messages, details and statements carry row values.
const CAUSE_FIELDS = [
  'code',
  'errno',
  'syscall',
  'sqlState',
  'severity',
  'constraint',
  'table',
  'column',
] as const;

/**
 * A fresh error that keeps what identifies a failure and drops what may hold data: text, SQL and parameters. The text of
 * a module loader holds none.
 */
function stripCause(cause: unknown, seen = new Set<unknown>()): unknown {
  if (isSessionError(cause)) return cause;
  if (!(cause instanceof Error)) return new Error('a value that is not an error was thrown');
  const fields: Record<string, unknown> = {};
  for (const field of CAUSE_FIELDS) {
    const value: unknown = Reflect.get(cause, field);
    if (typeof value === 'string' || typeof value === 'number') fields[field] = value;
  }
  const stripped = new Error(loaderMessage(cause) ?? String(fields.code ?? fields.errno ?? 'no code'));
  stripped.name = cause.name;
  stripped.stack = [`${stripped.name}: ${stripped.message}`, ...frames(cause)].join('\n');
  // an error may be its own cause
  seen.add(cause);
  const hasCause = cause.cause !== undefined && !seen.has(cause.cause);
  const inner = hasCause ? { cause: stripCause(cause.cause, seen) } : {};
  return Object.assign(stripped, fields, inner);
}

/** The lines of the stack that say where it happened, without the message before them, which may be of any form. */
function frames({ stack = '', message }: Error): string[] {
  const end = stack.indexOf(message);
  if (end < 0) return [];
  const lines = stack.slice(end + message.length).split('\n');
  return lines.filter((line) => /^ {4}at /.test(line));
}
