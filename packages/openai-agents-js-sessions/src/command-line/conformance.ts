import type { ConformanceReport } from '@stackone/sessions-core/conformance';
import { jsonReport, readableReport } from './conformance-report.js';
import { moduleUnderTest } from './module-under-test.js';
import { urlUnderTest } from './url-under-test.js';

/** What `sessions conformance` is told. */
export interface ConformanceOptions {
  /** The report as JSON. */
  json?: boolean;
  /** How long a case may take, in ms. */
  timeLimit: number;
}

/** Runs one suite, as `checkConformance` does. */
type Check = (timeLimit: number, aborted: () => Promise<never>) => Promise<ConformanceReport>;

/** What is checked. */
export interface UnderTest {
  /** What it was taken for, for the report. */
  readonly kind: string;
  readonly checks: readonly Check[];
  /** Called when all checks are done. */
  close?(): Promise<void>;
}

/**
 * Checks a module or a database.
 *
 * @returns The report, and how many cases failed.
 * @throws UsageError if there is nothing to check.
 */
export async function conformance(
  target: string,
  { json = false, timeLimit }: ConformanceOptions,
): Promise<{ text: string; failed: number }> {
  const isUrl = /^[a-z][a-z\d+.-]+:/i.test(target);
  const aborted = watchProcess();
  const underTest = await (isUrl ? urlUnderTest(target) : moduleUnderTest(target, timeLimit));
  const reports: ConformanceReport[] = [];
  for (const check of underTest.checks) reports.push(await check(timeLimit, aborted));
  await underTest.close?.();
  const name = isUrl ? 'the database' : target;
  const render = json ? jsonReport : readableReport;
  return {
    text: render(name, underTest.kind, reports),
    failed: reports.reduce((sum, one) => sum + one.failed, 0),
  };
}

/** What fails outside of every call (a callback, a forgotten promise) is a failure of the case under way. */
function watchProcess(): () => Promise<never> {
  let reject: (reason: unknown) => void = () => {};
  const tell = (error: unknown) => reject(error);
  process.on('uncaughtException', tell);
  process.on('unhandledRejection', tell);
  return () =>
    new Promise((_resolve, rejectThis) => {
      reject = rejectThis;
    });
}
