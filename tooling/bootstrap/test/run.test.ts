import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NODE_VERSION, nodePackage } from '../node-release.mjs';
import type { LocalRegistry } from './local-registry.ts';
import { PNPM_VERSION, Project } from './project.ts';

const NODE_FOLDER = `node-${NODE_VERSION}`;
const PNPM_FOLDER = `pnpm-${PNPM_VERSION}`;
const ASK = 'node -p process.env.CAME_FROM_REGISTRY';

let template: Project;
let project: Project;
let registry: LocalRegistry;

beforeAll(async () => {
  template = new Project();
  const source = await template.registry();
  expect(await template.run(ASK, { registry: source })).toMatchObject({ code: 0 });
  await source.close();
});

afterAll(() => template[Symbol.dispose]());

/** A fresh project, or one in which the bootstrap has done its work already. */
async function start(from?: Project): Promise<void> {
  project = new Project(from);
  registry = await project.registry();
}

afterEach(async () => {
  await registry.close();
  project[Symbol.dispose]();
});

describe('the first time', () => {
  beforeEach(() => start());

  test('takes Node and pnpm, installs, and runs the script with them', async () => {
    const result = await project.run(ASK, { registry });
    expect(result).toMatchObject({ code: 0, stdout: 'yes\n' });
    expect(result.stderr.trim().split('\n')).toEqual([
      `bootstrap: Node 20.20.2 does not fit, taking Node ${NODE_VERSION} from the npm registry`,
      `bootstrap: Node ${NODE_VERSION} is in .tools/${NODE_FOLDER}`,
      `bootstrap: taking pnpm ${PNPM_VERSION} from the npm registry`,
      `bootstrap: pnpm ${PNPM_VERSION} is in .tools/${PNPM_FOLDER}`,
      'bootstrap: installing the dependencies',
    ]);
    expect(project.tools()).toEqual([NODE_FOLDER, PNPM_FOLDER]);
    expect(project.installs()).toBe(1);
  });

  test('takes no Node where the present one fits', async () => {
    expect(await project.run(ASK, { registry, oldNode: false })).toMatchObject({
      code: 0,
      stdout: 'undefined\n',
    });
    expect(project.tools()).toEqual([PNPM_FOLDER]);
  });

  test('without network says in one line what is missing and what to do', async () => {
    const { code, stdout, stderr } = await project.run(ASK);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n').slice(1)).toEqual([
      expect.stringMatching(
        /^bootstrap: cannot fetch Node [\d.]+: the npm registry is out of reach \(E[A-Z]+\)\. Connect .* or install Node .*$/,
      ),
    ]);
    expect(project.tools()).toEqual([]);
  });

  test('says in one line that a package is not there', async () => {
    project.write('package.json', JSON.stringify({ packageManager: 'pnpm@1.2.3' }));
    const { code, stderr } = await project.run(ASK, { registry, oldNode: false });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n').slice(1)).toEqual([
      expect.stringMatching(/^bootstrap: cannot fetch pnpm 1\.2\.3: .*1\.2\.3/),
    ]);
  });

  test('two at once download once', async () => {
    const results = await Promise.all([project.run(ASK, { registry }), project.run(ASK, { registry })]);
    for (const result of results) expect(result).toMatchObject({ code: 0, stdout: 'yes\n' });
    expect(registry.requests.filter((path) => path.endsWith('.tgz'))).toHaveLength(2);
    expect(project.installs()).toBe(1);
    expect(project.tools()).toEqual([NODE_FOLDER, PNPM_FOLDER]);
  });

  test('works for a user without a home', async () => {
    const result = await project.run('node -p process.env.HOME', { registry, env: { HOME: '/nonexistent' } });
    expect(result).toMatchObject({ code: 0, stdout: `${project.path('.tools/home')}\n` });
  });
});

