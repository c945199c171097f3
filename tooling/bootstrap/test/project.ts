import { type ChildProcess, spawn } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE_VERSION, nodePackage } from '../node-release.mjs';
import { type LocalRegistry, startRegistry } from './local-registry.ts';

const BOOTSTRAP = fileURLToPath(new URL('..', import.meta.url));
const OLD_NODE = fileURLToPath(new URL('old-node.mjs', import.meta.url));
export const PNPM_VERSION = '99.1.2';
const NODE_PACKAGE = nodePackage(process.platform, process.arch, false);

export interface Result {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  /** Arguments after the script. */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly oldNode?: boolean;
  /** Without one, every download fails at once. */
  readonly registry?: LocalRegistry;
}

/** A project of its own with the bootstrap in it, in a path with a space. The tools it takes are small stand-ins. */
export class Project {
  readonly #base = mkdtempSync(join(tmpdir(), 'bootstrap '));
  readonly root = join(this.#base, 'a project');

  /** @param template - A project to copy, with what it has taken and installed. */
  constructor(template?: Project) {
    mkdirSync(join(this.#base, 'home'));
    if (template) {
      cpSync(template.root, this.root, { recursive: true, verbatimSymlinks: true });
      return;
    }
    const own = join(this.root, 'tooling', 'bootstrap');
    mkdirSync(own, { recursive: true });
    for (const name of readdirSync(BOOTSTRAP).filter((file) => file.endsWith('.mjs'))) {
      copyFileSync(join(BOOTSTRAP, name), join(own, name));
    }
    this.write('package.json', JSON.stringify({ private: true, packageManager: `pnpm@${PNPM_VERSION}` }));
    this.write('pnpm-workspace.yaml', 'packages:\n  - packages/*\n');
    this.write('pnpm-lock.yaml', "lockfileVersion: '9.0'\n");
    mkdirSync(join(this.root, 'packages', 'one'), { recursive: true });
    this.write('packages/one/package.json', '{ "name": "one" }');
  }

  registry(): Promise<LocalRegistry> {
    return startRegistry(this.#base, [
      {
        name: NODE_PACKAGE,
        version: NODE_VERSION,
        files: { 'bin/node': `#!/bin/sh\nexport CAME_FROM_REGISTRY=yes\nexec '${process.execPath}' "$@"\n` },
      },
      {
        name: 'pnpm',
        version: PNPM_VERSION,
        files: { pnpm: '#!/bin/sh\nexit 1\n', 'install.js': PNPM_INSTALL },
      },
    ]);
  }

  /** Starts the bootstrap; the promise answers when it has ended. */
  start(script: string, options: RunOptions = {}): { child: ChildProcess; ended: Promise<Result> } {
    const { args = [], env = {}, input = '', oldNode = true, registry } = options;
    const preload = oldNode ? ['--import', OLD_NODE] : [];
    const child = spawn(
      process.execPath,
      [...preload, join(this.root, 'tooling/bootstrap/run.mjs'), script, ...args],
      {
        cwd: this.root,
        env: {
          PATH: process.env.PATH,
          HOME: join(this.#base, 'home'),
          // port 9 (discard) is closed
          npm_config_registry: 'http://127.0.0.1:9/',
          npm_config_update_notifier: 'false',
          ...registry?.env,
          ...env,
        },
      },
    );
    child.stdin.end(input);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    const ended = new Promise<Result>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal, ...output }));
    });
    return { child, ended };
  }

  run(script: string, options?: RunOptions): Promise<Result> {
    return this.start(script, options).ended;
  }

  /** How often pnpm was asked to install. */
  installs(): number {
    const log = join(this.root, 'installs.log');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0;
  }

  tools(): string[] {
    const folder = join(this.root, '.tools');
    return existsSync(folder) ? readdirSync(folder).sort() : [];
  }

  path(file: string): string {
    return join(this.root, file);
  }

  write(file: string, text: string): void {
    writeFileSync(this.path(file), text);
  }

  [Symbol.dispose](): void {
    rmSync(this.#base, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Like the real one: the program is not in the package, its install script puts it there. */
const PNPM_INSTALL = `
const { writeFileSync } = require('node:fs');
writeFileSync(__dirname + '/pnpm', \`#!/bin/sh
case "$1" in
  --version) echo ${PNPM_VERSION} ;;
  install)
    if [ -n "$PNPM_FAILS" ]; then echo "$PNPM_FAILS"; exit 1; fi
    echo "$*" >> installs.log
    mkdir -p node_modules/.bin packages/one/node_modules ;;
  *) echo "pnpm $*" ;;
esac
\`, { mode: 0o755 });
`;
