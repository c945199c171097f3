import { execFile } from 'node:child_process';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };

const PROGRAM = join(import.meta.dirname, '..', manifest.bin.sessions);
const MODULES = join(import.meta.dirname, 'modules');

/** How the program ended. */
export interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program as `npx` does, in the folder of the modules. */
export function sessions(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ending> {
  const { FORCE_COLOR, NO_COLOR, NODE_OPTIONS, ...inherited } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [PROGRAM, ...args],
      { cwd: MODULES, env: { ...inherited, ...environment }, maxBuffer: 2 ** 26, timeout: 110_000 },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}
