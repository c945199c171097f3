import { type ChildProcess, execFile } from 'node:child_process';
import { join } from 'node:path';
import manifest from '../package.json' with { type: 'json' };

export const PROGRAM = join(import.meta.dirname, '..', manifest.bin.sessions);
const MODULES = join(import.meta.dirname, 'modules');

/** How the program ended. */
export interface Ending {
  readonly code: number;
  /** What ended it, if it did not end by itself; the code is -1 then. */
  readonly signal?: NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program as `npx` does, in the folder of the modules or another one. */
export function sessions(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  folder: string = MODULES,
): Promise<Ending> {
  return startSessions(args, environment, folder).ending;
}

/** Starts the program, for tests that do something to it while it runs. */
export function startSessions(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  folder: string = MODULES,
) {
  return started(process.execPath, [PROGRAM, ...args], environment, folder);
}

/**
 * Runs the program in a terminal of its own, which `script` makes: standard output is all that the terminal showed.
 *
 * @param keys - What is typed, each as soon as the terminal shows what stands before it.
 */
export async function sessionsInTerminal(
  args: readonly string[],
  {
    columns = 80,
    keys = [],
    environment = {},
  }: {
    columns?: number;
    keys?: readonly (readonly [after: string, typed: string])[];
    environment?: NodeJS.ProcessEnv;
  } = {},
): Promise<Ending> {
  const quoted = [process.execPath, PROGRAM, ...args].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`);
  const command = `stty cols ${columns} rows 24; exec ${quoted.join(' ')}`;
  const terminal = { TERM: 'xterm-256color', ...environment };
  const { program, ending } = started('script', ['-qefc', command, '/dev/null'], terminal, MODULES);
  const waiting = [...keys];
  let shown = '';
  program.stdout?.on('data', (text: string) => {
    shown += text;
    const [next] = waiting;
    if (!next || !shown.includes(next[0])) return;
    waiting.shift();
    shown = '';
    program.stdin?.write(next[1]);
  });
  return ending;
}

function started(file: string, args: readonly string[], environment: NodeJS.ProcessEnv, folder: string) {
  // with CI, Node takes a terminal for one without colours
  const { CI, FORCE_COLOR, NO_COLOR, NODE_OPTIONS, SESSIONS_URL, DATABASE_URL, PAGER, ...inherited } =
    process.env;
  const { promise: ending, resolve } = Promise.withResolvers<Ending>();
  const program: ChildProcess = execFile(
    file,
    args,
    { cwd: folder, env: { ...inherited, ...environment }, maxBuffer: 2 ** 26, timeout: 240_000 },
    (error, stdout, stderr) => {
      if (error?.signal) resolve({ code: -1, signal: error.signal, stdout, stderr });
      else resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    },
  );
  return { program, ending };
}
