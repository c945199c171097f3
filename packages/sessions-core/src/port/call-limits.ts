import { AsyncLocalStorage } from 'node:async_hooks';
import type { Awaitable } from './awaitable.js';
import type { CallRecord } from './call-record.js';
import { SessionError, type SessionErrorDetails } from './errors.js';
import { isSignal, isWholeNumber, type OptionCheck } from './options.js';
import { startTimer, type Timer } from './timers.js';

/** How one call may be ended before the database has answered. */
export interface CallLimits {
  /** Ends the call when it is aborted. */
  signal?: AbortSignal | undefined;
  /**
   * How long the call may take, in ms, waiting for its turn and for a connection included. Absent and 0: as long as the store waits.
   * Where the store's own `timeout` is shorter, that holds.
   */
  timeout?: number | undefined;
}

/** The checks of {@link CallLimits}. */
export const CALL_LIMIT_CHECKS: Readonly<Record<keyof CallLimits, OptionCheck>> = {
  signal: isSignal,
  timeout: isWholeNumber(0),
};

/** How far a call, or the turns of a group, have come. Backends tell it by {@link waitsForConnection} and {@link hasConnection}. */
interface Progress {
  connecting(): void;
  connected(): void;
  repeated(): void;
  refuseWhenEnded(): void;
}

const current = new AsyncLocalStorage<Progress | undefined>();

/** How far a call with limits, or one that is counted, has come, and whether it was ended. */
export class CallProgress implements Progress {
  /** Why it was ended. What has not been sent by then is not sent any more. */
  ended: SessionError | undefined;
  /** Takes it out of the queue that it waits in. */
  leave: ((why: SessionError) => void) | undefined;
  #stage: NonNullable<SessionErrorDetails['stage']> = 'waiting';
  #isSent = false;
  readonly #writes: boolean;
  /** What is counted of it, where somebody is told. */
  readonly record: CallRecord | undefined;

  constructor(writes: boolean, record: CallRecord | undefined) {
    this.#writes = writes;
    this.record = record;
  }

