import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';

/** What is written before a call is made. */
interface Began {
  readonly call: number;
  /** In ms, on a clock that all processes of a machine share. */
  readonly began: number;
  readonly conversation: string;
  readonly does: 'append' | 'pop' | 'read';
  /** Of the turn that is appended: the same for each time that the call is made again under its operation id. */
  readonly number?: number;
  readonly size?: number;
}

/** What is written when it has ended, and before anybody is told. */
export interface Ended {
  readonly call: number;
  readonly ended: number;
  /**
   * `stored`: it resolved. `unwritten`: it failed, and the error says that nothing was written. `unknown`: it failed, and nobody knows.
   * `untyped`: it failed in a way that one of our stores may not.
   */
  readonly outcome: 'stored' | 'unwritten' | 'unknown' | 'untyped';
  /** The code of the error. */
  readonly code?: string;
  /** What a read gave, or a pop: `writer number index`, or `?` for an item that no writer has made. */
  readonly saw?: readonly string[];
}

export type Entry = Began | Ended;

const isBegan = (entry: Entry): entry is Began => 'began' in entry;

/** A call, and how it ended; `end` is absent where the process was killed, or the call never settled. */
export interface Call extends Began {
  readonly end?: Ended;
}

/** What is noted of an error: none of its text, which may be of a conversation. */
export function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as Record<string, unknown>;
  return String(code ?? name ?? 'no error');
}

/** Milliseconds since the machine was started. */
export const machineTime = () => Number(process.hrtime.bigint()) / 1e6;

/** The file that one process writes. Each line is on the disk before it goes on. */
export class Journal {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  write(entry: Entry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
    fdatasyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The calls of one process, in the order in which they were made. What it was writing when it was killed is left out. */
export function readJournal(path: string): Call[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const calls = new Map<number, Call>();
  for (const line of lines) {
    const entry = JSON.parse(line) as Entry;
    if (isBegan(entry)) calls.set(entry.call, entry);
    else {
      const call = calls.get(entry.call);
      if (call) calls.set(entry.call, { ...call, end: entry });
    }
  }
  return [...calls.values()];
}
