import { checkOptions, isWholeNumber } from '@stackone/sessions-core/backend';
import type { OpenStoreOptions } from './open-store.js';
import { clientFaults } from './torture/client-faults.js';
import { PROBLEMS, type Problem } from './torture/judge.js';
import { play } from './torture/play.js';

export { clientFaults } from './torture/client-faults.js';
export type { Problem as TortureProblem } from './torture/judge.js';

/** Where a connection is cut. */
export interface TortureCut {
  /** Within what a client sends, or within what the server answers. */
  readonly direction: 'request' | 'answer';
  /** How much of it still arrives: 0 nothing, 1 all. */
  readonly part: number;
  /**
   * `reset`: as by a firewall. `end`: as by a server that closes. `tamper`: nothing is cut, and all arrives, but for one byte at that
   * place, which is another one. Only TLS notices: without it, what arrives is what is stored.
   */
  readonly how: 'reset' | 'end' | 'tamper';
}

/** The way from the writers to their server. */
export interface TortureNetwork {
  /** For how long what is sent is held back, each way, in ms. */
  delay: number;
  /** For how long more at most, by chance. */
  jitter: number;
  /** Whether each byte is sent by itself. */
  trickles: boolean;
  /** Whether nothing is passed on, and nothing closed. What was sent meanwhile arrives afterwards. */
  silent: boolean;
  /** Cuts one connection within the next thing that is sent. Resolves when it is done. */
  cutNext(cut: TortureCut): Promise<void>;
  /** Takes {@link cutNext} back, if it was not done. */
  forgetCut(): void;
  /** Cuts all connections. */
  cutAll(): void;
  /** Cuts all connections and takes no new ones, until {@link accept}. */
  refuse(): Promise<void>;
  /** Takes connections again. */
  accept(): Promise<void>;
}

/** A process that writes. */
export interface TortureWriter {
  readonly pid: number;
  /** Sends it a signal, such as `SIGSTOP`. */
  signal(signal: NodeJS.Signals): void;
  /** Kills it; another one takes its place. */
  kill(): Promise<void>;
}

/** What a fault is given. */
export interface TortureScene {
  /** A number from 0 to 1, by the seed. */
  readonly random: () => number;
  /** The conversations that are written. */
  readonly conversations: readonly string[];
  readonly writers: readonly TortureWriter[];
  /** Absent where no URL with a host was given. */
  readonly network: TortureNetwork | undefined;
}

/** Something that goes wrong. */
export interface TortureFault {
  readonly name: string;
  /** Only where there is a {@link TortureScene.network}. */
  readonly needsNetwork?: boolean | undefined;
  /** Does it, while turns are written, and resolves when it is over and everything has to work again. */
  strike(scene: TortureScene): Promise<void>;
}

/** How {@link torture} goes about it. */
export interface TortureOptions {
  /** The faults, each in as many rounds. Default: all that need no access to the server. */
  faults?: readonly TortureFault[] | undefined;
  /** How often each fault strikes. Default 3. */
  rounds?: number | undefined;
  /** How many processes write. Default 3. */
  writers?: number | undefined;
  /** How many calls each of them makes at the same time. Default 4. */
  callers?: number | undefined;
  /** Where the random moments come from. Default: another one each time, which the report has. */
  seed?: string | undefined;
  /** For how long a call may not settle, or nothing be stored after a fault is over, in ms. Default 60,000. */
  patience?: number | undefined;
  /** Where the target is a module: what its `open(id, url)` is given, through a network that can be made bad if it has a host. */
  url?: string | undefined;
  /** The options of the store, where the target is a URL. */
  store?: OpenStoreOptions | undefined;
  /** What starts Node in the processes that write: a program and its arguments, such as `['ip', 'netns', 'exec', 'lab']`. Default: nothing. */
  launcher?: readonly string[] | undefined;
  /** Where these processes find their server, of the URL through the network. Default: that one. */
  writersUrl?: ((url: string) => string) | undefined;
  /** Reads the items of conversations, oldest first, without the store. Default: through the target, in a process of its own. */
  read?: ((ids: readonly string[]) => Promise<ReadonlyMap<string, readonly unknown[]>>) | undefined;
  /** Counts connections that the server still has from the writers. Default: they are not counted. */
  connections?: (() => Promise<number>) | undefined;
  /** Whether the conversations are removed in the end. Default true. */
  clears?: boolean | undefined;
  /** Ends it after the round under way: the conversations are removed, and the call fails with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Called after each round, with the name of its fault and how often it has struck. */
  onRound?: ((fault: string, rounds: number) => void) | undefined;
}

