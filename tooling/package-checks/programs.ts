import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './packages.ts';

/** Runs a program to its end and answers what it wrote; if it fails, the error carries everything it said. */
export async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  return (await runLoudly(program, args, cwd)).stdout;
}

/** As {@link run}, with what the program complained of. */
export function runLoudly(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const shell = process.platform === 'win32';
    execFile(
      program,
      args,
      { cwd, env: plainEnvironment(), shell, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        if (error)
          reject(
            new Error(`${program} ${args.join(' ')}\n${error.message}\n${stdout}${stderr}`, { cause: error }),
          );
        else resolve({ stdout, stderr });
      },
    );
  });
}

/**
 * Installs into a project of its own. What was fetched once is taken from the cache, so that it works offline too.
 *
 * @param more - Further flags of npm.
 */
export function npmInstall(project: string, ...more: string[]): Promise<string> {
  const cache = join(ROOT, '.tools', 'npm-cache');
  // no package may need a script of its own, so none is run
  const flags = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    '--prefer-offline',
    `--cache=${cache}`,
    // a registry out of reach is told within seconds, not minutes
    '--fetch-retry-mintimeout=500',
    '--fetch-retry-maxtimeout=3000',
  ];
  return run('npm', ['install', ...flags, ...more], project);
}

/** Without what npm, pnpm and vitest tell the programs they start about this repository. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|VITEST|NODE_ENV$|NODE_PATH$)/i.test(name),
  );
  const { npm_config_registry } = process.env;
  return { ...Object.fromEntries(kept), ...(npm_config_registry && { npm_config_registry }) };
}
