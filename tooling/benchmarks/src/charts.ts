import { figure } from './figure.ts';
import type { EngineResult, Report } from './results.ts';
import { summarize } from './summary.ts';

/** A picture of one workload on every engine. */
export interface Chart {
  /** The same in every run. */
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

const CHARTS = [
  { workload: 'append-64', file: 'callers.svg', title: 'Turns per second, 64 callers (more is better)' },
  { workload: 'append-alone', file: 'append.svg', title: 'A turn of 4 items, alone, in ms (less is better)' },
  {
    workload: 'newest-20-of-10000',
    file: 'newest.svg',
    title: 'The newest 20 of 10,000 items, in ms (less is better)',
  },
];

/** The charts for which something was measured. */
export function charts({ engines }: Report): Chart[] {
  return CHARTS.flatMap(({ workload, file, title }) => {
    const groups = engines.flatMap((engine) => group(engine, workload));
    return groups.length > 0 ? [{ file, title, svg: barChart(title, groups) }] : [];
  });
}

interface Bar {
  readonly label: string;
  readonly value: number;
  readonly colour: string;
  /** What stands after the figure, like `wrong`. */
  readonly mark: string;
}

interface Group {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** That of SQL by hand, for the scale. */
  readonly byHand: number;
}

const COLOURS = { ours: '#0b7285', 'by-hand': '#868e96', peer: '#e8a33d', unranked: '#dcc9a6' };

function group({ title, contenders, workloads }: EngineResult, wanted: string): Group[] {
  const found = workloads.find(({ workload }) => workload === wanted);
  if (!found) return [];
  const bars = contenders.flatMap(({ name, rank }) => {
    const trouble = found.measured.find(({ contender }) => contender === name)?.trouble;
    const summary = summarize(found, name, '');
    if (!summary && trouble?.kind === 'not run') return [];
    const mark = [trouble?.kind ?? '', rank === 'unranked' ? 'without rank' : ''].filter(Boolean).join(', ');
    return [{ label: name, value: summary?.spread.median ?? 0, colour: COLOURS[rank], mark }];
  });
  const byHand = bars.find(({ colour }) => colour === COLOURS['by-hand'])?.value ?? 0;
  return [{ title, bars, byHand }];
}

const WIDTH = 760;
const LABELS = 110;
const BAR = 18;
const ROW = 24;
const HEAD = 34;
/** Room for the figure and its mark, to the right of the longest bar. */
const FIGURES = 190;
/** What is so many times as much as SQL by hand gets a broken bar: the others could not be told apart beside it. */
const BROKEN = 6;

/** Horizontal bars, on one scale for each engine. The colours stand on white, whatever the page has behind them. */
function barChart(title: string, groups: readonly Group[]): string {
  const body: string[] = [];
  let y = HEAD + 8;
  for (const { title: engine, bars, byHand } of groups) {
    body.push(text(12, y + 14, engine, 'font-weight="600"'));
    y += ROW;
    const limit = byHand > 0 ? BROKEN * byHand : Number.POSITIVE_INFINITY;
    const longest = Math.min(limit, Math.max(...bars.map(({ value }) => value)));
    for (const { label, value, colour, mark } of bars) {
      const share = longest > 0 ? Math.min(1, value / longest) : 0;
      const width = Math.max(1, Math.round(share * (WIDTH - LABELS - FIGURES)));
      body.push(text(LABELS - 8, y + 13, label, 'text-anchor="end"'));
      body.push(`<rect x="${LABELS}" y="${y}" width="${width}" height="${BAR}" rx="2" fill="${colour}"/>`);
      if (value > longest) body.push(gap(LABELS + width - 40, y));
      const figures = [value > 0 ? figure(value) : '', mark].filter(Boolean).join('  ');
      body.push(text(LABELS + width + 6, y + 13, figures, mark ? 'fill="#c92a2a"' : ''));
      y += ROW;
    }
    y += 8;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y + 4}" viewBox="0 0 ${WIDTH} ${y + 4}" role="img"`,
    ` aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="12" fill="#212529">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    text(12, 24, title, 'font-size="15" font-weight="600"'),
    ...body,
    '</svg>\n',
  ].join('\n');
}

/** Where a bar is broken. */
const gap = (x: number, y: number) =>
  `<path d="M${x} ${y + BAR + 1} l8 -${BAR + 2} h8 l-8 ${BAR + 2} z" fill="#ffffff"/>`;

const text = (x: number, y: number, content: string, attributes: string) =>
  `<text x="${x}" y="${y}" ${attributes}>${escaped(content)}</text>`;

const escaped = (content: string) =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
