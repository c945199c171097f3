import { clientFaults, torture, tortureTable } from '../torture.js';
import { storeOptionsOf } from './bench.js';
import { interruptible } from './interruption.js';
import { oneLine, UsageError } from './usage-error.js';

/** What `sessions torture` is told. */
export interface TortureCommandOptions {
  url?: string;
  rounds: number;
  writers: number;
  callers: number;
  fault?: string;
  seed?: string;
  /** In ms. */
  timeLimit: number;
  /** The options of the store, as JSON. */
  store?: string;
  /** The report as JSON. */
  json?: boolean;
}

/**
 * Tortures the store of a URL, or what a module makes.
 *
 * @throws UsageError if it cannot be opened, or there is no such fault. Never with the URL.
 */
export async function tortureCommand(
  target: string,
  { url, fault = '', seed, timeLimit, store, json = false, ...numbers }: TortureCommandOptions,
): Promise<{ text: string; isSound: boolean }> {
  const faults = clientFaults().filter(({ name }) => name.includes(fault));
  if (faults.length === 0) throw new UsageError(`There is no fault "${fault}".`);
  const options = { ...numbers, faults, url, seed, patience: timeLimit, store: storeOptionsOf(store) };
  const report = await interruptible((signal) =>
    torture(target, { ...options, signal }).catch((error: unknown) => {
      if (error === signal.reason) throw error;
      throw new UsageError(`It could not be tried: ${oneLine(error)}`);
    }),
  );
  const text = json
    ? JSON.stringify(report, undefined, 2)
    : `${tortureTable(report)}\n\nseed ${report.seed}: ${report.isSound ? 'nothing was wrong' : 'something was wrong'}`;
  return { text: `${text}\n`, isSound: report.isSound };
}
