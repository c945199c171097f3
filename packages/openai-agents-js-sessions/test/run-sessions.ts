import { type ChildProcess, execFile } from 'node:child_process';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };

const PROGRAM = join(import.meta.dirname, '..', manifest.bin.sessions);
const MODULES = join(import.meta.dirname, 'modules');

/** How the program ended. */
export interface Ending {
  readonly code: number;
  /** What ended it, if it did not end by itself; the code is -1 then. */
  readonly signal?: NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program as `npx` does, in the folder of the modules. */
export function sessions(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ending> {
  return startSessions(args, environment).ending;
}

/** Starts the program, for tests that do something to it while it runs. */
export function startSessions(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const { FORCE_COLOR, NO_COLOR, NODE_OPTIONS, ...inherited } = process.env;
  const { promise: ending, resolve } = Promise.withResolvers<Ending>();
  const program: ChildProcess = execFile(
    process.execPath,
    [PROGRAM, ...args],
    { cwd: MODULES, env: { ...inherited, ...environment }, maxBuffer: 2 ** 26, timeout: 240_000 },
    (error, stdout, stderr) => {
      if (error?.signal) resolve({ code: -1, signal: error.signal, stdout, stderr });
      else resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    },
  );
  return { program, ending };
}
