import type { Rank } from './contender.ts';
import type { Effort } from './effort.ts';
import type { EngineName } from './engines/engine.ts';
import type { ImportResult } from './imports.ts';
import type { OtherWork } from './other-work.ts';

/** `ms`: the time of one operation. `turns/s`: of all callers together. `MB`: of heap. `connections`: a count. */
export type Unit = 'ms' | 'turns/s' | 'MB' | 'connections';

/** How a contender fared in one workload. */
export interface Measured {
  readonly contender: string;
  /** What each round measured; absent where it did not take part in one. */
  readonly rounds: readonly (number | undefined)[];
  /** How often it waited for the server, where that was counted: the median of its calls. */
  readonly roundTrips?: number;
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
  /** What else the machine did meanwhile; absent where that cannot be known. */
  readonly others?: OtherWork | undefined;
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