/** What one fault did. */
export interface TortureRow {
  readonly fault: string;
  readonly rounds: number;
  /** Turns whose callers were told that they are stored. */
  readonly acknowledged: number;
  /** Calls that failed, by the code of their error. */
  readonly errors: Readonly<Record<string, number>>;
  /** How much of each kind was wrong. */
  readonly problems: Readonly<Record<Problem, number>>;
  /** The first things that were wrong, each in a sentence. */
  readonly examples: readonly string[];
}

/** What {@link torture} found. It can be written as JSON. */
export interface TortureReport {
  readonly seed: string;
  readonly rows: readonly TortureRow[];
  /** Whether nothing was wrong. */
  readonly isSound: boolean;
}

const isFunction = (value: unknown) => (typeof value === 'function' ? undefined : 'a function');

const OPTION_CHECKS = {
  faults: (value: unknown) => (Array.isArray(value) ? undefined : 'an array of faults'),
  rounds: isWholeNumber(1),
  writers: isWholeNumber(1),
  callers: isWholeNumber(1),
  seed: (value: unknown) => (typeof value === 'string' ? undefined : 'a string'),
  patience: isWholeNumber(1),
  url: (value: unknown) => (typeof value === 'string' ? undefined : 'a string'),
  store: () => undefined,
  launcher: (value: unknown) => (Array.isArray(value) && value.length > 0 ? undefined : 'an array of texts'),
  writersUrl: isFunction,
  read: isFunction,
  connections: isFunction,
  clears: (value: unknown) => (typeof value === 'boolean' ? undefined : 'a boolean'),
  signal: (value: unknown) => (value instanceof AbortSignal ? undefined : 'an AbortSignal'),
  onRound: isFunction,
};

/**
 * Has processes write to a session while things go wrong, and compares what is stored with what they were told. Each notes every call
 * in a file before and after it is made, synced to the disk, so that also what a killed one knew is compared.
 *
 * @param target - The URL of one of our stores, or the path of a module whose `open()` makes a store, a backend, sessions by their ids
 * (`{ session(id) }`), or with an id a session.
 * @returns For each fault what was lost, doubled, partial, reordered or foreign, where a caller was told something that is not so, which calls never
 * settled, which processes ended by themselves, and what was left open.
 * @throws TypeError for an unknown option; Error if the target cannot be opened or read.
 * @example
 * ```ts
 * import { torture, tortureTable } from '@stackone/openai-agents-js-sessions/torture';
 * const report = await torture('postgres://localhost/app', { rounds: 10, seed: 'monday' });
 * console.log(tortureTable(report));
 * ```
 */
export async function torture(target: string, options: TortureOptions = {}): Promise<TortureReport> {
  checkOptions('torture', options, OPTION_CHECKS);
  return await play(target, { ...options, faults: options.faults ?? clientFaults() });
}

/**
 * The report as a table for a terminal or a page, in Markdown, with examples of what was wrong below it.
 *
 * @returns Lines without one at the end.
 * @example
 * ```ts
 * console.log(tortureTable(await torture('sqlite:./torture.db')));
 * ```
 */
export function tortureTable({ rows }: TortureReport): string {
  const cells = rows.map(({ fault, rounds, acknowledged, problems }) =>
    [fault, rounds, acknowledged, ...PROBLEMS.map((problem) => problems[problem])].map(String),
  );
  const table = [['fault', 'rounds', 'turns', ...PROBLEMS], ...cells];
  const widths = table[0]?.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0))) ?? [];
  const lines = table.map(
    (row) =>
      `| ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  const examples = rows.flatMap(({ fault, examples }) => examples.map((text) => `- ${fault}: ${text}`));
  return [lines[0], rule, ...lines.slice(1), ...(examples.length > 0 ? ['', ...examples] : [])].join('\n');
}
