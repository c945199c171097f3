import { readdirSync, readFileSync } from 'node:fs';
import type { Engine } from './engines/engine.ts';

/** What others did on the machine while something was measured. */
export interface OtherWork {
  /** How much of one core they took: 0.5 is half a core all the time. */
  readonly cores: number;
  /** Whether that is so much that the figures are not to be compared with others. */
  readonly busy: boolean;
  /** The process that took most of it, where it is known. */
  readonly busiest?: string;
}

/** What a process has taken so far, in seconds of a core. */
export interface ProcessTime {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly own: number;
  /** What its children had taken that have ended. */
  readonly ended: number;
}

/** What a machine and its processes have taken so far. Times in seconds. */
export interface MachineTime {
  /** When this was read. */
  readonly at: number;
  /** Of all cores together, other machines that share them included. */
  readonly taken: number;
  readonly processes: readonly ProcessTime[];
}

/** Of one core. A machine on which others take more is busy. */
const BUSY = 0.1;
/**
 * By how much a difference of two looks may be wrong, in seconds: Linux counts the time of a machine by looking at each tick what runs.
 * Seen on a machine with nothing else to do: 0.1 s too much.
 */
const SLACK = 0.1;
/** In these Linux tells times to programs, whatever it counts in itself. */
const TICKS_A_SECOND = 100;
/** The parent of the kernel's threads. They work for our disk and our network. */
const KERNEL = 2;

/** The work of others was more than figures bear. The message says what to do. */
export class BusyMachine extends Error {
  override name = 'BusyMachine';
}

/**
 * Begins to watch what processes do that are not below this one.
 *
 * @param engine - Whose server is at work: if it is not below this process, what it takes cannot be told from the work of others.
 * @returns What tells it; `undefined` where it cannot be known.
 */
export function watchOthers(
  { isBelow }: Pick<Engine, 'isBelow'> = { isBelow: true },
): () => OtherWork | undefined {
  const before = isBelow ? readMachineTime() : undefined;
  return () => {
    const after = readMachineTime();
    return before && after && otherWork(before, after, process.pid);
  };
}

/** What was taken between two looks, and not by the process `root` and those below it. */
export function otherWork(before: MachineTime, after: MachineTime, root: number): OtherWork {
  const seconds = after.at - before.at;
  const earlier = new Map(before.processes.map((process) => [process.pid, process.own + process.ended]));
  const taken = ({ pid, own, ended }: ProcessTime) => own + ended - (earlier.get(pid) ?? 0);
  const kernel = after.processes.filter(({ pid, parent }) => pid === KERNEL || parent === KERNEL);
  // what has ended is in the time of its parent
  const ours = timeBelow(after.processes, root) - timeBelow(before.processes, root);
  const others = Math.max(0, after.taken - before.taken - ours - sum(kernel.map(taken)));
  const known = new Set([...kernel.map(({ pid }) => pid), ...below(after.processes, root)]);
  const [busiest] = after.processes
    .filter(({ pid }) => !known.has(pid))
    .toSorted((one, other) => taken(other) - taken(one));
  const busy = others > BUSY * seconds + SLACK;
  return {
    cores: others / seconds,
    busy,
    ...(busy && busiest && { busiest: `${busiest.name}, process ${busiest.pid}` }),
  };
}

/** @throws BusyMachine unless the machine was quiet, or nobody knows. */
export function refuseIfBusy(what: string, work: OtherWork | undefined): void {
  if (!work?.busy) return;
  const most = work.busiest ? `, most of it ${work.busiest}` : '';
  throw new BusyMachine(
    `The machine was busy: other programs took ${work.cores.toFixed(2)} of a core during "${what}"${most}. Such figures cannot be ` +
      'compared, so nothing is written. Stop what runs and start again, or add --even-if-busy: the results are then marked "busy machine".',
  );
}

function timeBelow(processes: readonly ProcessTime[], root: number): number {
  const ours = below(processes, root);
  return sum(processes.filter(({ pid }) => ours.has(pid)).map(({ own, ended }) => own + ended));
}

/** The process and all below it. */
function below(processes: readonly ProcessTime[], root: number): ReadonlySet<number> {
  const found = new Set([root]);
  for (const pid of found)
    for (const child of processes) if (child.parent === pid && !found.has(child.pid)) found.add(child.pid);
  return found;
}

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

/** `undefined` where there is no `/proc`. */
export function readMachineTime(): MachineTime | undefined {
  const stat = textOf('/proc/stat');
  if (!stat) return undefined;
  const [user = 0, nice = 0, system = 0, , , , , stolen = 0] = numbersIn(stat.split('\n')[0]?.slice(5));
  return {
    at: performance.now() / 1000,
    taken: (user + nice + system + stolen) / TICKS_A_SECOND,
    processes: readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => processTime(Number(pid), textOf(`/proc/${pid}/stat`))),
  };
}

/** @see proc_pid_stat(5): the name may hold anything, and ends with the last bracket. */
function processTime(pid: number, stat: string | undefined): ProcessTime[] {
  if (!stat) return [];
  const end = stat.lastIndexOf(')');
  const fields = numbersIn(stat.slice(end + 4));
  const [parent = 0] = fields;
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(10, 14);
  return [
    {
      pid,
      parent,
      name: stat.slice(stat.indexOf('(') + 1, end),
      own: (user + system) / TICKS_A_SECOND,
      ended: (endedUser + endedSystem) / TICKS_A_SECOND,
    },
  ];
}

const numbersIn = (text = '') => text.trim().split(/\s+/).map(Number);

/** `undefined` for what is not there: a process that has ended meanwhile, or a system without `/proc`. */
function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
