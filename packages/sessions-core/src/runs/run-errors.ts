import { isSessionError, SessionError, type SessionErrorCode } from '../port/errors.js';
import type { RunDecision } from './run-decision.js';

function runError(code: SessionErrorCode, runId: string, message: string): SessionError {
  return new SessionError(code, message, { runId });
}

export function runNotFound(runId: string): SessionError {
  return runError(
    'NOT_FOUND',
    runId,
    'There is no such run in this store: it never was, or it went with its conversation.',
  );
}

export function runActive(runId: string): SessionError {
  return runError(
    'RUN_ACTIVE',
    runId,
    'Another run of this conversation is under way, or waits for a decision: "runId" of this error says which. Resume, decide or ' +
      "cancel it, or pass exclusive: 'wait' or 'takeover'. Nothing was begun.",
  );
}

export function callNotFound(runId: string): SessionError {
  return runError(
    'NOT_FOUND',
    runId,
    'The run waits for no decision about such a call. Of later decisions none was kept.',
  );
}

export function runDecided(runId: string, { approve, by, at }: RunDecision): SessionError {
  const who = by === undefined ? 'Somebody' : `"${by}"`;
  const when = new Date(at).toISOString();
  return runError(
    'RUN_DECIDED',
    runId,
    `${who} ${approve ? 'approved' : 'rejected'} this call at ${when}. That holds; the other decision was not kept.`,
  );
}

export function runLost(runId: string): SessionError {
  return runError(
    'RUN_LOST',
    runId,
    'This process no longer holds the run: its lease ended, somebody else took it, or it went with its conversation. From then on ' +
      'nothing of it was written here. store.runs.retrieve() says what became of it, store.runs.resume() joins it.',
  );
}

export function runCancelled(runId: string): SessionError {
  return runError('RUN_CANCELLED', runId, 'The run was cancelled. Nothing of it is in the conversation.');
}

export function runFailed(runId: string): SessionError {
  return runError('RUN_FAILED', runId, 'The run failed. The "error" of store.runs.retrieve() says why.');
}

export function runIncompatible(runId: string, kept: string, own: string): SessionError {
  return runError(
    'RUN_INCOMPATIBLE',
    runId,
    `The run was begun by a newer version of this package or of the SDK (schema ${kept}) than is here (schema ${own}). Nothing was ` +
      'done with it: a process with that version, or a newer one, can go on.',
  );
}

export function runTooLarge(runId: string, maxStateBytes: number): SessionError {
  return runError(
    'ITEM_TOO_LARGE',
    runId,
    `Of this run more than ${maxStateBytes} bytes would be kept: its input, the answers of models and the results of tools together. ` +
      'Let its tools return less, or raise the option "maxStateBytes".',
  );
}

export function runIsAnother(runId: string): SessionError {
  return runError(
    'OPERATION_CONFLICT',
    runId,
    'A run with this id began with another input, or in another conversation. Nothing was begun.',
  );
}

/** The error of the store in what a run was ended by, if it is that. */
export function storeErrorIn(error: unknown): SessionError | undefined {
  for (let one = error, depth = 0; one instanceof Error && depth < 5; depth++) {
    if (isSessionError(one)) return one;
    one = one.cause ?? (one as { error?: unknown }).error;
  }
  return undefined;
}
