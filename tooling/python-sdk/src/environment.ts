import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { keepOnce } from '@stackone/test-servers';

const run = promisify(execFile);

/** The versions of the Python SDK that conversations are shared with: the oldest and the newest. */
export const PYTHON_SDK_VERSIONS = ['0.22', '0.24'] as const;

export type PythonSdkVersion = (typeof PYTHON_SDK_VERSIONS)[number];

/** An ignored folder. */
const TOOLS = join(import.meta.dirname, '../../../.tools');

/** What the Python SDK needs at least. */
const MINOR = 10;

/** There is no fitting Python on this machine. */
export class PythonMissing extends Error {}

/**
 * The Python of a virtual environment with a version of the SDK in it. Made once, from the Python package index, in an
 * ignored folder of this repository.
 *
 * @throws PythonMissing where there is no Python 3.10 or newer. Error where the packages cannot be installed.
 */
export async function pythonWithSdk(version: PythonSdkVersion): Promise<string> {
  const python = await findPython();
  const requirements = join(import.meta.dirname, `../python/requirements-${version}.txt`);
  const key = createHash('sha256')
    .update(python.version)
    .update(await readFile(requirements))
    .digest('hex');
  const fill = async (part: string) => {
    await run(python.program, ['-m', 'venv', part]);
    // of the thousands of files few are ever imported, which compiles them: doing all at once takes a minute
    const flags = ['--quiet', '--disable-pip-version-check', '--no-compile'];
    await run(join(part, 'bin/python'), ['-m', 'pip', 'install', ...flags, '-r', requirements]);
  };
  const folder = await keepOnce(`python-sdk-${version}-${key.slice(0, 16)}`, fill, TOOLS);
  return join(folder, 'bin/python');
}

async function findPython(): Promise<{ program: string; version: string }> {
  for (const program of ['python3', 'python']) {
    try {
      const { stdout } = await run(program, ['-c', 'import sys, venv; print(sys.version)']);
      const [, major, minor] = /^(\d+)\.(\d+)/.exec(stdout) ?? [];
      if (Number(major) === 3 && Number(minor) >= MINOR) return { program, version: stdout.trim() };
    } catch {
      // not there, or without venv: the next one may do
    }
  }
  throw new PythonMissing(`no python3 of 3.${MINOR} or newer with its venv module on the PATH`);
}
