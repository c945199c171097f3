import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { printableJson } from './printable.js';
import type { wrapped } from './wrapped.js';

/** Whoever reads what the program prints wants no more of it, like `head`. */
export class ReaderGone extends Error {}

type Style = Parameters<typeof styleText>[0];

/**
 * What a command prints: data on standard output, and what is about it on standard error, so that a script gets the data alone.
 */
export class Output {
  /** Whether the data are for a machine. */
  readonly isJson: boolean;
  readonly #isQuiet: boolean;
  #stream: Writable = process.stdout;
  #failure: Error | undefined;
  #wrapped: typeof wrapped | undefined;

  constructor({ json = false, quiet = false }: { json?: boolean; quiet?: boolean }) {
    this.isJson = json;
    this.#isQuiet = quiet;
    this.#stream.on('error', this.#onError);
  }

  readonly #onError = (error: NodeJS.ErrnoException) => {
    this.#failure = error.code === 'EPIPE' ? new ReaderGone() : error;
  };

  /** How many columns the terminal has; absent where the output goes elsewhere. */
  get columns(): number | undefined {
    return process.stdout.isTTY ? process.stdout.columns : undefined;
  }

  /** Loads what it needs where there is a terminal: until then its lines are as wide as they are. */
  async getReady(): Promise<void> {
    if (process.stdout.isTTY || process.stderr.isTTY)
      ({ wrapped: this.#wrapped } = await import('./wrapped.js'));
  }

  /** Waits where the reader is slower. @throws ReaderGone */
  async write(text: string): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (!this.#stream.write(text)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      for (const event of ['drain', 'error', 'close']) this.#stream.once(event, resolve);
      await promise;
      for (const event of ['drain', 'error', 'close']) this.#stream.off(event, resolve);
    }
    if (this.#failure) throw this.#failure;
  }

  /** Lets what `work` prints go through the program of `$PAGER`, where there is a terminal and one is set. */
  async paged(work: () => Promise<void>): Promise<void> {
    const { PAGER } = process.env;
    if (!PAGER || !process.stdout.isTTY || this.isJson) return work();
    const pager = spawn(PAGER, { shell: true, stdio: ['pipe', 'inherit', 'inherit'] });
    const closed = once(pager, 'close');
    this.#stream = pager.stdin.on('error', this.#onError);
    try {
      await work();
    } finally {
      pager.stdin.end();
      await closed;
      this.#stream = process.stdout;
    }
  }

  /** Lines of text, none of them wider than the terminal; whole where there is none. */
  lines(...lines: readonly string[]): Promise<void> {
    return this.write(this.#fitting(lines, this.columns));
  }

  #fitting(lines: readonly string[], columns: number | undefined): string {
    const fitting = columns ? lines.flatMap((line) => this.#wrapped?.(line, columns) ?? line) : lines;
    return fitting.map((line) => `${line}\n`).join('');
  }

  /** A value as one line of JSON. */
  json(value: unknown): Promise<void> {
    return this.write(`${printableJson(value)}\n`);
  }

  /** Coloured where the output is a terminal and wants it. */
  styled(style: Style, text: string): string {
    return styleText(style, text, { stream: process.stdout });
  }

  /** Something that the user should know besides the data. */
  note(text: string): void {
    const { isTTY, columns } = process.stderr;
    if (!this.#isQuiet) process.stderr.write(this.#fitting(text.split('\n'), isTTY ? columns : undefined));
  }

  /** Something that only somebody at a terminal wants to know. */
  hint(text: string): void {
    if (process.stderr.isTTY && process.stdout.isTTY && !this.isJson) this.note(text);
  }
}
