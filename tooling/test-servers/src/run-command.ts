import { type SpawnOptions, spawn } from 'node:child_process';

/** How a command ended, with all that it wrote. */
export interface CommandResult {
  /** The exit code; `null` if a signal ended it or it could not be started. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link runCommand}: those of `spawn`, and text for standard input. */
export type CommandOptions = Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid' | 'timeout'> & {
  readonly input?: string;
};

/**
 * Runs a command to its end without blocking the event loop (the test runner's main process calls this too).
 * A command that is not there has `code: null` and the cause in `stderr`; nothing is thrown.
 *
 * @example const { stdout } = await runCommand('postgres', ['--version']);
 */
export function runCommand(
  command: string,
  args: readonly string[],
  { input, ...options }: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', (error) => resolve({ code: null, stdout, stderr: `${stderr}${error.message}` }));
    child.once('close', (code) => resolve({ code, stdout, stderr }));
    // a command that ends before it has read everything closes the pipe; its exit code tells the rest
    child.stdin.on('error', (error) => {
      stderr += error.message;
    });
    child.stdin.end(input ?? '');
  });
}

/**
 * As {@link runCommand}, for a command that has to succeed.
 *
 * @throws Error with everything the command wrote, if its exit code is not 0.
 */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await runCommand(command, args, options);
  if (result.code !== 0) {
    throw new Error(`${command} ended with ${result.code}: ${result.stdout}${result.stderr}`.trim());
  }
  return result;
}
