// node tooling/bootstrap/run.mjs "[quiet] [locked] program args && program args" [more args for the last program]
//
// Runs the programs one after the other with a fitting Node, the pnpm of `packageManager` and the locked dependencies.
// What is missing is taken from the npm registry, once, into .tools/ and node_modules/.
//   quiet    the output is shown only if the program fails
//   locked   one at a time in this checkout: two builds at once would delete each other's files
import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { execute, parseScript } from './commands.mjs';
import { dependenciesAreInstalled, installDependencies } from './dependencies.mjs';
import { withLock } from './lock.mjs';
import { Problem } from './problem.mjs';
import { findNode, findPnpm, Interrupted, takeNode, takePnpm, withNode, withPath } from './toolchain.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const tools = join(root, '.tools');
const say = (/** @type {string} */ line) => void process.stderr.write(`bootstrap: ${line}\n`);

try {
  const [script = '', ...extra] = process.argv.slice(2);
  // npm takes this word away, pnpm hands it on
  if (extra[0] === '--') extra.shift();
  end(await main(parseScript(script, extra)));
} catch (error) {
  if (error instanceof Interrupted) {
    end({ code: 1, signal: error.signal });
  } else if (error instanceof Problem) {
    say(error.message);
    process.exitCode = 1;
  } else if (isDenied(error)) {
    say(`cannot write to ${error.path ?? root}: ${error.code}`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}

/** @param {import('./commands.mjs').Command[]} commands */
async function main(commands) {
  const env = await prepare(commands[0]?.words[0] === 'pnpm');
  for (const { words, quiet, locked } of commands) {
    const work = () => execute(words, { env, quiet });
    const outcome = locked ? await alone(work) : await work();
    if (outcome.code === 0 && !outcome.signal) continue;
    if (quiet) process.stderr.write(outcome.output);
    return outcome;
  }
  return { code: 0, signal: null };
}

/**
 * The environment for the programs, after what is missing was taken.
 * @param {boolean} forPnpm the script is a pnpm command, which may be about to change the dependencies
 */
async function prepare(forPnpm) {
  const place = { root, tools, say, env: settings() };
  // `pnpm test` and its like: pnpm has just checked the dependencies itself, and is there
  const byPnpm = /^pnpm\//.test(process.env.npm_config_user_agent ?? '');
  const version = pinnedPnpm();

  const look = async () => {
    const node = await findNode(place);
    const pnpm = byPnpm ? {} : await findPnpm(place, version);
    return { node, pnpm, dependencies: forPnpm || byPnpm || dependenciesAreInstalled(root) };
  };

  let found = await look();
  if (!found.node || !found.pnpm || !found.dependencies) {
    found = await alone(async () => {
      let now = await look(); // another process may have done it while we waited
      if (!now.node) await takeNode(place);
      if (!now.pnpm) await takePnpm(place, version);
      if (!now.node || !now.pnpm) now = await look();
      if (!now.node || !now.pnpm)
        throw new Problem(`what was put into ${tools} does not run on this machine`);
      if (!now.dependencies)
        await installDependencies({ ...place, env: environment(place.env, now.node, now.pnpm) });
      return now;
    });
  }
  return environment(place.env, found.node, found.pnpm);
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {import('./toolchain.mjs').Tool | undefined} node
 * @param {import('./toolchain.mjs').Tool | undefined} pnpm
 */
function environment(env, node, pnpm) {
  const bins = [join(root, 'node_modules', '.bin'), ...(pnpm?.bin ? [pnpm.bin] : [])];
  const withTools = withPath(env, bins);
  return node?.bin ? withNode(withTools, node.bin) : withTools;
}

function settings() {
  const env = { ...process.env };
  env.TURBO_TELEMETRY_DISABLED = '1';
  env.TURBO_NO_UPDATE_NOTIFIER = '1';
  // the dependencies are checked here, once: the tasks that turbo starts side by side must not each install
  env.pnpm_config_verify_deps_before_run = 'false';
  if (!homeIsUsable()) {
    // a service account: npm, pnpm and turbo all want to keep something there
    env.HOME = join(tools, 'home');
    mkdirSync(env.HOME, { recursive: true });
    env.npm_config_cache = join(tools, 'npm-cache');
  }
  return env;
}

function homeIsUsable() {
  if (process.platform === 'win32') return true;
  try {
    accessSync(homedir(), constants.W_OK);
    return true;
  } catch {
    return false; // absent, not ours, or this user has none at all
  }
}

function pinnedPnpm() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const version = /^pnpm@([^+]+)/.exec(packageManager)?.[1];
  if (!version) throw new Problem(`packageManager in package.json does not name a pnpm: ${packageManager}`);
  return version;
}

/**
 * @template T
 * @param {() => Promise<T>} work
 */
function alone(work) {
  return withLock(join(tools, 'lock'), () => say('waiting for another run in this folder'), work);
}

/**
 * @param {unknown} error
 * @returns {error is NodeJS.ErrnoException}
 */
function isDenied(error) {
  return ['EACCES', 'EPERM', 'EROFS', 'ENOSPC'].includes(
    /** @type {NodeJS.ErrnoException} */ (error).code ?? '',
  );
}

/** @param {{ code: number, signal: NodeJS.Signals | null }} outcome */
function end({ code, signal }) {
  // ended as the program was, so that whoever waits sees the same
  if (signal) process.kill(process.pid, signal);
  else process.exitCode = code;
}
