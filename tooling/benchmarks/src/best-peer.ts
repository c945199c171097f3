import type { Rank } from './contender.ts';
import type { EngineResult, WorkloadResult } from './results.ts';
import { summarize } from './summary.ts';

/** The best of the other libraries in one thing. */
export interface BestPeer {
  readonly name: string;
  /** The median of the rounds of ours, each divided by the same round of that library. */
  readonly ratio: number;
}

/** Whether more is better. */
export const isRate = ({ unit }: Pick<WorkloadResult, 'unit'>) => unit === 'turns/s';

/** @returns `undefined` if no library of that rank was right, or ours was not measured. */
export function bestPeer(
  workload: WorkloadResult,
  contenders: EngineResult['contenders'],
): BestPeer | undefined {
  const right = (rank: Rank) =>
    contenders.filter(
      ({ name, rank: its }) =>
        its === rank && workload.measured.some(({ contender, trouble }) => contender === name && !trouble),
    );
  const [ours] = right('ours');
  const direction = isRate(workload) ? -1 : 1;
  const [best] = right('peer')
    .flatMap(({ name }) => {
      const median = summarize(workload, name, name)?.spread.median;
      return median === undefined ? [] : [{ name, median }];
    })
    .toSorted((one, other) => direction * (one.median - other.median));
  const ratio = ours && best && summarize(workload, ours.name, best.name)?.ratio?.median;
  return best && ratio !== undefined ? { name: best.name, ratio } : undefined;
}
