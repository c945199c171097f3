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
      const { color } = getComputedStyle(current);
      const grid = { stroke: `color-mix(in srgb, ${color} 15%, transparent)` };
      const axis = { stroke: color, grid, ticks: grid };
      chart = new uPlot(
        {
          width: current.clientWidth,
          height: HEIGHT,
          tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
          legend: { show: false },
          cursor: { show: false },
          axes: [axis, { ...axis, size: 70 }],
          scales: { y: { range: (_chart, _least, most) => [0, Math.max(most, 1)] } },
          series: [
            {},
            ...series.map(({ name }, at) => ({
              label: name,
              stroke: COLOURS[at % COLOURS.length] ?? color,
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
