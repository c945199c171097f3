import { Interrupted } from '../interruption.js';

/** How often it changes at most, in ms. */
const PAUSE = 100;

/** One line on standard error that says how far the work is; nothing where that is no terminal. */
export class ProgressLine {
  readonly #isShown: boolean;
  #last = 0;
  #isThere = false;

  /** @param quiet - Whether nothing is to be shown. */
  constructor(quiet = false) {
    this.#isShown = !quiet && process.stderr.isTTY === true;
  }

  show(text: string): void {
    const now = performance.now();
    if (!this.#isShown || now - this.#last < PAUSE) return;
    this.#last = now;
    this.#isThere = true;
    const columns = process.stderr.columns || 80;
    process.stderr.write(`\r\u001b[K${text.slice(0, columns - 1)}`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isThere) process.stderr.write('\r\u001b[K');
    this.#isThere = false;
  }
}

/**
 * Shows how far the work is, and after an interruption says how to go on.
 *
 * @param goingOn - What is said then.
 */
export async function withProgressLine<T>(
  quiet: boolean | undefined,
  goingOn: string,
  work: (show: (text: string) => void) => Promise<T>,
): Promise<T> {
  const line = new ProgressLine(quiet);
  try {
    return await work((text) => line.show(text));
  } catch (error) {
    if (error instanceof Interrupted) error.message = `Interrupted. ${goingOn}`;
    throw error;
  } finally {
    line.end();
  }
}
