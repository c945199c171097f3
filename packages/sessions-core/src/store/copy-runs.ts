import {
  isOpen,
  keepsRuns,
  openRuns,
  type RunRecord,
  type RunSelection,
  runRecord,
  writeRun,
  writeRunAgain,
} from '../runs/run-records.js';
import { RunStore } from '../runs/run-store.js';
import type { SessionHost } from '../session/session-host.js';
import { type ImportProgress, NOTHING_DONE, sumOf } from './import-progress.js';
import { storedIdOfRecord } from './session-record.js';

/** How runs are copied. */
export interface RunCopy extends RunSelection {
  /** Whether what happened to runs that were copied before happens to their copies too. */
  readonly again?: boolean | undefined;
}

/**
 * Copies runs that have not ended, after their conversations.
 *
 * @param done - What became of the conversations: runs of those that were not written are not either.
 */
export async function copyRuns(
  from: SessionHost,
  to: SessionHost,
  done: ImportProgress,
  { again = false, ...selection }: RunCopy,
): Promise<ImportProgress> {
  if (!(await keepsRuns(from))) return done;
  const writing = new RunsWriting(to, done);
  const seen = new Set<string>();
  for await (const found of openRuns(from, selection)) {
    seen.add(found.run.runId);
    await writing.write(runRecord(from, found), again);
  }
  if (again && (await keepsRuns(to))) await endCopies(from, to, seen, selection);
  return writing.progress;
}

/** Cancels copies of runs that have ended in the first store since. */
async function endCopies(
  from: SessionHost,
  to: SessionHost,
  seen: ReadonlySet<string>,
  selection: RunSelection,
): Promise<void> {
  for await (const { run } of openRuns(to, selection)) {
    if (seen.has(run.runId) || run.heldFor > 0) continue;
    const first = (await new RunStore(from).read(run.runId))?.run;
    const isCopy = first?.sessionId === run.sessionId && first.createdAt === run.createdAt;
    const { runId, sessionId } = run;
    if (isCopy && !isOpen(first.state))
      await new RunStore(to).settle({ runId, sessionId, state: 'cancelled' });
  }
}

/** Writes runs, and counts what became of them. */
export class RunsWriting {
  progress: ImportProgress;
  readonly #to: SessionHost;
  readonly #refused: ReadonlySet<string>;
  readonly #told: Set<string>;
  #keepsRuns: Promise<boolean> | undefined;

  /** @param done - What became of the conversations. */
  constructor(to: SessionHost, done: ImportProgress = NOTHING_DONE) {
    this.#to = to;
    this.progress = done;
    this.#refused = new Set([...done.different, ...done.erased].map(storedIdOfRecord));
    this.#told = new Set(this.#refused);
  }

  /** @param again - Whether one that was written before is brought to where it is now. */
  async write(record: RunRecord, again = false): Promise<void> {
    const { sessionId: id, tenant } = record;
    const conversation = { id, ...(tenant !== undefined && { tenant }) };
    const storedId = storedIdOfRecord(conversation);
    this.#keepsRuns ??= keepsRuns(this.#to);
    if (this.#refused.has(storedId) || !(await this.#keepsRuns)) return this.#add({ unkept: 1 });
    let outcome = await writeRun(this.#to, record);
    if (outcome === 'different' && again && (await writeRunAgain(this.#to, record))) outcome = 'stored';
    if (outcome === 'stored') return this.#add({ runs: 1 });
    if (outcome === 'same' || this.#told.has(storedId)) return;
    this.#told.add(storedId);
    this.#add({ [outcome]: [conversation] });
  }

  #add(more: Partial<ImportProgress>): void {
    this.progress = sumOf(this.progress, { ...NOTHING_DONE, ...more });
  }
}
