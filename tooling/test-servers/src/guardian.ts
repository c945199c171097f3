import { type ChildProcess, fork } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive, killTree } from './process-tree.ts';

/** A program to run, and what is left to do when it is no longer wanted. */
export interface GuardedCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** File that standard output and error are appended to. */
  readonly log: string;
  /** Removed when the owner ends. */
  readonly folder: string;
  /** Ends the program at once and leaves nothing behind. */
  readonly endSignal: NodeJS.Signals;
  /** Run when the owner ends, after the program has ended. */
  readonly afterwards?: { readonly command: string; readonly args: readonly string[] };
}

/** Owner to guardian. */
export type GuardianOrder =
  | { kind: 'start'; id: number; command: GuardedCommand }
  | { kind: 'signal'; id: number; signal: NodeJS.Signals }
  | { kind: 'crash'; id: number }
  | { kind: 'forget'; folder: string };

/** Guardian to owner. */
export type GuardianReport =
  | { kind: 'started'; id: number; pid: number }
  | { kind: 'failed'; id: number; message: string }
  | { kind: 'exited'; id: number; code: number | null; signal: NodeJS.Signals | null };

/** A program that runs under the guardian. */
export interface GuardedProcess {
  readonly pid: number;
  /** `undefined` while it runs, then how it ended. */
  ended(): string | undefined;
  /** Resolves when it has ended. */
  exited(): Promise<void>;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL to it and to all below it. */
  crash(): void;
}

/** For a server to end by its end signal, before it is ended by SIGKILL. */
const GRACE_MS = 3000;
const POLL_MS = 10;

interface Watched {
  started(pid: number): void;
  failed(error: Error): void;
  exited(how: string): void;
}

class Guardian {
  readonly #process: ChildProcess;
  readonly #watched = new Map<number, Watched>();
  #lastId = 0;
  #awaited = 0;
  gone = false;

  constructor() {
    const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env } = process.env; // meant for the owner alone
    this.#process = fork(join(import.meta.dirname, 'guardian-process.ts'), {
      detached: true,
      stdio: 'ignore',
      execArgv: [],
      env,
    });
    // the owner may end while servers run: that is what ends them
    this.#process.unref();
    this.#process.channel?.unref();
    this.#process.on('message', (report: GuardianReport) => this.#hear(report));
    this.#process.once('exit', () => {
      this.gone = true;
      for (const watched of this.#watched.values()) watched.failed(new Error('the guardian process is gone'));
    });
  }

  #hear(report: GuardianReport): void {
    const watched = this.#watched.get(report.id);
    if (report.kind === 'started') watched?.started(report.pid);
    else if (report.kind === 'failed') watched?.failed(new Error(report.message));
    else {
      watched?.exited(report.signal ?? `exit code ${report.code}`);
      this.#watched.delete(report.id);
    }
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  send(order: GuardianOrder): void {
    if (!this.gone) this.#process.send(order);
  }

  /** The channel is unreferenced, so it has to be held for as long as somebody waits for a report. */
  #hold<T>(report: Promise<T>): Promise<T> {
    this.#awaited += 1;
    this.#process.channel?.ref();
    return report.finally(() => {
      this.#awaited -= 1;
      if (this.#awaited === 0) this.#process.channel?.unref();
    });
  }

  start(command: GuardedCommand): Promise<GuardedProcess> {
    this.#lastId += 1;
    const id = this.#lastId;
    let how: string | undefined;
    const exit = Promise.withResolvers<void>();
    const running = Promise.withResolvers<GuardedProcess>();
    let startedPid: number | undefined;
    this.#watched.set(id, {
      started: (pid) => {
        startedPid = pid;
        running.resolve({
          pid,
          ended: () => how,
          exited: () => this.#hold(exit.promise),
          signal: (signal) => this.send({ kind: 'signal', id, signal }),
          crash: () => this.send({ kind: 'crash', id }),
        });
      },
      failed: (error) => {
        how ??= error.message;
        running.reject(error);
        if (startedPid === undefined) exit.resolve();
        else endOrphan(startedPid, command).then(exit.resolve, exit.reject);
      },
      exited: (reason) => {
        how = reason;
        exit.resolve();
      },
    });
    this.send({ kind: 'start', id, command });
    return this.#hold(running.promise);
  }
}

/** Does the guardian's work where the guardian was killed: a server would outlive us otherwise. */
async function endOrphan(pid: number, { endSignal, folder }: GuardedCommand): Promise<void> {
  process.kill(pid, endSignal);
  for (let waited = 0; isAlive(pid) && waited < GRACE_MS; waited += POLL_MS) await pause(POLL_MS);
  if (isAlive(pid)) killTree(pid);
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

let guardian: Guardian | undefined;

/**
 * Starts a program that ends with this process, also if this process is killed by SIGKILL: a guardian process
 * (one for each owner, started with the first program) is its parent and sees the owner's end.
 *
 * @throws Error if the program cannot be started.
 */
export function startGuarded(command: GuardedCommand): Promise<GuardedProcess> {
  if (!guardian || guardian.gone) guardian = new Guardian();
  return guardian.start(command);
}

/** Tells the guardian that a folder and what goes with it have been removed already. */
export function forgetFolder(folder: string): void {
  guardian?.send({ kind: 'forget', folder });
}

/** The process id of this process's guardian, if it has one. */
export function guardianPid(): number | undefined {
  return guardian?.pid;
}
