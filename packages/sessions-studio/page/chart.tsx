import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

interface ChartProps {
  /** What it shows, for those who do not see it. The numbers stand in a table besides. */
  readonly label: string;
  /** Days of UTC. */
  readonly days: readonly string[];
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

/** Colours that can be told from each other on both grounds. */
const COLOURS = ['#3b7ddd', '#c2571a', '#2f9461', '#a04fc4', '#b8860b', '#d0436f'];
const HEIGHT = 220;
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
const COUNT = new Intl.NumberFormat(undefined, { notation: 'compact' });
/** What the lines of an axis can be apart: whole numbers, as all is counted. */
const STEPS = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

/** Numbers by day, as lines. */
export function Chart({ label, days, series }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const text = JSON.stringify([days, series]);
  useEffect(() => {
    const { current } = place;
    if (!current) return undefined;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    let chart: uPlot | undefined;
    const draw = () => {
      chart?.destroy();
      const { color, fontFamily } = getComputedStyle(current);
      const grid = { stroke: `color-mix(in srgb, ${color} 12%, transparent)`, width: 1 };
      const axis = { stroke: color, grid, ticks: grid, font: `12px ${fontFamily}` };
      chart = new uPlot(
        {
          width: current.clientWidth,
          height: HEIGHT,
          tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
          legend: { show: false },
          cursor: { show: false },
          axes: [
            { ...axis, space: 70, values: (_chart, times) => times.map((time) => DAY.format(time * 1000)) },
            {
              ...axis,
              size: 55,
              incrs: STEPS,
              values: (_chart, counts) => counts.map((count) => COUNT.format(count)),
            },
          ],
          scales: { y: { range: (_chart, _least, most) => [0, Math.max(most, 1)] } },
          series: [
            {},
            ...series.map(({ name }, at) => ({
              label: name,
              stroke: COLOURS[at % COLOURS.length] ?? color,
              fill: `color-mix(in srgb, ${COLOURS[at % COLOURS.length]} 10%, transparent)`,
              width: 2,
              points: { show: days.length < 60 },
            })),
          ],
        },
        [
          days.map((day) => Date.parse(day) / 1000),
          ...series.map(({ values }) => [...values]),
        ] as uPlot.AlignedData,
        current,
      );
    };
    draw();
    const resized = new ResizeObserver(() => chart?.setSize({ width: current.clientWidth, height: HEIGHT }));
    resized.observe(current);
    dark.addEventListener('change', draw);
    return () => {
      resized.disconnect();
      dark.removeEventListener('change', draw);
      chart?.destroy();
    };
  }, [text]);
  return <div class="chart" role="img" aria-label={label} ref={place} />;
}

/** What a series is drawn in, as a mark beside its name. */
export function colourClass(at: number): string {
  return `colour colour-${at % COLOURS.length}`;
}
