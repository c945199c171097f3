// The examples under the help of each command work as they stand.
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { PROGRAM, sessions } from '../run-sessions.js';
import { commandsOfHelp } from './commands-of-help.js';
import { sampleFolder, startWaitingRun } from './sample-database.js';

const run = promisify(execFile);

const COMMANDS = await commandsOfHelp();

/** What goes on until it is ended; when it has printed something, it works. */
const GOES_ON: ReadonlySet<string> = new Set(['studio']);

test('there are commands', () => {
  expect(COMMANDS).toEqual(
    expect.arrayContaining(['list', 'show', 'delete', 'bench', 'conformance', 'runs approve']),
  );
});

test.concurrent.each(COMMANDS)('%s', async (name) => {
  const { stdout } = await sessions([...name.split(' '), '--help']);
  const examples = [...stdout.matchAll(/^ {2}\$ (.*)$/gm)].map(([, line = '']) => line);
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) {
    const { folder, url } = await sampleFolder();
    if (name.startsWith('runs')) await startWaitingRun(url);
    // what users have: the program on their path, and modules of theirs beside the packages
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'sessions'), `#!/bin/sh\nexec "${process.execPath}" "${PROGRAM}" "$@"\n`, {
      mode: 0o755,
    });
    symlinkSync(join(import.meta.dirname, '..', '..', 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(
      join(folder, 'my-store.mjs'),
      `import { MemorySessionStore } from '@stackone/sessions-memory';\nexport const open = () => new MemorySessionStore();\n`,
    );
    const running = run('sh', ['-ec', GOES_ON.has(name) ? `exec ${example} --quiet` : example], {
      cwd: folder,
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
      maxBuffer: 2 ** 26,
    });
    if (GOES_ON.has(name)) running.child.stdout?.once('data', () => running.child.kill('SIGINT'));
    // what it printed says why it failed
    const failure = await running.then(
      ({ stderr }) => stderr,
      ({ code, stdout, stderr }: Record<'code' | 'stdout' | 'stderr', unknown>) => ({ code, stdout, stderr }),
    );
    expect({ example, failure }).toEqual({ example, failure: '' });
  }
});
