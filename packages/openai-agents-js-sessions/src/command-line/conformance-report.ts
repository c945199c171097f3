import { styleText } from 'node:util';
import type { CaseReport, ConformanceReport } from '@stackone/sessions-core/conformance';

/** So much of what an implementation has to say about a failure. */
const LINES_OF_ERROR = 12;

type Style = Parameters<typeof styleText>[0];

/** Colours for a terminal; plain text for a file, a pipe, or where NO_COLOR is set. */
const styled = (style: Style, text: string) => styleText(style, text, { stream: process.stdout });

/** The report for people: every case under its contract, the failures once more at the end. */
export function readableReport(name: string, kind: string, reports: readonly ConformanceReport[]): string {
  const contracts = reports.flatMap((report) => report.contracts);
  const lines = [styled('bold', `${name}: ${kind}`)];
  for (const contract of contracts) {
    lines.push('', styled('bold', contract.name), ...contract.cases.flatMap(caseLines));
  }
  const failures = contracts.flatMap((contract) =>
    contract.cases
      .filter(({ outcome }) => outcome === 'failed')
      .map((one) => styled('red', `  ✗ ${contract.name}: ${one.name}`)),
  );
  if (failures.length > 0) lines.push('', styled('bold', 'Failed'), ...failures);
  lines.push('', totals(reports), '');
  return lines.join('\n');
}

function caseLines({ name, outcome, error, needs = [] }: CaseReport): string[] {
  if (outcome === 'passed') return [`  ${styled('green', '✓')} ${name}`];
  if (outcome === 'not covered') {
    return [styled('dim', `  - ${name}: not covered (needs: ${needs.join(', ')})`)];
  }
  const reason = errorText(error).split('\n').slice(0, LINES_OF_ERROR);
  return [styled('red', `  ✗ ${name}`), ...reason.map((line) => `      ${line}`.trimEnd())];
}

function totals(reports: readonly ConformanceReport[]): string {
  const sum = (field: 'passed' | 'failed' | 'notCovered') =>
    reports.reduce((total, report) => total + report[field], 0);
  const failed = sum('failed');
  return [
    styled('green', `${sum('passed')} passed`),
    failed > 0 ? styled('red', `${failed} failed`) : '0 failed',
    `${sum('notCovered')} not covered`,
  ].join(', ');
}

function errorText(error: unknown): string {
  if (!(error instanceof Error)) return `${String(error)} was thrown`;
  if (error.name === 'AssertionError') return error.message;
  const { code } = error as { code?: unknown };
  const head = `${error.name}: ${error.message}${code === undefined ? '' : ` (code: ${String(code)})`}`;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return [head, ...frames.slice(0, 3)].join('\n');
}

/** The report for machines. */
export function jsonReport(name: string, kind: string, reports: readonly ConformanceReport[]): string {
  const suites = reports.map((report) => ({
    ...report,
    contracts: report.contracts.map((contract) => ({
      ...contract,
      cases: contract.cases.map(({ error, ...one }) => ({
        ...one,
        ...(one.outcome === 'failed' && { error: errorText(error) }),
      })),
    })),
  }));
  return `${JSON.stringify({ name, kind, suites }, undefined, 2)}\n`;
}
