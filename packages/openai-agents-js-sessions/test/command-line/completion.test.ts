// Commands, options and their values are completed in shells.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '@stackone/test-environment';
import { expect, test } from 'vitest';
import { PROGRAM, sessions } from '../run-sessions.js';

/** What is offered for the last word. */
async function offered(...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await sessions(['complete', '--', ...words]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(':'))
    .map((line) => line.split('\t')[0] ?? '');
}

test('commands, options, values', async () => {
  expect(await offered('')).toEqual(expect.arrayContaining(['list', 'show', 'copy', 'complete']));
  expect(await offered('re')).toEqual(['rename', 'rewind', 'reencrypt']);
  expect(await offered('list', '--ord')).toEqual(['--order']);
  expect(await offered('list', '--order', '')).toEqual(['asc', 'desc']);
});

test.each(['bash', 'zsh', 'fish', 'powershell'])('there is a script for %s', async (shell) => {
  const { code, stdout, stderr } = await sessions(['complete', shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('sessions');
});

test.each([[[]], [['nosh']]])('complete %j makes no sense', async (args) => {
  expect(await sessions(['complete', ...args])).toMatchObject({ code: 2, stdout: '' });
});

test('bash itself, with the script', async () => {
  const bin = join(temporaryFolder(), 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'sessions'), `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`, {
    mode: 0o755,
  });
  const script = `source <(sessions complete bash)
    function_name=$(complete -p sessions | sed 's/.*-F \\([^ ]*\\).*/\\1/')
    COMP_WORDS=(sessions re); COMP_CWORD=1; COMP_LINE='sessions re'; COMP_POINT=\${#COMP_LINE}
    "$function_name" sessions re sessions
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const environment = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', script], { env: environment });
  const words = stdout.split('\n').map((line) => line.split(/\s/)[0]);
  expect(words).toEqual(expect.arrayContaining(['rename', 'rewind', 'reencrypt']));
});