describe('the second time', () => {
  beforeEach(() => start(template));

  test('neither downloads nor installs', async () => {
    expect(await project.run(ASK)).toEqual({ code: 0, signal: null, stdout: 'yes\n', stderr: '' });
    expect(project.installs()).toBe(1);
  });

  test('replaces a Node that cannot run', async () => {
    const bin = join(
      NODE_FOLDER,
      'node_modules',
      nodePackage(process.platform, process.arch, false),
      'bin',
      'node',
    );
    truncateSync(project.path(join('.tools', bin)), 0);
    expect((await project.run(ASK)).stderr).toMatch(/cannot fetch Node/);
    expect(await project.run(ASK, { registry })).toMatchObject({ code: 0, stdout: 'yes\n' });
  });

  test('replaces a pnpm of which only the placeholder is there', async () => {
    writeFileSync(project.path(join('.tools', PNPM_FOLDER, 'node_modules/pnpm/pnpm')), '#!/bin/sh\nexit 1\n');
    expect(await project.run('pnpm hello', { registry })).toMatchObject({ code: 0, stdout: 'pnpm hello\n' });
  });

  test('installs again after a change of the lock file, of a dependency, or of the folders', async () => {
    project.write('pnpm-lock.yaml', "lockfileVersion: '9.0'\n# changed\n");
    await project.run(ASK);
    expect(project.installs()).toBe(2);
    project.write('packages/one/package.json', '{ "name": "one", "dependencies": { "two": "^2.0.0" } }');
    await project.run(ASK);
    expect(project.installs()).toBe(3);
    rmSync(project.path('packages/one/node_modules'), { recursive: true });
    await project.run(ASK);
    expect(project.installs()).toBe(4);
    project.write(
      'packages/one/package.json',
      '{ "name": "one", "dependencies": { "two": "^2.0.0" }, "scripts": {} }',
    );
    await project.run(ASK);
    expect(project.installs()).toBe(4);
  });

  test('an install that fails is tried again by the next run, and its reason is shown', async () => {
    project.write('pnpm-lock.yaml', 'changed\n');
    const failed = await project.run(ASK, { env: { PNPM_FAILS: 'ERR_PNPM_OUTDATED_LOCKFILE' } });
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toMatch(/ERR_PNPM_OUTDATED_LOCKFILE\nbootstrap: pnpm install failed, see above\n$/);
    expect(await project.run(ASK)).toMatchObject({ code: 0, stdout: 'yes\n' });
    expect(project.installs()).toBe(2);
  });

  test('an install without network fails with one line', async () => {
    project.write('pnpm-lock.yaml', 'changed\n');
    const { code, stderr } = await project.run(ASK, {
      env: { PNPM_FAILS: 'Error: ERR_PNPM_META_FETCH_FAIL and more' },
    });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n').slice(1)).toEqual([
      'bootstrap: cannot fetch the dependencies: the npm registry is out of reach (ERR_PNPM_META_FETCH_FAIL). Connect to it once; then run this again',
    ]);
  });

  test('does not install for a pnpm command, nor where pnpm started the script', async () => {
    project.write('pnpm-lock.yaml', 'changed\n');
    expect(await project.run('pnpm', { args: ['add', 'a package'] })).toMatchObject({
      stdout: 'pnpm add a package\n',
    });
    await project.run(ASK, { env: { npm_config_user_agent: 'pnpm/12.21.0 npm/? node/v24.21.0 linux x64' } });
    expect(project.installs()).toBe(1);
  });

  test('waits for a lock that is held, and takes over that of a process that is gone', async () => {
    const lock = project.path('.tools/lock');
    writeFileSync(lock, JSON.stringify({ pid: process.pid, host: hostname() }));
    const { ended, child } = project.start(`locked ${ASK}`);
    const told = new Promise<string>((resolve) => child.stderr?.once('data', resolve));
    expect(await told).toBe('bootstrap: waiting for another run in this folder\n');
    writeFileSync(lock, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname() })); // beyond the highest process id
    expect(await ended).toMatchObject({ code: 0, stdout: 'yes\n' });
    expect(project.tools()).toEqual([NODE_FOLDER, PNPM_FOLDER]);
  });
});

describe('an interrupted download', () => {
  beforeEach(() => start());

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'by %s leaves nothing that is taken for a tool',
    async (signal) => {
      const { child, ended } = project.start(ASK, { registry });
      await new Promise<void>((resolve) => {
        registry.onTarball = () => {
          resolve();
          return new Promise(() => {}); // the download hangs
        };
      });
      child.kill(signal);
      expect(await ended).toMatchObject({ signal, stdout: '' });
      expect(project.tools()).not.toContain(NODE_FOLDER);
      if (signal === 'SIGTERM') expect(project.tools()).toEqual([]);

      registry.onTarball = () => {};
      expect(await project.run(ASK, { registry })).toMatchObject({ code: 0, stdout: 'yes\n' });
      expect(project.tools()).toEqual([NODE_FOLDER, PNPM_FOLDER]);
    },
  );
});

describe('the program that is run', () => {
  beforeEach(() => start(template));

  test('gets the input and the extra arguments, and decides the exit code', async () => {
    project.write(
      'echo.mjs',
      'process.stdin.pipe(process.stdout); console.log(process.argv.slice(2)); process.exitCode = 7;',
    );
    expect(
      await project.run('node echo.mjs one', { args: ['two words', '$x'], input: 'typed\n' }),
    ).toMatchObject({
      code: 7,
      stdout: "[ 'one', 'two words', '$x' ]\ntyped\n",
    });
  });

  test('gets the same arguments from pnpm, which hands the -- on', async () => {
    expect(await project.run('pnpm add', { args: ['--', 'name'] })).toMatchObject({
      stdout: 'pnpm add name\n',
    });
  });

  test('gets the signals, and its end by one is passed on', async () => {
    project.write(
      'wait.mjs',
      "process.once('SIGTERM', () => process.kill(process.pid, 'SIGHUP')); console.log('up'); setInterval(() => {}, 1000);",
    );
    const { child, ended } = project.start('node wait.mjs');
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: null, signal: 'SIGHUP' });
  });

  test('stops the script when it fails; a quiet one is heard only then', async () => {
    expect(await project.run('quiet node -p 1+1 && node -p 2+2')).toMatchObject({
      code: 0,
      stdout: '4\n',
    });
    project.write('fail.mjs', "console.log('the reason'); process.exitCode = 3;");
    const failed = await project.run('quiet node fail.mjs && node -p 2+2');
    expect(failed).toMatchObject({ code: 3, stdout: '', stderr: 'the reason\n' });
  });

  test('is named when it does not exist', async () => {
    expect(await project.run('no-such-program', { oldNode: false })).toMatchObject({
      code: 1,
      stderr: 'bootstrap: no-such-program was not found\n',
    });
  });

  test('has the headers of the Node that was taken', async () => {
    const { stdout } = await project.run('node -p process.env.npm_config_nodedir', {
      env: { npm_config_nodedir: '/usr' },
    });
    expect(stdout.trim()).toBe(
      project.path(
        join('.tools', NODE_FOLDER, 'node_modules', nodePackage(process.platform, process.arch, false)),
      ),
    );
  });
});
