import type { Arena, Entry } from '../arena.ts';
import type { WorkloadResult } from '../results.ts';
import { median } from '../statistics.ts';
import type { Call } from './calls.ts';
import { timed } from './timing.ts';

/** A server that is not near. */
export interface Away {
  /** What is added to the name of a workload. */
  readonly workload: string;
  /** What is added to its title. */
  readonly title: string;
  /** How often a contender has waited for the server so far. */
  readonly roundTrips: (entry: Entry) => number;
}

/** Compares the contenders in one call. Where the server is away, it is counted how often each waits for it, too. */
export async function compareCall(arena: Arena, call: Call, away?: Away): Promise<WorkloadResult> {
  const roundTrips = new Map<string, number[]>();
  const result = await arena.compare({
    workload: call.workload + (away?.workload ?? ''),
    title: call.title + (away?.title ?? ''),
    unit: 'ms',
    repeats: arena.effort.operations,
    async measure(entry, round, repeat) {
      const ready = await call.prepare(entry.conversations, `${round}-${repeat}`);
      if (!ready) return undefined;
      const before = away?.roundTrips(entry) ?? 0;
      const { ms, answer } = await timed(ready.perform);
      if (away) {
        const { name } = entry.contender;
        roundTrips.set(name, [...(roundTrips.get(name) ?? []), away.roundTrips(entry) - before]);
      }
      await ready.check(answer);
      return ms;
    },
  });
  return {
    ...result,
    measured: result.measured.map((measured) => {
      const counted = roundTrips.get(measured.contender);
      return counted ? { ...measured, roundTrips: median(counted) } : measured;
    }),
  };
}
