import type { Sample } from './measure.ts';
import { CALLERS, MOST_CONNECTIONS } from './words.ts';

/** A sample of a process, and what its server says. */
export interface Measured extends Sample {
  /** Connections that the server has from it. */
  readonly connections: number;
}

/** How one thing was in the run. */
export interface Row {
  readonly name: string;
  /** The first sample, the median of each quarter, the last sample. */
  readonly values: readonly number[];
  /** How much it may grow, or how much there may be. */
  readonly bound: string;
  readonly isFlat: boolean;
  readonly isMemory: boolean;
}

export const MB = 1024 * 1024;
/** Samples without which there is no verdict: two in each quarter. */
export const LEAST_SAMPLES = 8;

/** How much of the first quarters, and how many bytes: what grows by less than either is flat. */
const MEMORY = {
  // compiled code, inline caches and the table of the strings go on to grow a little, for hours, and garbage collection ends nowhere at 0
  heap: { part: 0.1, least: 5 * MB },
  external: { part: 0.1, least: 5 * MB },
  // what the allocator and V8 keep for later moves by tens of megabytes with no leak: this only finds what the two above cannot see
  rss: { part: 0.2, least: 64 * MB },
} as const;

/**
 * Whether what was measured is flat: the median of the last quarter is not over that of the second one by more than a bound. The first
 * quarter is left out, as modules, compiled code and pools come to be in it; medians leave out single samples that something disturbed.
 * What leaks does so with each call or each fault, thus without end: the longer the run, the less of it is enough to be found. The
 * bounds do not depend on the speed of the machine. What is counted may not grow at all, but for what a pool keeps.
 *
 * @throws Error if there are too few samples.
 */
export function verdict(samples: readonly Measured[]): Row[] {
  if (samples.length < LEAST_SAMPLES) {
    throw new Error(
      `There are ${samples.length} samples: a verdict needs ${LEAST_SAMPLES}. Let it run longer.`,
    );
  }
  const row = (name: string, of: (sample: Measured) => number) => {
    const all = samples.map(of);
    const quarters = [0, 1, 2, 3].map((nth) => median(quarter(all, nth)));
    const values = [all[0] ?? 0, ...quarters, all.at(-1) ?? 0];
    return { name, values, second: quarters[1] ?? 0, last: quarters[3] ?? 0 };
  };
  const memory = (['heap', 'external', 'rss'] as const).map((name) => {
    const { part, least } = MEMORY[name];
    const { second, last, values } = row(name, (sample) => sample[name]);
    const bound = `+${part * 100} % or ${least / MB} MB`;
    return { name, values, bound, isFlat: last - second <= Math.max(part * second, least), isMemory: true };
  });
  const growing = (name: string, of: (sample: Measured) => number, by = 0) => {
    const { second, last, values } = row(name, of);
    return { name, values, bound: `+${by}`, isFlat: last - second <= by, isMemory: false };
  };
  const atMost = (name: string, of: (sample: Measured) => number) => {
    const { last, values } = row(name, of);
    return { name, values, bound: `${MOST_CONNECTIONS}`, isFlat: last <= MOST_CONNECTIONS, isMemory: false };
  };
  const kinds = [...new Set(samples.flatMap(({ resources }) => Object.keys(resources)))].sort();
  return [
    ...memory,
    // SQLite keeps the descriptor of a closed connection while another one has a lock, and uses it for the next: there are as many as
    // were open at the same time
    growing('files', ({ files }) => files, CALLERS),
    atMost('sockets', ({ sockets }) => sockets),
    atMost('connections', ({ connections }) => connections),
    growing('listeners', ({ listeners }) => listeners),
    // connections, and the timers that end idle ones, come and go with the pools
    ...kinds.map((kind) => growing(kind, ({ resources }) => resources[kind] ?? 0, MOST_CONNECTIONS)),
  ];
}

const quarter = (values: readonly number[], nth: number) =>
  values.slice(Math.round((values.length * nth) / 4), Math.round((values.length * (nth + 1)) / 4));

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
