import { spawn } from 'node:child_process';
import process from 'node:process';
import { Problem } from './problem.mjs';

/**
 * @typedef {{ words: string[], quiet: boolean, locked: boolean }} Command
 * @typedef {{ code: number, signal: NodeJS.Signals | null, output: string, interruption?: NodeJS.Signals }} Outcome
 * `interruption` is the signal this process got meanwhile, whatever the program made of it
 */

/**
 * `[quiet] [locked] program args && program args`; `extra` goes to the last program.
 * Deliberately no shell: the same words mean the same on every platform, arguments need no quoting, and a signal
 * reaches the program itself.
 * @param {string} script
 * @param {string[]} extra
 * @returns {Command[]}
 */
export function parseScript(script, extra) {
  if (/["'`$;|<>()\\]|[^&]&[^&]/.test(script)) {
    throw new Problem(`only words joined by && are understood, not: ${script}`);
  }
  const commands = script.split('&&').map((part) => {
    const words = part.split(/\s+/).filter(Boolean);
    const command = { words, quiet: false, locked: false };
    for (; words[0] === 'quiet' || words[0] === 'locked'; words.shift()) command[words[0]] = true;
    if (words.length === 0) throw new Problem(`a command is missing in: ${script}`);
    return command;
  });
  commands.at(-1)?.words.push(...extra);
  return commands;
}

/**
 * Runs one program to its end. `quiet` keeps its output back, and its input empty. One that works for nothing but a
 * folder to be thrown away is `disposable`: a signal ends it at once (npm would wait for a download that hangs).
 * @param {string[]} words
 * @param {{ cwd?: string, env: NodeJS.ProcessEnv, quiet: boolean, disposable?: boolean }} options
 * @returns {Promise<Outcome>}
 */
export function execute(words, { cwd, env, quiet, disposable = false }) {
  return new Promise((resolve, reject) => {
    const [program = '', ...args] = words;
    // the launchers in node_modules/.bin are .cmd files on Windows, which only its shell can start
    const shell = process.platform === 'win32';
    const quote = (/** @type {string} */ word) => (shell ? `"${word.replaceAll('"', '\\"')}"` : word);
    const child = spawn(quote(program), args.map(quote), {
      cwd,
      env,
      shell,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    /** @type {{ interruption?: NodeJS.Signals }} */
    const got = {};
    const stopListening = passSignals(child, (signal) => {
      got.interruption = signal;
      if (disposable) child.kill('SIGKILL');
    });
    child.once('error', (error) => {
      stopListening();
      // a folder of PATH that may not be entered makes EACCES of what is in none of the others either
      const { code } = /** @type {NodeJS.ErrnoException} */ (error);
      const missing = code === 'ENOENT' || code === 'EACCES';
      reject(missing ? new Problem(`${program} was not found`) : error);
    });
    child.once('close', (code, signal) => {
      stopListening();
      resolve({ code: code ?? 1, signal, output, ...got });
    });
  });
}

/**
 * Signals sent to this process alone go on to the child, and this process waits for the child's end.
 * @param {import('node:child_process').ChildProcess} child
 * @param {(signal: NodeJS.Signals) => void} note
 */
function passSignals(child, note) {
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
  const pass = (/** @type {NodeJS.Signals} */ signal) => {
    note(signal);
    // a terminal sends Ctrl-C to the whole group: a second one would mean "at once" to many programs
    if (process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT')) return;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, pass);
  return () => {
    for (const signal of signals) process.off(signal, pass);
  };
}
