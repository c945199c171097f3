import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { execute } from './commands.mjs';
import { NODE_RANGE, NODE_VERSION, nodeFits, nodePackage, onMusl } from './node-release.mjs';
import { Problem } from './problem.mjs';
import { unreachable } from './registry-failure.mjs';

const run = promisify(execFile);
const EXE = process.platform === 'win32' ? '.exe' : '';

/**
 * @typedef {{ root: string, tools: string, env: NodeJS.ProcessEnv, say: (line: string) => void }} Place
 * @typedef {{ bin?: string }} Tool `bin` goes in front of PATH; without it the tool is on PATH already
 */

/**
 * The present Node if it fits, else the one taken earlier.
 * @param {Place} place
 * @returns {Promise<Tool | undefined>}
 */
export async function findNode({ tools }) {
  if (nodeFits(process.versions.node)) return {};
  const bin = nodeBin(tools);
  // asked, not believed: a copy that cannot run is taken again
  return nodeFits(await versionOf(join(bin, `node${EXE}`), process.env)) ? { bin } : undefined;
}

/** @param {Place} place */
export async function takeNode(place) {
  const name = nodePackage(process.platform, process.arch, onMusl());
  place.say(`Node ${process.versions.node} does not fit, taking Node ${NODE_VERSION} from the npm registry`);
  await take(place, {
    folder: nodeFolder(place.tools),
    spec: `${name}@${NODE_VERSION}`,
    title: `Node ${NODE_VERSION}`,
    instead: `install ${NODE_RANGE}`,
  });
}

/**
 * The pinned pnpm: the one taken earlier (asking it costs 10 ms, another version on PATH may cost 500), else PATH's.
 * @param {Place} place
 * @param {string} version
 * @returns {Promise<Tool | undefined>}
 */
export async function findPnpm({ tools, env }, version) {
  const bin = pnpmBin(tools, version);
  if (existsSync(bin) && (await versionOf(join(bin, `pnpm${EXE}`), env)) === version) return { bin };
  return (await versionOf('pnpm', env)) === version ? {} : undefined;
}

/**
 * @param {Place} place
 * @param {string} version
 */
export async function takePnpm(place, version) {
  place.say(`taking pnpm ${version} from the npm registry`);
  await take(place, {
    folder: join(place.tools, `pnpm-${version}`),
    spec: `pnpm@${version}`,
    title: `pnpm ${version}`,
    instead: `install pnpm ${version}`,
    // what its install script would do, without letting scripts of packages run: puts the native program in place
    finish: [process.execPath, join('node_modules', 'pnpm', 'install.js')],
  });
}

/**
 * @param {string} tools
 * @param {string} version
 */
const pnpmBin = (tools, version) => join(tools, `pnpm-${version}`, 'node_modules', 'pnpm');

/** @param {string} tools */
const nodeFolder = (tools) => join(tools, `node-${NODE_VERSION}`);

/** @param {string} tools */
function nodeBin(tools) {
  return join(nodeFolder(tools), 'node_modules', nodePackage(process.platform, process.arch, false), 'bin');
}

/**
 * '' when the program is absent or cannot run.
 * @param {string} program
 * @param {NodeJS.ProcessEnv} env
 */
async function versionOf(program, env) {
  try {
    const { stdout } = await run(program, ['--version'], {
      // not in the project: there pnpm would look at the pin, and corepack would download
      cwd: parse(process.cwd()).root,
      env: { ...env, COREPACK_ENABLE_NETWORK: '0', COREPACK_ENABLE_DOWNLOAD_PROMPT: '0' },
      shell: process.platform === 'win32' && EXE !== '' && !program.endsWith(EXE),
    });
    return stdout.trim();
  } catch {
    return ''; // whatever the reason, this one is of no use
  }
}

/**
 * Installs into a folder of another name and renames it when it is complete: what bears the name is whole.
 * @param {Place} place
 * @param {{ folder: string, spec: string, title: string, instead: string, finish?: string[] }} tool
 */
async function take({ tools, env, say }, { folder, spec, title, instead, finish }) {
  for (const left of readdirSync(tools).filter((name) => name.startsWith('partial-'))) {
    rmSync(join(tools, left), { recursive: true, force: true, maxRetries: 3 });
  }
  const partial = join(tools, `partial-${process.pid}`);
  mkdirSync(partial);
  try {
    // without a manifest of its own npm would take the repository for the project
    writeFileSync(join(partial, 'package.json'), '{ "private": true }\n');
    const install = [...npm(env), 'install', spec, ...NPM_FLAGS];
    for (const words of finish ? [install, finish] : [install]) {
      const { code, interruption, output } = await execute(words, {
        cwd: partial,
        env,
        quiet: true,
        disposable: true,
      });
      if (interruption) throw new Interrupted(interruption);
      if (code !== 0) throw new Problem(whyNot(title, instead, output));
    }
    rmSync(folder, { recursive: true, force: true });
    renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true, maxRetries: 3 });
  }
  say(`${title} is in ${parse(tools).base}/${parse(folder).base}`);
}

/** A download ended by a signal that was meant for all of us. */
export class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(signal);
    this.signal = signal;
  }
}

const NPM_FLAGS = [
  '--no-save',
  '--no-package-lock',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  // three tries within seconds; npm's own waits add up to more than a minute
  '--fetch-retries=2',
  '--fetch-retry-mintimeout=500',
  '--fetch-retry-factor=2',
  '--fetch-retry-maxtimeout=3000',
];

/**
 * The npm that runs this script, else the one on PATH.
 * @param {NodeJS.ProcessEnv} env
 */
function npm(env) {
  const own = env.npm_execpath;
  if (own?.endsWith('npm-cli.js') && existsSync(own)) return [process.execPath, own];
  return ['npm'];
}

/**
 * @param {string} title
 * @param {string} instead
 * @param {string} output
 */
function whyNot(title, instead, output) {
  const network = unreachable(output);
  if (network) {
    return `cannot fetch ${title}: the npm registry is out of reach (${network}). Connect to it once, or ${instead}; then run this again`;
  }
  const said =
    output.match(/npm (?:error|ERR!) (?!code|errno|syscall|path|A complete log)(.+)/)?.[1] ??
    output.trim().split('\n')[0];
  return `cannot fetch ${title}: ${said || 'npm gave no reason'}. Mend that, or ${instead}; then run this again`;
}

/**
 * The environment in which the tools come first.
 * @param {NodeJS.ProcessEnv} env
 * @param {string[]} bins
 * @returns {NodeJS.ProcessEnv}
 */
export function withPath(env, bins) {
  // Windows writes it Path
  const key = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const separator = process.platform === 'win32' ? ';' : ':';
  return { ...env, [key]: [...bins, env[key] ?? ''].filter(Boolean).join(separator) };
}

/**
 * Names that would lead a tool back to the Node we replaced.
 * @param {NodeJS.ProcessEnv} env
 * @param {string} bin
 * @returns {NodeJS.ProcessEnv}
 */
export function withNode(env, bin) {
  const node = join(bin, `node${EXE}`);
  return {
    ...withPath(env, [bin]),
    NODE: node,
    npm_node_execpath: node,
    // node-gyp must not use the headers of another Node, to which a machine-wide setting may point
    npm_config_nodedir: dirname(bin),
  };
}
