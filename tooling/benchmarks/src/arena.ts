import { setImmediate as tick, setTimeout as wait } from 'node:timers/promises';
import type { Contender, Conversations } from './contender.ts';
import type { Effort } from './effort.ts';
import type { Engine } from './engines/engine.ts';
import { WrongAnswer } from './items.ts';
import { watchOthers } from './other-work.ts';
import type { Measured, Unit, WorkloadResult } from './results.ts';
import { median } from './statistics.ts';

/** A contender with a database that is open. */
export interface Entry {
  readonly contender: Contender;
  readonly url: string;
  conversations: Conversations;
}

/** One thing to compare. */
export interface Comparison {
  readonly workload: string;
  readonly title: string;
  readonly unit: Unit;
  /** If not as many as usual. */
  readonly rounds?: number;
  /** How many measurements make up a round, whose value is their median. Default 1. */
  readonly repeats?: number;
  /** Takes one measurement. Undefined if the contender cannot do it. */
  readonly measure: (entry: Entry, round: number, repeat: number) => Promise<number | undefined>;
  /** Why a contender takes no part, if so. */
  readonly excluded?: (entry: Entry) => Measured['trouble'];
  /** Checks all that the rounds have stored; throws {@link WrongAnswer}. */
  readonly verify?: (entry: Entry) => Promise<void>;
}

/** A contender in a comparison. */
interface Run {
  readonly comparison: Comparison;
  readonly entry: Entry;
  /** The values of the rounds that count; absent where it did not take part. */
  readonly rounds: (number | undefined)[];
  /** What this round has measured so far. */
  values: number[];
  /** How long it has taken, in ms. */
  spent: number;
  trouble: Measured['trouble'];
}

/** Something did not end in time. */
class Hung extends Error {}

/** How long opening may take, in ms: some libraries make hundreds of tables. */
const OPENING = 60_000;

/** Contenders side by side, on databases of one engine. */
export class Arena {
  readonly engine: Engine;
  readonly effort: Effort;
  readonly entries: readonly Entry[];
  /** Contenders that did not start, by name. */
  readonly absent: ReadonlyMap<string, string>;

  private constructor(
    engine: Engine,
    effort: Effort,
    entries: readonly Entry[],
    absent: ReadonlyMap<string, string>,
  ) {
    this.engine = engine;
    this.effort = effort;
    this.entries = entries;
    this.absent = absent;
  }

  /** Opens each contender on the database that `place` gives it. One that does not open keeps its row, and says why. */
  static async open(
    engine: Engine,
    effort: Effort,
    contenders: readonly Contender[],
    place: (contender: Contender) => Promise<string>,
  ): Promise<Arena> {
    const entries: Entry[] = [];
    const absent = new Map<string, string>();
    for (const contender of contenders) {
      try {
        const url = await place(contender);
        entries.push({
          contender,
          url,
          conversations: await inTime(Math.max(effort.deadline, OPENING), contender.open(url)),
        });
      } catch (error) {
        if (isIndispensable(contender)) throw error;
        absent.set(contender.name, describe(error));
      }
    }
    return new Arena(engine, effort, entries, absent);
  }

  /** Compares the contenders in one thing. */
  async compare(comparison: Comparison): Promise<WorkloadResult> {
    const [result] = await this.compareSideBySide([comparison]);
    if (!result) throw new Error('a comparison has a result');
    return result;
  }

