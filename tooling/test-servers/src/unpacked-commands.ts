import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { UnpackedProgram } from './debian-packages.ts';

/**
 * Makes commands of unpacked programs that can be run by their path alone, as programs run each other: each is a script that has
 * the loader of the package start the program, which believes to be called by its own path inside of the package.
 *
 * @param folder - Where they are made.
 * @param paths - The programs in the package, by the names of the commands.
 * @param environment - Variables that they need.
 */
export async function makeCommands(
  folder: string,
  { command, prefix, root }: UnpackedProgram,
  paths: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const [, libraries = ''] = prefix; // --library-path, the folders, the program
  const variables = Object.entries(environment).map(([name, value]) => `export ${name}=${quoted(value)}`);
  for (const [name, path] of Object.entries(paths)) {
    const file = join(folder, name);
    const run = [command, '--library-path', libraries].map(quoted).join(' ');
    const lines = [
      '#!/bin/sh',
      ...variables,
      `exec ${run} --argv0 "$0" ${quoted(join(root, path))} "$@"`,
      '',
    ];
    await writeFile(file, lines.join('\n'));
    await chmod(file, 0o755);
  }
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
