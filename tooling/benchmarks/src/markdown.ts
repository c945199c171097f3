import { markdownTable } from 'markdown-table';
import { bestPeer } from './best-peer.ts';
import { boundsOf } from './bounds.ts';
import { conclusion, loadingConclusion } from './conclusion.ts';
import { figure } from './figure.ts';
import type { OtherWork } from './other-work.ts';
import type { EngineResult, Report, WorkloadResult } from './results.ts';
import { type Summary, summarize } from './summary.ts';

/** The whole report, as a page. */
export function markdownReport(report: Report, charts: readonly { file: string; title: string }[]): string {
  const { machine, effort, engines } = report;
  const lines = [
    '# Benchmark results',
    `Measured on ${Object.values(machine).join(', ')}. Medians of ${effort.rounds} interleaved rounds, ` +
      'quartiles in brackets. `×`: the median of the rounds, each divided by the same round of SQL by hand. Under "best peer" stands ' +
      'the best of the other libraries, without those that are wrong or have no rank, and `×` is ours divided by it. Client and ' +
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
      quietness(engine.workloads.map(({ others }) => others)),
    ].join(' '),
    ...tables(engine),
    ...bounds(engine),
    engine.contenders
      .map(({ name, version, rank, note }) => {
        const rest = [rank === 'unranked' ? 'without rank' : '', note ?? ''].filter(Boolean).join('; ');
        return `- ${name}: ${version}${rest ? ` (${rest})` : ''}`;
      })
      .join('\n'),
    ...troubles(engine),
  ];
}

/** What belongs together, by the names of the workloads; the rest is the first table. */
const FURTHER_TABLES = [
  { heading: '2 ms away', has: /-delayed$/ },
  { heading: 'cold start', has: /^cold-start/ },
  { heading: 'event loop', has: /^event-loop/ },
];

/** The tables of an engine, each with a sentence that says what it shows. */
function tables({ title, contenders, workloads }: EngineResult): string[] {
  const rest = workloads.filter(({ workload }) => !FURTHER_TABLES.some(({ has }) => has.test(workload)));
  const parts = FURTHER_TABLES.map(({ heading, has }) => ({
    heading: [`### ${title}: ${heading}`],
    lines: workloads.filter(({ workload }) => has.test(workload)),
  }));
  return [{ heading: [], lines: rest }, ...parts].flatMap(({ heading, lines }) =>
    lines.length === 0
      ? []
      : [...heading, table(lines, contenders), ...[conclusion(lines, contenders)].filter(Boolean)],
  );
}

function table(workloads: readonly WorkloadResult[], contenders: EngineResult['contenders']): string {
  const byHand = contenders.find(({ rank }) => rank === 'by-hand')?.name ?? '';
  const columns = contenders.filter(({ name }) =>
    workloads.some(({ measured }) => measured.some(({ contender }) => contender === name)),
  );
  const withBest = columns.some(({ rank }) => rank === 'peer');
  return markdownTable([
    ['', ...columns.map(({ name }) => name), ...(withBest ? ['best peer'] : [])],
    ...workloads.map((workload) => [
      workload.title + (workload.others?.busy ? ' **(busy machine)**' : ''),
      ...columns.map(({ name }) => cell(workload, name, byHand)),
      ...(withBest ? [bestCell(workload, contenders)] : []),
    ]),
  ]);
}

function bestCell(workload: WorkloadResult, contenders: EngineResult['contenders']): string {
  const best = bestPeer(workload, contenders);
  return best ? `${best.name}, **${figure(best.ratio)}×**` : '–';
}

function cell(workload: WorkloadResult, name: string, byHand: string): string {
  const { trouble, roundTrips } = workload.measured.find(({ contender }) => contender === name) ?? {};
  const summary = summarize(workload, name, byHand);
  if (!summary) return trouble?.kind === 'not run' || !trouble ? '–' : `**${trouble.kind}**`;
  const trips =
    roundTrips === undefined ? '' : `, ${roundTrips} round ${roundTrips === 1 ? 'trip' : 'trips'}`;
  const text = figures(workload, summary, name !== byHand) + trips;
  return trouble ? `**${trouble.kind}** (${text})` : text;
}

function figures({ unit }: WorkloadResult, { spread, ratio }: Summary, compared: boolean): string {
  const { median, lower, upper } = spread;
  if (unit === 'connections') return String(median);
  if (unit === 'MB') return `${median.toFixed(1)} MB`;
  const times = compared && ratio ? `, **${figure(ratio.median)}×**` : '';
  return `${figure(median)} ${unit} (${figure(lower)}–${figure(upper)})${times}`;
}

/** What ours may take at most, and whether it does. */
function bounds(engine: EngineResult): string[] {
  const lines = boundsOf(engine).map(({ title, atMost, measured, holds }) => {
    const verdict = holds ? 'holds' : '**does not hold**';
    return `- The bound ${verdict}: ${title}, ${figure(measured)}× of what is written by hand; at most ${atMost}×.`;
  });
  return lines.length > 0 ? [lines.join('\n')] : [];
}

/** Whether the machine had other work. */
function quietness(all: readonly (OtherWork | undefined)[]): string {
  const known = all.filter((work) => work !== undefined);
  if (known.length < all.length) return 'Whether other programs kept the machine busy was not measured.';
  const most = Math.max(0, ...known.map(({ cores }) => cores)).toFixed(2);
  return known.some(({ busy }) => busy)
    ? `**Busy machine**: other programs took up to ${most} of a core meanwhile, so the figures cannot be compared with others.`
    : `Other programs took at most ${most} of a core meanwhile.`;
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
    `How long a package takes to load in a fresh process, beyond what Node takes alone. Drivers are loaded by the first call. ${quietness(imports.map(({ others }) => others))}`,
    markdownTable([
      ['package', 'ms'],
      ...imports.map(({ package: name, overNode: { median, lower, upper } }) => [
        name,
        `${median.toFixed(0)} (${lower.toFixed(0)}–${upper.toFixed(0)})`,
      ]),
    ]),
    ...[loadingConclusion(imports)].filter(Boolean),
  ];
}
