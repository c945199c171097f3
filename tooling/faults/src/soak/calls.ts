import { isSessionError } from '@stackone/openai-agents-js-sessions';
import { PATIENCE } from './words.ts';

/** How a call ended. */
export type Ending<T> = { readonly value: T } | { readonly code: string };

/** Errors that none of the faults explains. */
const NEVER: ReadonlySet<string> = new Set([
  'CLOSED',
  'CORRUPT_ITEM',
  'DECRYPTION_FAILED',
  'OPERATION_CONFLICT',
  'UNSUPPORTED',
  'UNSUPPORTED_VALUE',
]);

/** Thrown by an application inside of its transaction, which is rolled back. */
export class ChangedMind extends Error {}

/** Makes calls, counts them and their errors, and says which do not settle. */
export class Calls {
  readonly made: Record<string, number> = {};
  readonly errors: Record<string, number> = {};
  total = 0;
  readonly #onProblem: (problem: string) => void;

  constructor(onProblem: (problem: string) => void) {
    this.#onProblem = onProblem;
  }

  /** Makes a call. An error is counted by its code; one without a code is a problem. */
  async make<T>(kind: string, call: () => PromiseLike<T>): Promise<Ending<T>> {
    this.made[kind] = (this.made[kind] ?? 0) + 1;
    this.total += 1;
    const late = setTimeout(() => this.#onProblem(`${kind} did not settle within 60 s`), PATIENCE);
    try {
      return { value: await call() };
    } catch (error) {
      if (error instanceof ChangedMind) return { code: 'ChangedMind' };
      const code = isSessionError(error) ? error.code : (error as Error).name;
      this.errors[code] = (this.errors[code] ?? 0) + 1;
      if (!isSessionError(error)) this.#onProblem(`${kind}: an error without a code: ${error}`);
      else if (NEVER.has(code)) this.#onProblem(`${kind}: ${code}: ${error.message}`);
      return { code };
    } finally {
      clearTimeout(late);
    }
  }
}
