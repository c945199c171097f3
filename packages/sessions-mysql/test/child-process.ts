import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs an ES module in a Node of its own and gives what it prints. Its dependencies are the built packages. */
export async function runModule(code: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code, '--', ...args], {
    cwd: import.meta.dirname,
    timeout: 120_000,
  });
  return stdout.trim();
}
