import { markdownTable } from 'markdown-table';
import type { EngineResult, Measured, Unit, WorkloadResult } from './results.ts';
import { type Spread, spread } from './statistics.ts';

/** What the rounds of a contender come to. */
export interface Summary {
  readonly spread: Spread | undefined;
  /** The median of its rounds, each divided by the same round of the line to beat. */
  readonly ratio: Spread | undefined;
}

export function summarize(measured: Measured, byHand: Measured | undefined): Summary {
  const values = measured.rounds.filter((value) => value !== undefined && value !== null) as number[];
  const ratios = measured.rounds.flatMap((value, round) => {
    const line = byHand?.rounds[round];
    return typeof value === 'number' && typeof line === 'number' ? [value / line] : [];
  });
  return {
    spread: values.length > 0 ? spread(values) : undefined,
    ratio: ratios.length > 0 ? spread(ratios) : undefined,
  };
}

const figure = (value: number) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value < 0.1 ? 3 : 2);

function cell(measured: Measured | undefined, byHand: Measured | undefined, unit: Unit): string {
  if (!measured) return '';
  const { spread: values, ratio } = summarize(measured, byHand);
  const { trouble } = measured;
  if (!values) return trouble?.kind === 'not run' ? '–' : `**${trouble?.kind}**`;
  const times = ratio && measured !== byHand ? `, ${figure(ratio.median)}×` : '';
  const text = `${figure(values.median)} ${unit === 'ms' ? 'ms' : '/s'} (${figure(values.lower)}–${figure(values.upper)})${times}`;
  return trouble ? `**${trouble.kind}** ~~${text}~~` : text;
}

/** One table: a row for each workload, a column for each contender. */
export function resultTable({
  contenders,
  workloads,
}: Pick<EngineResult, 'contenders' | 'workloads'>): string {
  const byHandName = contenders.find(({ rank }) => rank === 'by-hand')?.name;
  const row = ({ title, unit, measured }: WorkloadResult) => {
    const of = (name: string | undefined) => measured.find(({ contender }) => contender === name);
    return [title, ...contenders.map(({ name }) => cell(of(name), of(byHandName), unit))];
  };
  return markdownTable([['', ...contenders.map(({ name }) => name)], ...workloads.map(row)]);
}
