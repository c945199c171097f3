import { channel } from 'node:diagnostics_channel';
import { type Awaitable, whenReady } from '../port/awaitable.js';
import { isSessionError } from '../port/errors.js';
import { now } from '../port/timers.js';
import type { SessionOperation } from '../session/session-host.js';

/** What is published on the `node:diagnostics_channel` named {@link OPERATION_CHANNEL}, once for every call. */
export interface OperationMessage {
  /** The engine, like `sqlite`. */
  readonly engine: string;
  /** The session's method, or that of `store.sessions`, like `sessions.list`. */
  readonly operation: SessionOperation;
  /** From the call to its end in ms, waiting for its turn included. */
  readonly ms: number;
  /** The code of the error it ended with, `TypeError` for a mistake of the caller, absent if it succeeded. */
  readonly error?: string;
}

/** The name of the diagnostics channel that carries an {@link OperationMessage} for every call of every session. */
export const OPERATION_CHANNEL = 'stackone:sessions:operation';

const operations = channel(OPERATION_CHANNEL);

/** Makes a call, and tells the diagnostics channel of its end: at once where it is done at once. */
export function published<T>(
  engine: string,
  operation: SessionOperation,
  call: () => Awaitable<T>,
): Awaitable<T> {
  if (!operations.hasSubscribers) return call();
  const started = now();
  const publish = (error?: string) => {
    const message = { engine, operation, ms: now() - started };
    operations.publish(error === undefined ? message : { ...message, error });
  };
  const fail = (thrown: unknown): never => {
    publish(nameOf(thrown));
    throw thrown;
  };
  const succeed = (result: T): T => {
    publish();
    return result;
  };
  let result: Awaitable<T>;
  try {
    result = call();
  } catch (thrown) {
    return fail(thrown);
  }
  return result instanceof Promise ? result.then(succeed, fail) : whenReady(result, succeed);
}

/** What is published of something that was thrown, whatever it is. */
function nameOf(thrown: unknown): string {
  if (isSessionError(thrown)) return thrown.code;
  return thrown instanceof Error ? thrown.name : 'Error';
}
