import { whenReady } from '../port/awaitable.js';
import { SessionError } from '../port/errors.js';
import type { RunEntry, RunHold } from '../port/runs.js';
import { callsOf } from '../session/session.js';
import { runsOf } from './run-ending.js';
import { runLost } from './run-errors.js';

/** A call of a tool in a run of a store: what {@link durableCall} returns. */
export interface DurableCall {
  /** The id of the run, as it was given. */
  readonly runId: string;
  /** The id of the call, from the model's answer: the same whoever goes on with the run. */
  readonly callId: string;
  /**
   * The ids of the run (with its tenant) and of the call, with a colon between: names this call alone, and is the same where it is made
   * again. For services that take such a key.
   */
  readonly idempotencyKey: string;
  /**
   * Keeps the result of the tool inside a transaction: what else the transaction writes, and that the tool has been called, commit together
   * or not at all. That is exactly once. Return what it returns from the tool.
   *
   * @param inside - What `store.transaction()` hands to its callback, or `store.with(tx)`, of the store that the run is in.
   * @param result - What the tool returns.
   * @returns The result.
   * @throws SessionError `RUN_LOST` where somebody else has the run: the transaction must not commit then. `UNSUPPORTED` for a store
   * that is not inside a transaction, or another one.
   */
  record<Result>(inside: { session(sessionId: string): unknown }, result: Result): Promise<Result>;
}

/** What a call needs of its run. */
interface CallOfRun {
  readonly store: object;
  readonly hold: RunHold;
  /** As they were given. */
  readonly ids: { readonly runId: string; readonly sessionId: string };
  /** What is kept of a result. */
  entry(result: unknown): RunEntry;
  /** Told when a result was recorded: whether that holds is known later. */
  recorded(): void;
}

// A symbol of the global registry: the tool may have the other copy, CommonJS or ESM.
const CALL = Symbol.for('@stackone/sessions-core/durable-call');

/**
 * What a tool knows of the run that calls it: a key that is the same when the call is made again, and a way to make it exactly once.
 *
 * @param details - The third argument of the tool's `execute`.
 * @throws SessionError `UNSUPPORTED` where it is not called by a run of a store: `run()` of the SDK keeps nothing.
 * @example
 * ```ts
 * const pay = tool({
 *   name: 'pay', description: 'Pays', parameters: z.object({ amount: z.number() }),
 *   execute: ({ amount }, _runContext, details) => {
 *     const call = durableCall(details);
 *     return store.transaction(async (tx) => {
 *       await tx.client.query('INSERT INTO payments (id, amount) VALUES ($1, $2)', [call.idempotencyKey, amount]);
 *       return call.record(tx, `paid ${amount}`);
 *     });
 *   },
 * });
 * ```
 */
export function durableCall(details: unknown): DurableCall {
  const call = (details as { readonly [CALL]?: DurableCall } | undefined)?.[CALL];
  if (call) return call;
  throw new SessionError(
    'UNSUPPORTED',
    'durableCall() is for tools that store.runs calls, and takes the third argument of "execute". run() of the SDK keeps no calls.',
  );
}

/** Lets the tool that gets these details ask for its call. */
export function attachCall(details: object, callId: string, run: CallOfRun): void {
  const { store, hold, ids, entry, recorded } = run;
  const call: DurableCall = {
    runId: ids.runId,
    callId,
    idempotencyKey: `${hold.runId}:${callId}`,
    record: (inside, result) => {
      const host = callsOf(inside.session(ids.sessionId))?.host;
      if (host?.store !== store || !host.joined) throw notInside();
      recorded();
      return host.perform('runs.write', () => ({
        storedId: hold.sessionId,
        work: (backend) =>
          whenReady(runsOf(backend).write(hold, entry(result)), (held) => {
            if (!held) throw runLost(ids.runId);
            return result;
          }),
      }));
    },
  };
  Object.defineProperty(details, CALL, { value: call, configurable: true });
}

function notInside(): SessionError {
  return new SessionError(
    'UNSUPPORTED',
    'record() takes what store.transaction() hands to its callback, or store.with(tx), of the store that the run is in. Nothing was recorded.',
  );
}
