import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';

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
      timeout: 120_000,
    });
    return stdout.trim();
  };
}
