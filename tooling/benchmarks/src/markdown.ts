import { markdownTable } from 'markdown-table';
import type { EngineResult, Report, WorkloadResult } from './results.ts';
import { type Summary, summarize } from './summary.ts';

/** The whole report, as a page. */
export function markdownReport(report: Report, charts: readonly { file: string; title: string }[]): string {
  const { machine, effort, engines } = report;
  const lines = [
    '# Benchmark results',
    `Measured on ${Object.values(machine).join(', ')}. Medians of ${effort.rounds} interleaved rounds, ` +
      'quartiles in brackets. `×`: the median of the rounds, each divided by the same round of SQL by hand. Client and ' +
      'server share the machine. How it is measured, and how to repeat it: [benchmarks](../benchmarks.md).',
    ...charts.map(({ file, title }) => `![${title}](${file})`),
    ...engines.flatMap(engineSection),
    ...importSection(report),
  ];
  return `${lines.join('\n\n')}\n`;
}

/** The tables of one engine, with what has to be known to read them. */
export function engineSection(engine: EngineResult): string[] {
  const settings = Object.entries(engine.settings).map(([name, value]) => `\`${name} = ${value}\``);
  return [
    `## ${engine.title}`,
    [
      `Measured on ${engine.date.slice(0, 10)}, ${engine.date.slice(11, 16)} UTC.`,
      settings.length > 0 ? `Settings, as the engine tells them: ${settings.join(', ')}.` : '',
    ].join(' '),
    table(engine),
    engine.contenders
      .map(({ name, version, rank, note }) => {
        const rest = [rank === 'unranked' ? 'without rank' : '', note ?? ''].filter(Boolean).join('; ');
        return `- ${name}: ${version}${rest ? ` (${rest})` : ''}`;
      })
      .join('\n'),
    ...troubles(engine),
  ];
}

function table({ contenders, workloads }: EngineResult): string {
  const byHand = contenders.find(({ rank }) => rank === 'by-hand')?.name ?? '';
  return markdownTable([
    ['', ...contenders.map(({ name }) => name)],
    ...workloads.map((workload) => [
      workload.title,
      ...contenders.map(({ name }) => cell(workload, name, byHand)),
    ]),
  ]);
}

function cell(workload: WorkloadResult, name: string, byHand: string): string {
  const trouble = workload.measured.find(({ contender }) => contender === name)?.trouble;
  const summary = summarize(workload, name, byHand);
  if (!summary) return trouble?.kind === 'not run' || !trouble ? '–' : `**${trouble.kind}**`;
  const text = figures(workload, summary, name !== byHand);
  return trouble ? `**${trouble.kind}** (${text})` : text;
}

function figures({ unit }: WorkloadResult, { spread, ratio }: Summary, compared: boolean): string {
  const { median, lower, upper } = spread;
  if (unit === 'round trips' || unit === 'connections') return String(median);
  if (unit === 'MB') return `${median.toFixed(1)} MB`;
  const times = compared && ratio ? `, **${figure(ratio.median)}×**` : '';
  return `${figure(median)} ${unit} (${figure(lower)}–${figure(upper)})${times}`;
}

/** Three digits that count. */
export function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toPrecision(3);
}

/** Why figures are marked or missing, each reason once. */
function troubles({ contenders, workloads }: EngineResult): string[] {
  const lines = contenders.flatMap(({ name }) => {
    const reasons = new Map<string, string[]>();
    for (const { title, measured } of workloads) {
      const trouble = measured.find(({ contender }) => contender === name)?.trouble;
      if (!trouble) continue;
      const reason = `**${trouble.kind}**, ${trouble.reason}`;
      reasons.set(reason, [...(reasons.get(reason) ?? []), title]);
    }
    return [...reasons].map(([reason, titles]) => `- ${name}: ${reason} (${titles.join('; ')})`);
  });
  return lines.length > 0 ? [lines.join('\n')] : [];
}

function importSection({ imports }: Report): string[] {
  if (imports.length === 0) return [];
  return [
    '## Loading',
    'How long a package takes to load in a fresh process, beyond what Node takes alone. Drivers are loaded by the first call.',
    markdownTable([
      ['package', 'ms'],
      ...imports.map(({ package: name, overNode: { median, lower, upper } }) => [
        name,
        `${median.toFixed(0)} (${lower.toFixed(0)}–${upper.toFixed(0)})`,
      ]),
    ]),
  ];
}