  /** It waits for calls before it: nothing of it was written. */
  waiting(): void {
    this.#stage = 'waiting';
    if (!this.#isSent) this.record?.unsent();
  }

  /** A backend has it, and may send a statement at any time. */
  handedOver(): void {
    if (this.ended) throw this.ended;
    this.leave = undefined;
    this.#stage = 'statement';
    this.record?.sent();
  }

  connecting(): void {
    if (this.#isSent) return;
    this.#stage = 'connecting';
    this.record?.unsent();
  }

  repeated(): void {
    if (this.record) this.record.retries++;
  }

  refuseWhenEnded(): void {
    if (this.ended) throw notSent();
  }

  connected(): void {
    // once it was sent, only the database can say what became of it
    if (this.ended && !this.#isSent) throw notSent();
    this.#isSent = true;
    this.#stage = 'statement';
    this.record?.sent();
  }

  end(how: string, cause?: unknown): SessionError {
    const stage = this.#stage;
    const isUnknown = this.#writes && stage === 'statement';
    const where = `${how} ${WHERE[stage]}.`;
    const error = isUnknown
      ? new SessionError(
          'OUTCOME_UNKNOWN',
          `${where} What it writes may be stored or not: repeat it with the same operation id, or read the conversation first.`,
          { stage, cause },
        )
      : new SessionError('ABORTED', `${where} Nothing was written.`, { stage, cause });
    this.ended = error;
    this.leave?.(error);
    return error;
  }
}

const WHERE = {
  waiting: 'while it waited for the calls before it',
  connecting: 'while it waited for a connection',
  statement: 'while a statement was under way',
};

/** For who has it in hand: the caller was told already. */
function notSent(): SessionError {
  return new SessionError('ABORTED', 'The call was ended before anything was sent. Nothing was written.');
}

/** The progress of several calls whose turns share a commit. */
class GroupProgress implements Progress {
  readonly #calls: readonly CallProgress[];
  #isSent = false;

  constructor(calls: readonly CallProgress[]) {
    this.#calls = calls;
  }

  connecting(): void {
    for (const call of this.#calls) call.connecting();
  }

  repeated(): void {
    for (const call of this.#calls) call.repeated();
  }

  /** Once it was sent, the group goes on: it is not one caller's. */
  refuseWhenEnded(): void {}

  /** Where one was ended, nothing is sent: the group goes out again without it. */
  connected(): void {
    if (!this.#isSent && this.#calls.some((call) => call.ended)) throw notSent();
    this.#isSent = true;
    for (const call of this.#calls) call.connected();
  }
}

/** Makes what has no limits, though a call with limits may have led to it. */
function unlimited<T>(call: () => T): T {
  return current.getStore() ? current.run(undefined, call) : call();
}

/** The progress of the call that the code now running belongs to, where it has limits or is counted. */
export function currentCall(): CallProgress | undefined {
  const progress = current.getStore();
  return progress instanceof CallProgress ? progress : undefined;
}

/** Whoever makes a call again tells it, so that it is counted. */
export function repeatsCall(): void {
  current.getStore()?.repeated();
}

/**
 * Counts rows that a backend answered with, as those of the call that the code now running belongs to.
 *
 * @param textOf - What their length is measured by.
 */
export function countRead<Row>(rows: readonly Row[], textOf: (row: Row) => string): readonly Row[] {
  currentCall()?.record?.read(rows.map(textOf));
  return rows;
}

/** Counts rows that a backend is to store, as {@link countRead} does. */
export function countWritten<Row>(rows: readonly Row[], textOf: (row: Row) => string): void {
  currentCall()?.record?.written(rows.map(textOf));
}

/**
 * Commits turns together.
 *
 * @param size - How many.
 * @param calls - Those of them that have limits or are counted.
 */
export function asGroup<T>(size: number, calls: readonly CallProgress[], commit: () => T): T {
  if (calls.length === 0) return unlimited(commit);
  for (const call of calls) {
    call.handedOver();
    if (call.record) call.record.groupSize = size;
  }
  return current.run(new GroupProgress(calls), commit);
}

/**
 * A backend calls it when it begins to wait for a connection: a call that is ended by its `signal` or `timeout` until
 * {@link hasConnection} has certainly written nothing.
 *
 * @example
 * ```ts
 * waitsForConnection();
 * const client = await pool.connect();
 * ```
 */
export function waitsForConnection(): void {
  current.getStore()?.connecting();
}

/**
 * A backend calls it when it has a connection, before it sends anything.
 *
 * @throws SessionError `ABORTED` where the call was ended meanwhile. Nothing must be sent then; its caller was told.
 * @example
 * ```ts
 * try {
 *   hasConnection();
 *   return await client.query(sql);
 * } finally {
 *   client.release();
 * }
 * ```
 */
export function hasConnection(): void {
  current.getStore()?.connected();
}

/**
 * A backend calls it before each statement that it sends into a transaction of the application. Who was told that a call has ended
 * rolls back, and what is sent after that would be stored by itself.
 *
 * @throws SessionError `ABORTED` where the call was ended. Nothing more must be sent then; its caller was told.
 * @example
 * ```ts
 * refuseWhenEnded();
 * await transaction.execute(sql);
 * ```
 */
export function refuseWhenEnded(): void {
  current.getStore()?.refuseWhenEnded();
}

/**
 * Makes a call that ends, for its caller, when its signal is aborted or its time is over.
 *
 * @param limits - The signal and the time, if any.
 * @param writes - Whether it is unknown what it did, once it was handed to the database.
 * @param record - Counts what it does.
 */
export function withinLimits<T>(
  { signal, timeout = 0 }: CallLimits = {},
  writes: boolean,
  call: () => Awaitable<T>,
  record?: CallRecord,
): Awaitable<T> {
  const isLimited = signal !== undefined || timeout > 0;
  if (!isLimited && !record) return unlimited(call);
  const progress = new CallProgress(writes, record);
  if (!isLimited) return current.run(progress, call);
  const aborted = () => progress.end('The signal of the call was aborted', signal?.reason);
  if (signal?.aborted) throw aborted();
  const result = current.run(progress, call);
  if (!(result instanceof Promise)) return result;
  return new Promise<T>((resolve, reject) => {
    let timer: Timer | undefined;
    const abort = () => done(() => reject(aborted()));
    const done = (tell: () => void) => {
      timer?.cancel();
      signal?.removeEventListener('abort', abort);
      tell();
    };
    if (timeout > 0) {
      timer = startTimer(timeout, () =>
        done(() => reject(progress.end(`The call took longer than its timeout of ${timeout} ms`))),
      );
    }
    signal?.addEventListener('abort', abort);
    result.then(
      (value) => done(() => resolve(value)),
      (error: unknown) => done(() => reject(error)), // does nothing where the caller was told
    );
  });
}