  /**
   * Rounds in which the contenders take turns, in a new order each time: whatever slows the machine down meets all alike.
   * In a round each makes its calls one after the other, as in a program that uses it alone. The first round warms up and
   * does not count.
   *
   * @param comparisons - Things to compare with each other, too: they share the rounds, whose number and size are those
   * of the first.
   */
  async compareSideBySide(comparisons: readonly Comparison[]): Promise<WorkloadResult[]> {
    const others = watchOthers(this.engine);
    const { rounds = this.effort.rounds, repeats = 1 } = comparisons[0] ?? {};
    const runs: Run[] = comparisons.flatMap((comparison) =>
      this.entries.map((entry) => ({
        comparison,
        entry,
        rounds: [],
        values: [],
        spent: 0,
        trouble: comparison.excluded?.(entry),
      })),
    );
    for (let round = 0; round <= rounds; round++) {
      const takingPart = runs.filter(
        ({ entry, spent }) => isIndispensable(entry.contender) || spent <= this.effort.budget,
      );
      const measurements = round === 0 && repeats > 1 ? Math.max(repeats, this.effort.warmUps) : repeats;
      for (const run of shuffled(takingPart)) {
        await tick(); // what another one has left undone is done before the clock starts
        for (let repeat = 0; repeat < measurements && !run.trouble; repeat++) {
          if (repeat >= repeats && run.spent > this.effort.warmUpTime) break;
          await this.#measure(run, round, repeat);
        }
      }
      for (const run of takingPart) {
        if (round > 0 && run.values.length === repeats) run.rounds[round - 1] = median(run.values);
        run.values = [];
      }
    }
    const meanwhile = others();
    await this.#verify(runs);
    return comparisons.map(({ workload, title, unit }) => ({
      workload,
      title,
      unit,
      others: meanwhile,
      measured: this.#measured(
        runs.filter(({ comparison }) => comparison.workload === workload),
        rounds,
      ),
    }));
  }

  async #verify(runs: readonly Run[]): Promise<void> {
    for (const run of runs) {
      const { verify } = run.comparison;
      if (!run.trouble && run.rounds.length === 0)
        run.trouble = { kind: 'not run', reason: 'one round takes longer than all may' };
      if (!run.trouble && verify) run.trouble = await this.attempt(run.entry, verify(run.entry));
    }
  }

  /** What was measured of each contender, and why not of those that did not start. */
  #measured(runs: readonly Run[], rounds: number): Measured[] {
    const measured: Measured[] = runs.map(({ entry, rounds: values, trouble }) => ({
      contender: entry.contender.name,
      rounds: Array.from({ length: rounds }, (_, round) => values[round]),
      ...(trouble && { trouble }),
    }));
    for (const [contender, reason] of this.absent)
      measured.push({ contender, rounds: [], trouble: { kind: 'fails', reason } });
    return measured;
  }

  /** What goes wrong in `work` for one contender, if anything does. */
  async attempt(entry: Entry, work: Promise<unknown>): Promise<Measured['trouble']> {
    try {
      await inTime(this.effort.deadline, work);
      return undefined;
    } catch (error) {
      return this.#troubleOf(error, entry);
    }
  }

  async close(): Promise<void> {
    for (const { conversations } of this.entries) await closeSoon(conversations);
  }

  async #measure(run: Run, round: number, repeat: number): Promise<void> {
    const { measure } = run.comparison;
    const started = performance.now();
    try {
      const value = await inTime(this.effort.deadline, measure(run.entry, round, repeat));
      if (value === undefined) run.trouble = { kind: 'not run', reason: 'it has no such call' };
      else run.values.push(value);
    } catch (error) {
      run.trouble = await this.#troubleOf(error, run.entry);
    }
    run.spent += performance.now() - started;
  }

  /** What went wrong. After a hang the contender is opened anew: its old pool may never answer again. */
  async #troubleOf(error: unknown, entry: Entry): Promise<Measured['trouble']> {
    if (error instanceof WrongAnswer) return { kind: 'wrong', reason: error.message };
    if (isIndispensable(entry.contender)) throw error;
    if (!(error instanceof Hung)) return { kind: 'fails', reason: describe(error) };
    await closeSoon(entry.conversations);
    entry.conversations = await inTime(OPENING, entry.contender.open(entry.url)).catch(unusable);
    return { kind: 'hung', reason: error.message };
  }
}

/** Every ratio is one of these two: they take part in each round, and what fails in them ends the run. */
function isIndispensable({ rank }: Contender): boolean {
  return rank === 'ours' || rank === 'by-hand';
}

/** In an order of chance (Fisher and Yates). */
function shuffled<T>(values: readonly T[]): T[] {
  const all = [...values];
  for (let last = all.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [all[last], all[other]] = [all[other] as T, all[last] as T];
  }
  return all;
}

async function inTime<T>(deadline: number, work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = wait(deadline, undefined, { signal: timer.signal }).then(
    () => {
      throw new Hung(`no answer within ${deadline / 1000} s`);
    },
    () => new Promise<never>(() => {}),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
    work.catch(() => undefined); // of one that hung and fails later, nothing is to be heard
  }
}

/** Stands for a contender that could not be opened again: every call fails, and says why. */
function unusable(reason: unknown): Conversations {
  const fail = () => Promise.reject(reason);
  return { append: fail, newest: fail, close: async () => undefined };
}

/** Ends what can be ended; a pool that hangs is left to the end of the process. */
async function closeSoon(conversations: Conversations): Promise<void> {
  await Promise.race([conversations.close(), wait(2000)]);
}

function describe(error: unknown): string {
  return String(error instanceof Error ? error.message || error.name : error).split('\n')[0] ?? '';
}
