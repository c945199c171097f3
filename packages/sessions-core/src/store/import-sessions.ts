import { checkArgument, checkOptions, isSignal, type OptionCheck, readArgument } from '../port/options.js';
import { throwIfAborted } from '../port/timers.js';
import type { RunRecord } from '../runs/run-records.js';
import { RunsWriting } from './copy-runs.js';
import { type ImportProgress, NOTHING_DONE, sumOf, told } from './import-progress.js';
import { NO_RECORD, type SessionRecord } from './session-record.js';
import { hostOf, type SessionStore } from './store.js';
import { batchesOf, eachBatch, writeBatch } from './whole-writing.js';

/** What `importSessions` takes. */
export interface ImportOptions {
  /** How many transactions are under way at the same time, 1 to 64. Default 4. */
  concurrency?: number | undefined;
  /** Called after each transaction. If it returns a promise that is awaited, so it can slow the work down. */
  onProgress?: ((progress: ImportProgress) => unknown) | undefined;
  /** Ends the work between two transactions; the call then fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The checks of {@link ImportOptions}. */
export const IMPORT_CHECKS: Readonly<Record<keyof ImportOptions, OptionCheck>> = {
  concurrency: (value) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 64
      ? undefined
      : 'a whole number from 1 to 64',
  onProgress: (value) => (typeof value === 'function' ? undefined : 'a function'),
  signal: isSignal,
};

/**
 * Writes conversations as they were elsewhere: with their times, titles, metadata, usage and operation ids. One that is there already is never changed:
 * it is told apart whether it is the same. So where it was cut off, call it again with all of them: it goes on. Runs that are not over come
 * behind all conversations; nobody holds them here, so that they can be decided about and resumed.
 *
 * @param records - As `exportSessions` gives them, those of `runs: true` too.
 * @returns What was done.
 * @throws TypeError for a record or an option of another form. SessionError `UNSUPPORTED` (`supports.restoring` is not true), or as the
 * database says. What was written before stays.
 * @example
 * ```ts
 * const { stored, different } = await importSessions(store, exportSessions(other));
 * console.log(`${stored} were written, ${different.length} are there with something else`);
 * ```
 */
export async function importSessions(
  store: SessionStore,
  records: Iterable<SessionRecord | RunRecord> | AsyncIterable<SessionRecord | RunRecord>,
  options: ImportOptions = {},
): Promise<ImportProgress> {
  checkOptions('importSessions', options, IMPORT_CHECKS);
  checkArgument('importSessions: the records must be an iterable of them.', () => isIterable(records));
  const { concurrency = 4, onProgress, signal } = options;
  const host = hostOf(store);
  let progress = NOTHING_DONE;
  const { sessions, runs } = apart(records);
  await eachBatch(batchesOf(host, sessions), { concurrency, signal }, async (batch) => {
    for (const written of await writeBatch(host, batch)) progress = sumOf(progress, told(written));
    await onProgress?.(progress);
  });
  const writing = new RunsWriting(host, progress);
  for await (const run of runs) {
    await throwIfAborted(signal);
    await writing.write(run);
    await onProgress?.(writing.progress);
  }
  return writing.progress;
}

function isIterable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return [Symbol.iterator, Symbol.asyncIterator].some((key) => key in value);
}

/** The conversations, and what comes behind them: to be read one after the other. */
function apart(records: Iterable<SessionRecord | RunRecord> | AsyncIterable<SessionRecord | RunRecord>): {
  readonly sessions: AsyncGenerator<SessionRecord>;
  readonly runs: AsyncGenerator<RunRecord>;
} {
  const all = inTurn(records);
  let first: RunRecord | undefined;
  async function* sessions(): AsyncGenerator<SessionRecord> {
    let isOver = false;
    try {
      for (;;) {
        const { value, done } = await all.next();
        isOver = true;
        if (done) return;
        if (isRun(value)) {
          first = value;
          return;
        }
        isOver = false;
        yield value;
      }
    } finally {
      // they are not read to their end
      if (!isOver) await all.return();
    }
  }
  async function* runs(): AsyncGenerator<RunRecord> {
    if (first) yield first;
    for await (const record of all) {
      if (!isRun(record)) throw new TypeError('importSessions: conversations come before runs.');
      yield record;
    }
  }
  return { sessions: sessions(), runs: runs() };
}

async function* inTurn<T>(values: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void, void> {
  yield* values;
}

function isRun(record: SessionRecord | RunRecord): record is RunRecord {
  return readArgument(NO_RECORD, () => 'steps' in record);
}
