import type { Rank } from './contender.ts';
import type { Effort } from './effort.ts';
import type { EngineName } from './engines/engine.ts';
import type { ImportResult } from './imports.ts';

/** `ms`: the time of one operation. `turns/s`: of all callers together. `MB`: of heap. The others are counts. */
export type Unit = 'ms' | 'turns/s' | 'MB' | 'round trips' | 'connections';

/** How a contender fared in one workload. */
export interface Measured {
  readonly contender: string;
  /** What each round measured; absent where it did not take part in one. */
  readonly rounds: readonly (number | undefined)[];
  /** Absent if all is well; else `wrong`, `hung`, `fails` or `not run`, and why. */
  readonly trouble?: { readonly kind: 'wrong' | 'hung' | 'fails' | 'not run'; readonly reason: string };
}

/** What one workload measured on one engine. */
export interface WorkloadResult {
  readonly workload: string;
  /** For people, with its parameters. */
  readonly title: string;
  readonly unit: Unit;
  readonly measured: readonly Measured[];
}

/** What an engine's process hands over. */
export interface EngineResult {
  readonly engine: EngineName;
  readonly title: string;
  /** ISO 8601. */
  readonly date: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly contenders: readonly {
    readonly name: string;
    readonly rank: Rank;
    readonly version: string;
    readonly note?: string;
  }[];
  readonly workloads: readonly WorkloadResult[];
}

/** All that a run of the benchmark measured. */
export interface Report {
  readonly machine: Readonly<Record<string, string>>;
  readonly effort: Effort;
  readonly engines: readonly EngineResult[];
  readonly imports: readonly ImportResult[];
}
