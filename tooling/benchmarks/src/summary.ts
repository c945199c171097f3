import type { Measured, WorkloadResult } from './results.ts';
import { type Spread, spread } from './statistics.ts';

/** What the rounds of a contender come to. */
export interface Summary {
  readonly spread: Spread;
  /** Its rounds, each divided by the same round of the line to beat: what slowed both down cancels out. */
  readonly ratio: Spread | undefined;
}

/** @returns `undefined` if no round was measured. */
export function summarize({ measured }: WorkloadResult, name: string, byHand: string): Summary | undefined {
  const rounds = roundsOf(measured, name);
  const line = roundsOf(measured, byHand);
  const values = rounds.filter(isNumber);
  if (values.length === 0) return undefined;
  const ratios = rounds.flatMap((value, round) => {
    const other = line[round];
    return isNumber(value) && isNumber(other) ? [value / other] : [];
  });
  return { spread: spread(values), ratio: ratios.length > 0 ? spread(ratios) : undefined };
}

function roundsOf(measured: readonly Measured[], name: string): Measured['rounds'] {
  return measured.find(({ contender }) => contender === name)?.rounds ?? [];
}

/** In a file of JSON what is absent is `null`. */
function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number';
}
