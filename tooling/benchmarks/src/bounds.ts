import type { EngineName } from './engines/engine.ts';
import type { EngineResult } from './results.ts';
import { summarize } from './summary.ts';

/** How much a call of ours may take at most, as a part of the same by hand. */
interface Bound {
  readonly engine: EngineName;
  readonly workload: string;
  readonly atMost: number;
}

/** On a server 2 ms away: what takes fewer round trips is worth it there. */
const BOUNDS: readonly Bound[] = [
  { engine: 'postgres', workload: 'replace-suffix-delayed', atMost: 0.4 },
  { engine: 'postgres', workload: 'compaction-delayed', atMost: 0.4 },
  { engine: 'mysql', workload: 'append-delayed', atMost: 0.45 },
  { engine: 'mariadb', workload: 'append-delayed', atMost: 0.45 },
];

/** What was measured of something that has a bound. */
export interface BoundResult {
  readonly title: string;
  readonly atMost: number;
  /** The median of the rounds, each divided by the same round by hand. */
  readonly measured: number;
  readonly holds: boolean;
}

/** The bounds of an engine of which something was measured. */
export function boundsOf({ engine, contenders, workloads }: EngineResult): BoundResult[] {
  const nameOf = (wanted: string) => contenders.find(({ rank }) => rank === wanted)?.name ?? '';
  return BOUNDS.filter((bound) => bound.engine === engine).flatMap(({ workload, atMost }) => {
    const result = workloads.find((found) => found.workload === workload);
    const measured = result && summarize(result, nameOf('ours'), nameOf('by-hand'))?.ratio?.median;
    return measured === undefined
      ? []
      : [{ title: result?.title ?? workload, atMost, measured, holds: measured <= atMost }];
  });
}
