import { constants } from 'node:os';
import type { SessionStore } from '@stackone/sessions-core';
import { type BenchReport, benchTable } from '../bench.js';
import { measureStore } from '../measure-store.js';
import { type OpenStoreOptions, openSessionStore } from '../open-store.js';
import { oneLine, UsageError } from './usage-error.js';

/** What `sessions bench` is told. */
export interface BenchCommandOptions {
  rounds: number;
  callers: number;
  items: number;
  /** The options of the store, as JSON. */
  store?: string;
  /** The report as JSON. */
  json?: boolean;
}

/** How a program ends. */
interface Ending {
  /** For standard output. */
  readonly text: string;
  /** Instead of it, for standard error. */
  readonly error?: string;
  readonly code: number;
}

const INTERRUPTIONS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Measures the store of a URL.
 *
 * @throws UsageError if it cannot be opened. Never with the URL.
 */
export async function benchCommand(
  url: string,
  { store: storeOptions, json = false, ...options }: BenchCommandOptions,
): Promise<Ending> {
  const store = await opened(url, storeOptions);
  const interruption = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    // the next one ends the program at once
    for (const name of INTERRUPTIONS) process.off(name, onSignal);
    process.stderr.write('Interrupted: the conversations of this run are removed. Once more ends at once.\n');
    interruption.abort(signal);
  };
  for (const name of INTERRUPTIONS) process.on(name, onSignal);
  try {
    const report = await measureStore(store, url, { ...options, signal: interruption.signal });
    const isWrong = report.operations.some(({ problem }) => problem !== undefined);
    return {
      text: json ? `${JSON.stringify(report, undefined, 2)}\n` : readable(report),
      code: isWrong ? 1 : 0,
    };
  } catch (error) {
    const { signal } = interruption;
    if (signal.aborted && error === signal.reason) {
      return { text: '', code: 128 + constants.signals[signal.reason as NodeJS.Signals] };
    }
    return { text: '', error: `The measuring failed: ${oneLine(error)}`, code: 1 };
  } finally {
    await store.close();
  }
}

async function opened(url: string, storeOptions: string | undefined): Promise<SessionStore> {
  const options = storeOptionsOf(storeOptions);
  try {
    return (await openSessionStore(url, options)).on('warning', () => {});
  } catch (error) {
    throw new UsageError(`The database cannot be opened: ${oneLine(error)}`);
  }
}

/**
 * What stands after `--store`.
 *
 * @throws UsageError if it is not a JSON object.
 */
export function storeOptionsOf(json: string | undefined): OpenStoreOptions {
  if (json === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // the parser's own message would quote it
  }
  if (typeof value !== 'object' || value === null) throw new UsageError('--store must be a JSON object.');
  return value;
}

const readable = (report: BenchReport) =>
  `the database: ${report.scheme}, Node ${report.node}\n\n${benchTable(report)}\n`;
