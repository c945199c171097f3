import { checkOptions, isWholeNumber } from '@stackone/sessions-core/backend';
import { measureStore } from './measure-store.js';
import { type OpenStoreOptions, openSessionStore } from './open-store.js';

/** How much {@link bench} measures, besides the options of the store. */
export interface BenchOptions {
  /** How many calls are measured of what one caller does, and how many turns each of many callers appends. Default 20. */
  rounds?: number | undefined;
  /** How many callers append at the same time, each to a conversation of its own. Default 64. */
  callers?: number | undefined;
  /** How many items the conversation has whose newest 20 are read. Default 1000. */
  items?: number | undefined;
  /** The options of the store that is measured. */
  store?: OpenStoreOptions | undefined;
  /** Ends the measuring after the calls under way; the conversations are removed, and the call fails with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** What one operation cost. */
export interface BenchOperation {
  /** What was done, such as `append a turn`. */
  readonly name: string;
  /** How many calls were measured. */
  readonly calls: number;
  /** The time of a call, in ms: median and quartiles. */
  readonly ms: { readonly lower: number; readonly median: number; readonly upper: number };
  /** Calls a second, of all callers together. */
  readonly perSecond: number;
  /** Absent if everything that was read was what had been written. */
  readonly problem?: string;
}

/** What {@link bench} found. It can be written as JSON. */
export interface BenchReport {
  /** The scheme of the URL, as far as it may be shown. */
  readonly scheme: string;
  /** The version of Node. */
  readonly node: string;
  /** ISO 8601. */
  readonly date: string;
  /** In the order in which they were measured. */
  readonly operations: readonly BenchOperation[];
}

const OPTION_CHECKS = {
  rounds: isWholeNumber(1),
  callers: isWholeNumber(1),
  items: isWholeNumber(1),
  store: () => undefined,
  signal: (value: unknown) => (value instanceof AbortSignal ? undefined : 'an AbortSignal'),
};

/**
 * Measures what a store costs on a database of yours: turns of one caller and of many at the same time, reading the
 * newest items, and popping. What is read is compared with what was written. It works on conversations of its own, with
 * random ids, and removes them at the end, also after a failure. The tables are made if they are missing and
 * `store.createTables` is not `false`.
 *
 * @param url - Any URL that `openSessionStore` takes.
 * @returns The operations in the order in which they were measured.
 * @throws TypeError for an unknown option; SessionError as `openSessionStore` and the calls of a session do.
 * @example
 * ```ts
 * import { bench, benchTable } from '@stackone/openai-agents-js-sessions/bench';
 * console.log(benchTable(await bench(process.env.DATABASE_URL ?? 'sqlite:./sessions.db')));
 * ```
 */
export async function bench(url: string, options: BenchOptions = {}): Promise<BenchReport> {
  checkOptions('bench', options, OPTION_CHECKS);
  await using store = await openSessionStore(url, options.store);
  return await measureStore(store, url, options);
}

/**
 * The report as a table for a terminal.
 *
 * @returns Lines without one at the end. An operation that read something else than was written is marked WRONG.
 * @example
 * ```ts
 * const report = await bench('sqlite:./bench.db');
 * console.log(benchTable(report));
 * ```
 */
export function benchTable({ operations }: BenchReport): string {
  const rows = operations.map(({ name, ms, perSecond, problem }) => [
    name,
    digits(ms.median),
    `${digits(ms.lower)} - ${digits(ms.upper)}`,
    Math.round(perSecond).toLocaleString('en'),
    problem ? `WRONG: ${problem}` : '',
  ]);
  const table = [['operation', 'median ms', 'quartiles', 'per second', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) =>
          column === 1 || column === 3
            ? cell.padStart(widths[column] ?? 0)
            : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Three digits that count. */
function digits(ms: number): string {
  return ms >= 100 ? String(Math.round(ms)) : ms.toPrecision(3);
}
