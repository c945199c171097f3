import { join } from 'node:path';
import type { TortureWriter } from '../torture.js';
import type { WriterCalls } from './judge.js';
import type { WriterOrder } from './writer.js';
import { WriterProcess, type WriterStart } from './writer-process.js';

type Begin = Extract<WriterOrder, { begin: unknown }>['begin'];

/** For a process to start, load its modules and open its store, in ms, where patience is shorter: a busy machine takes long. */
const TO_START = 60_000;

/** For a process to end that has closed its store, in ms. */
const TO_END = 10_000;

/** The processes of a run. One that is killed is replaced by another one of another name. */
export class Writers {
  readonly #start: Omit<WriterStart, 'name' | 'path'>;
  readonly #folder: string;
  readonly #count: number;
  readonly #patience: number;
  readonly #all: WriterProcess[] = [];
  #current: WriterProcess[] = [];
  #begin: Begin | undefined;

  constructor(options: {
    readonly start: Omit<WriterStart, 'name' | 'path'>;
    readonly folder: string;
    readonly count: number;
    readonly patience: number;
  }) {
    this.#start = options.start;
    this.#folder = options.folder;
    this.#count = options.count;
    this.#patience = options.patience;
  }

  /** @throws Error if one does not open its store. */
  async start(): Promise<void> {
    this.#current = await Promise.all(Array.from({ length: this.#count }, () => this.#add()));
  }

  async #add(): Promise<WriterProcess> {
    const name = `w${this.#all.length + 1}`;
    const writer = new WriterProcess({ ...this.#start, name, path: join(this.#folder, name) });
    this.#all.push(writer);
    if (!(await writer.heard('ready', Math.max(TO_START, this.#patience)))) {
      throw new Error(
        `A process that writes could not open its store: ${writer.crash ?? 'it did not answer'}`,
      );
    }
    return writer;
  }

  /** All calls of a round are on these conversations. */
  begin(begin: Begin): void {
    this.#begin = begin;
    for (const writer of this.#current) writer.tell({ begin });
  }

  /** Those that a fault may strike. */
  forFault(): TortureWriter[] {
    return this.#current.map((writer) => ({
      pid: writer.pid,
      signal: (signal) => writer.signal(signal),
      kill: async () => {
        await writer.kill();
        const next = await this.#add();
        this.#current = this.#current.map((one) => (one === writer ? next : one));
        if (this.#begin) next.tell({ begin: this.#begin });
      },
    }));
  }

  /** Waits until each has had so many more calls stored. @returns A sentence for each that has not. */
  async allStore(count: number, when: string): Promise<string[]> {
    const waits = this.#current.map(async (writer) =>
      (await writer.hasStored(writer.stored + count, this.#patience))
        ? []
        : [`${writer.name} got nothing stored within ${this.#patience / 1000} s ${when}`],
    );
    return (await Promise.all(waits)).flat();
  }

  /** Lets the calls under way end. @returns A sentence for each that does not settle. */
  async pause(): Promise<string[]> {
    this.#begin = undefined;
    const pauses = this.#current.map(async (writer) => {
      if (!writer.isAlive) return [];
      writer.tell({ pause: true });
      if ((await writer.heard('paused', this.#patience)) || !writer.isAlive) return [];
      const hung = writer.calls.filter(({ end }) => !end);
      await writer.kill();
      return hung.map(
        ({ does }) => `a call of ${writer.name} (${does}) did not settle within ${this.#patience / 1000} s`,
      );
    });
    return (await Promise.all(pauses)).flat();
  }

  /** @returns A sentence for each that ended by itself. */
  async replaceDead(): Promise<string[]> {
    const crashes: string[] = [];
    for (const [at, writer] of this.#current.entries()) {
      if (writer.isAlive) continue;
      if (!writer.isDoomed) crashes.push(`${writer.name} ended by itself: ${writer.crash ?? 'exit code 0'}`);
      this.#current[at] = await this.#add();
    }
    return crashes;
  }

  /** Has all close their stores and end. @returns A sentence for each that leaves something open, or goes on. */
  async end(): Promise<string[]> {
    const ends = this.#current.map(async (writer) => {
      writer.tell({ end: true });
      const closed = await writer.heard('closed', this.#patience);
      if (!closed) return [`${writer.name} did not close its store within ${this.#patience / 1000} s`];
      const open = closed.open.map((file) => `${writer.name} has open after it closed its store: ${file}`);
      if (!(await writer.ended(TO_END))) open.push(`${writer.name} closed its store and did not end`);
      return open;
    });
    return (await Promise.all(ends)).flat();
  }

  /** What each of them has noted, those that were killed too. */
  get calls(): WriterCalls[] {
    return this.#all.map(({ name, calls }) => ({ writer: name, calls }));
  }

  async kill(): Promise<void> {
    await Promise.all(this.#all.filter(({ isAlive }) => isAlive).map((writer) => writer.kill()));
  }
}
