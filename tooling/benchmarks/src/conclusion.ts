import { bestPeer, isRate } from './best-peer.ts';
import { figure } from './figure.ts';
import type { ImportResult } from './imports.ts';
import type { EngineResult, WorkloadResult } from './results.ts';
import { summarize } from './summary.ts';

/** Ratios that are nearer to 1 than this say nothing. */
const LEVEL = 0.05;

interface Line {
  readonly title: string;
  readonly ratio: number;
  /** How much ours takes of what the other one takes: less than 1 is better, whatever is measured. */
  readonly cost: number;
}

/** One sentence that says what the lines of a table show, made from their figures. Empty if there is nothing to compare. */
export function conclusion(
  workloads: readonly WorkloadResult[],
  contenders: EngineResult['contenders'],
): string {
  const nameOf = (wanted: string) => contenders.find(({ rank }) => rank === wanted)?.name ?? '';
  const timed = workloads.filter(({ unit }) => unit === 'ms' || unit === 'turns/s');
  const lines = timed.flatMap((workload) =>
    line(workload, summarize(workload, nameOf('ours'), nameOf('by-hand'))?.ratio?.median),
  );
  if (lines.length === 0) return '';
  const sorted = lines.toSorted((one, other) => one.cost - other.cost);
  const ahead = sorted.filter(({ cost }) => cost < 1 - LEVEL);
  const behind = sorted.filter(({ cost }) => cost > 1 + LEVEL).toReversed();
  const parts = [
    `Of ${lines.length} ${lines.length === 1 ? 'comparison' : 'comparisons'} with what is written by hand, ours is ahead in ${counted(ahead)}`,
    `level within ${LEVEL * 100} % in ${lines.length - ahead.length - behind.length}`,
    `behind in ${counted(behind)}`,
  ];
  const peers = timed.flatMap((workload) => line(workload, bestPeer(workload, contenders)?.ratio));
  if (peers.length > 0) {
    const won = peers.filter(({ cost }) => cost < 1).length;
    parts.push(`and ahead of the best peer in ${won} of ${peers.length}`);
  }
  return `${parts.join(', ')}.`;
}

/** The same for the table of what loading takes. Empty without other libraries. */
export function loadingConclusion(imports: readonly ImportResult[]): string {
  const [ours] = imports;
  const [best] = imports
    .filter(({ rank }) => rank === 'peer')
    .toSorted((one, other) => one.overNode.median - other.overNode.median);
  if (!ours || !best) return '';
  const [own, other] = [ours.overNode.median, best.overNode.median];
  return `${ours.package} takes ${own.toFixed(0)} ms, and the best peer, ${best.package}, ${other.toFixed(0)} ms.`;
}

function line(workload: WorkloadResult, ratio: number | undefined): Line[] {
  if (ratio === undefined) return [];
  return [{ title: workload.title, ratio, cost: isRate(workload) ? 1 / ratio : ratio }];
}

/** How many lines, and which one most. */
function counted([most, ...others]: readonly Line[]): string {
  if (!most) return '0';
  return `${others.length + 1} (${others.length > 0 ? 'most in ' : ''}"${most.title}", ${figure(most.ratio)}×)`;
}
