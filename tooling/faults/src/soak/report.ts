import type { Soaked } from './soak.ts';
import { LEAST_SAMPLES, MB, type Row, verdict } from './verdict.ts';

/** Whether nothing was wrong, and nothing grew. */
export const isSound = (soaked: Soaked): boolean =>
  soaked.problems.length === 0 &&
  soaked.played !== undefined &&
  soaked.samples.length >= LEAST_SAMPLES &&
  grown(soaked).length === 0;

/** What grew, by name. */
export const grown = ({ samples }: Soaked): string[] =>
  verdict(samples)
    .filter(({ isFlat }) => !isFlat)
    .map(({ name }) => name);

/** What a soak found on one engine, in Markdown. */
export function report(soaked: Soaked): string {
  const { title, minutes, seed, samples, played, problems, faults } = soaked;
  const made = sum(played?.calls);
  const lines = [
    `### ${title}: ${isSound(soaked) ? 'flat' : 'not sound'}`,
    '',
    `${minutes} minutes, seed \`${seed}\`: ${number(made)} calls, ${number(sum(faults))} faults, ${samples.length} samples. ` +
      `${number(played?.acknowledged ?? 0)} turns were acknowledged, ${number(played?.compared ?? 0)} conversations compared with the journal. ` +
      `${number(played?.spans ?? 0)} spans. 99 % of the turns of the event loop were late by at most ${played?.loopDelay ?? '?'} ms.`,
    '',
    ...problems.map((problem) => `- ${problem}`),
    ...(problems.length > 0 ? [''] : []),
    ...measured(samples),
    '',
    ...table(['fault', 'struck'], entries(faults)),
    '',
    ...table(['call', 'made'], entries(played?.calls)),
    '',
    ...table(['error', 'times'], entries(played?.errors)),
  ];
  return lines.join('\n');
}

/** What was measured; a process that ended early was not measured enough. */
function measured(samples: Soaked['samples']): string[] {
  if (samples.length < LEAST_SAMPLES) return [`Too few samples for a verdict: it needs ${LEAST_SAMPLES}.`];
  return table(
    ['measured', 'first', '1st quarter', '2nd', '3rd', '4th', 'last', 'bound', 'verdict'],
    verdict(samples).map((row) => [
      row.isMemory ? `${row.name}, MB` : row.name,
      ...row.values.map((value) => shown(row, value)),
      row.bound,
      row.isFlat ? 'flat' : 'grows',
    ]),
  );
}

const shown = ({ isMemory }: Row, value: number) => (isMemory ? (value / MB).toFixed(1) : String(value));

const sum = (counts: Readonly<Record<string, number>> = {}) =>
  Object.values(counts).reduce((all, count) => all + count, 0);

const number = (value: number) => value.toLocaleString('en');

const entries = (counts: Readonly<Record<string, number>> = {}) =>
  Object.entries(counts)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, count]) => [name, number(count)]);

/** A table whose columns but for the first one are numbers. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)];
}
