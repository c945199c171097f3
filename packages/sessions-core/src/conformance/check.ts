import type { Awaitable } from '../port/awaitable.js';
import { withTimeLimit } from '../port/time-limit.js';
import { type Case, lacking, runCase, type Suite } from './harness.js';

/** What became of one case. */
export interface CaseReport {
  /** What the case asks for, in words. */
  readonly name: string;
  /** `not covered`: the subject does not offer what the case needs. */
  readonly outcome: 'passed' | 'failed' | 'not covered';
  /** What it threw (`failed`). */
  readonly error?: unknown;
  /** What the subject does not offer (`not covered`). */
  readonly needs?: readonly string[];
}

/** What became of the cases of one contract. */
export interface ContractReport {
  /** The method or the promise that its cases are about. */
  readonly name: string;
  /** In the order in which they ran. */
  readonly cases: readonly CaseReport[];
}

/** What became of a suite. */
export interface ConformanceReport {
  /** The name of the suite. */
  readonly name: string;
  readonly contracts: readonly ContractReport[];
  /** How many cases passed. */
  readonly passed: number;
  /** How many cases failed. */
  readonly failed: number;
  /** How many cases could not be asked. */
  readonly notCovered: number;
}

/**
 * Runs a suite without a test runner, one case after the other.
 *
 * @param timeLimit - How long a case may take, in ms. One that takes longer has failed; the next one begins.
 * @param aborted - Rejects when something fails that belongs to no call, such as an exception in a callback; the case
 * under way has failed then. Asked anew for each case.
 * @example
 * ```ts
 * const suite = sessionSuite({ name: 'MySession', open: () => ({ session: (id) => new MySession(id) }) });
 * const { failed } = await checkConformance(suite, 30_000);
 * ```
 */
export async function checkConformance<Subject extends { close?(): Awaitable<unknown> }>(
  suite: Suite<Subject>,
  timeLimit: number,
  aborted: () => Promise<never> = () => new Promise(() => {}),
): Promise<ConformanceReport> {
  const contracts: ContractReport[] = [];
  for (const { name, cases } of suite.contracts) {
    const reports: CaseReport[] = [];
    for (const one of cases) reports.push(await checkCase(one, suite, timeLimit, aborted()));
    contracts.push({ name, cases: reports });
  }
  const count = (outcome: CaseReport['outcome']) =>
    contracts.reduce((sum, { cases }) => sum + cases.filter((one) => one.outcome === outcome).length, 0);
  return {
    name: suite.name,
    contracts,
    passed: count('passed'),
    failed: count('failed'),
    notCovered: count('not covered'),
  };
}

async function checkCase<Subject extends { close?(): Awaitable<unknown> }>(
  one: Case<Subject>,
  { open, supports }: Suite<Subject>,
  timeLimit: number,
  aborted: Promise<never>,
): Promise<CaseReport> {
  const { name } = one;
  const needs = lacking(one, supports);
  if (needs.length > 0) return { name, outcome: 'not covered', needs };
  try {
    await withTimeLimit(
      timeLimit,
      Promise.race([runCase(one, open, supports), aborted]),
      () => new Error(`not done after ${timeLimit / 1000} s`),
    );
    return { name, outcome: 'passed' };
  } catch (error) {
    return { name, outcome: 'failed', error };
  }
}
