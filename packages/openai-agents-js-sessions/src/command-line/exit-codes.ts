import type { SessionErrorCode } from '@stackone/sessions-core';

/** What the program ends with. After a signal it is 128 and the number of the signal. */
export const EXIT = { done: 0, failed: 1, misuse: 2, notFound: 3, refused: 4 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Where a database answers with one of these, the program does not end with 1. */
const OF_ERRORS: Readonly<Partial<Record<SessionErrorCode, ExitCode>>> = {
  UNSUPPORTED_URL: EXIT.misuse,
  DATABASE_NOT_FOUND: EXIT.notFound,
  NOT_FOUND: EXIT.notFound,
  SESSION_MISSING: EXIT.notFound,
  TABLE_MISSING: EXIT.notFound,
  AUTHENTICATION_FAILED: EXIT.refused,
  HISTORY_CHANGED: EXIT.refused,
  PERMISSION_DENIED: EXIT.refused,
  READ_ONLY: EXIT.refused,
  RUN_DECIDED: EXIT.refused,
  SESSION_ERASED: EXIT.refused,
  SESSION_EXISTS: EXIT.refused,
  VERSION_CONFLICT: EXIT.refused,
};

/** What the program ends with after an error with this code of a store. */
export function exitCodeOf(code: unknown): ExitCode {
  return Object.hasOwn(OF_ERRORS, code as string)
    ? (OF_ERRORS[code as SessionErrorCode] ?? EXIT.failed)
    : EXIT.failed;
}

/** Why a command ends early; the message is all that its user needs. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}
