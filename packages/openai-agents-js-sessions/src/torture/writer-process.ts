import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Call, readJournal } from './journal.js';
import type { WriterOrder, WriterOrders, WriterReport } from './writer.js';

/** Beside this module once it is built. */
const PROGRAM = join(import.meta.dirname, 'torture-writer.js');

/** What a process is started with. */
export interface WriterStart {
  /** A program and its arguments that start Node; nothing if empty. */
  readonly launcher: readonly string[];
  readonly target: string;
  readonly name: string;
  /** Where its journal and its last words go, without an ending. */
  readonly path: string;
  readonly orders: WriterOrders;
}

/** A process that writes. */
export class WriterProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #path: string;
  readonly #reports: WriterReport[] = [];
  #wake = () => {};
  /** Its end may be known before what it said last. */
  #hasSaidAll = false;
  #errors = '';
  /** How often it was told that something is stored. */
  stored = 0;
  /** What has happened to it was meant to. */
  isDoomed = false;

  constructor({ launcher: [program, ...before], target, name, path, orders }: WriterStart) {
    this.name = name;
    this.#path = path;
    writeFileSync(this.#journal, '');
    this.#child = fork(PROGRAM, [target, this.#journal, name, JSON.stringify(orders)], {
      ...(program === undefined
        ? { execArgv: [] }
        : { execPath: program, execArgv: [...before, process.execPath] }),
      // Ctrl-C is for the one who started it
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-2000);
    });
    this.#child.on('message', (report: WriterReport) => {
      if ('stored' in report) this.stored = report.stored;
      else this.#reports.push(report);
      this.#wake();
    });
    this.#child.on('exit', () => this.#wake());
    this.#child.on('disconnect', () => {
      this.#hasSaidAll = true;
      this.#wake();
    });
  }

  get #journal(): string {
    return `${this.#path}.journal`;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** How it ended, if nobody wanted it to. */
  get crash(): string | undefined {
    if (this.isAlive || this.isDoomed || this.#child.exitCode === 0) return undefined;
    return `${this.#child.signalCode ?? `exit code ${this.#child.exitCode}`} ${this.#errors.trim().split('\n').slice(0, 8).join(' | ')}`;
  }

  /** What it has noted. */
  get calls(): readonly Call[] {
    return readJournal(this.#journal);
  }

  tell(order: WriterOrder): void {
    if (this.isAlive && this.#child.connected) this.#child.send(order, () => {});
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    this.isDoomed = true;
    const ended = this.isAlive ? once(this.#child, 'exit') : undefined;
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** Waits for its end. @returns Whether it came in time. */
  ended(patience: number): Promise<boolean> {
    return this.#until(() => !this.isAlive, patience);
  }

  /** Waits until it has had so many calls stored. @returns Whether it came to that, in time. */
  hasStored(count: number, patience: number): Promise<boolean> {
    return this.#until(() => this.stored >= count || !this.isAlive, patience);
  }

  /** Waits for a report. @returns `undefined` if there was none in time. */
  async heard<Name extends 'ready' | 'paused' | 'closed'>(
    name: Name,
    patience: number,
  ): Promise<Extract<WriterReport, Record<Name, unknown>> | undefined> {
    const at = () => this.#reports.findIndex((report) => name in report);
    await this.#until(() => at() >= 0 || (!this.isAlive && this.#hasSaidAll), patience);
    const [report] = at() < 0 ? [] : this.#reports.splice(at(), 1);
    return report as Extract<WriterReport, Record<Name, unknown>> | undefined;
  }

  async #until(isSo: () => boolean, patience: number): Promise<boolean> {
    const deadline = performance.now() + patience;
    while (!isSo()) {
      const left = deadline - performance.now();
      if (left <= 0) return false;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const limit = new AbortController();
      await Promise.race([promise, wait(left, undefined, { signal: limit.signal }).catch(() => {})]);
      limit.abort();
    }
    return true;
  }
}
