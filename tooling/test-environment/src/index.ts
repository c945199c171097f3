import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe } from 'vitest';

const run = promisify(execFile);

/** A fresh folder that is removed when the test file has run. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sessions-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs an ES module in a Node of its own, with the arguments from `process.argv[1]` on, and gives what it prints. */
export type RunModule = (code: string, ...args: string[]) => Promise<string>;

/**
 * Makes a function that runs modules.
 *
 * @param folder - Where imports are looked up from: `import.meta.dirname` of a test, for the built packages.
 */
export function moduleRunner(folder: string): RunModule {
  return async (code, ...args) => {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code, '--', ...args], {
      cwd: folder,
      timeout: 240_000,
    });
    return stdout.trim();
  };
}

/** The contract whose cases do little more than wait until a time is over. */
const WAITING = 'operations that are forgotten';

/** `describe` for the suite of a backend: its cases that wait do so at the same time. */
export const describeSuite = (name: string, body: () => void) =>
  name === WAITING ? describe.concurrent(name, body) : describe(name, body);

/**
 * Whether the whole matrix is run (`npm run test:all`), or every promise once on every engine (`npm test`). A case that is
 * left out is not defined, so that it does not count as skipped; CONTRIBUTING.md has a table of what is where.
 */
export const wholeMatrix = process.env.TEST_MATRIX === 'all';

/**
 * The variants of a test: all of them in the whole matrix, else those that stand for the rest.
 *
 * @param always - Run in every case.
 * @param more - Added in the whole matrix.
 * @example
 * describe.each(variants(['drizzle-orm 0.45'], ['drizzle-orm 0.44', 'drizzle-orm 1.0 rc']))('%s', (name) => {});
 */
export function variants<T>(always: readonly T[], more: readonly T[]): readonly T[] {
  return wholeMatrix ? [...always, ...more] : always;
}

/**
 * The first variant, which stands for the rest, and in the whole matrix all of them.
 *
 * @example
 * ```ts
 * describe.each(firstOf(Object.entries(CLIENTS)))('over %s', (name, open) => {});
 * ```
 */
export function firstOf<T>(all: readonly T[]): readonly T[] {
  return variants(all.slice(0, 1), all.slice(1));
}

/**
 * All of them in the whole matrix, else every third, beginning elsewhere for each `turn`: over three turns that is each once.
 *
 * @param whole - Whether all of them, where the whole matrix does not mean it: what else was tested in whole needs a third.
 * @example
 * ```ts
 * for (const [nth, statement] of statements.entries()) for (const error of someOf(ERRORS, nth)) await check(statement, error);
 * ```
 */
export function someOf<T>(all: readonly T[], turn: number, whole = wholeMatrix): readonly T[] {
  return whole ? all : all.filter((_, index) => index % 3 === turn % 3);
}
