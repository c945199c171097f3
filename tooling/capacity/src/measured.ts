import { readFileSync } from 'node:fs';
import type { EngineName } from './engines.ts';

/** How fast an engine was on the machine of the benchmarks. */
export interface Speed {
  /** A turn that is alone, in ms. */
  readonly append: number;
  /** The newest 20 items, in ms. */
  readonly newest: number;
  /** Turns a second of 64 callers. */
  readonly turnsPerSecond: number;
}

interface Results {
  readonly engines: readonly {
    readonly engine: string;
    readonly workloads: readonly {
      readonly workload: string;
      readonly measured: readonly {
        readonly contender: string;
        readonly rounds: readonly (number | null)[];
      }[];
    }[];
  }[];
}

const RESULTS = new URL('../../../docs/benchmarks/results.json', import.meta.url);

/**
 * From the published results of the benchmarks.
 *
 * @throws Error if they lack a workload: run `npm run bench`.
 */
export function measuredSpeed(engine: EngineName): Speed {
  const { engines } = JSON.parse(readFileSync(RESULTS, 'utf8')) as Results;
  const workloads = engines.find((one) => one.engine === engine)?.workloads ?? [];
  const median = (name: string) => {
    const { measured = [] } = workloads.find(({ workload }) => workload === name) ?? {};
    const rounds = measured.find(({ contender }) => contender === 'ours')?.rounds ?? [];
    const sorted = rounds.filter((round) => round !== null).toSorted((one, other) => one - other);
    const middle = sorted[Math.floor(sorted.length / 2)];
    if (middle === undefined)
      throw new Error(`docs/benchmarks/results.json has no ${name} of ${engine}: npm run bench makes it`);
    return middle;
  };
  return {
    append: median('append-alone'),
    newest: median('newest-20-of-10000'),
    turnsPerSecond: median('append-64'),
  };
}
