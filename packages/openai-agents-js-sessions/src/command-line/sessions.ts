#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { BENCH_DEFAULTS } from '../measure-store.js';
import type { BenchCommandOptions } from './bench.js';
import { UsageError } from './usage-error.js';

/** What the program ends with when it was called in a way that makes no sense. */
const MISUSE = 2;

function secondsToMs(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 86_400)) throw new InvalidArgumentError('It must be a number of seconds.');
  return seconds * 1000;
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!(Number.isSafeInteger(number) && number >= 1)) {
    throw new InvalidArgumentError('It must be a whole number of at least 1.');
  }
  return number;
}

/** What is wrong with the command line, without a URL and what comes after it: it may hold a password. */
const withoutUrl = (text: string) => text.replace(/:\/\/.*/s, '://...\n');

/** Commands are loaded when they run, so that the others and the help cost nothing. */
function commandLine(): Command {
  const program = new Command('sessions')
    .description('Tools for the sessions of the OpenAI Agents JS SDK.')
    .version(manifest.version)
    .configureOutput({ outputError: (text, write) => write(withoutUrl(text)) })
    .exitOverride();
  program
    .command('conformance')
    .summary('check an implementation of a session, a store or a backend')
    .description(
      'Runs the conformance suite. Ends with 0 if every case passed, 1 if one failed, 2 if nothing could be checked.',
    )
    .argument(
      '<target>',
      'a module (JavaScript or TypeScript) that exports open(), or the URL of a database of ours',
    )
    .option('--json', 'print the report as JSON')
    .option('--time-limit <seconds>', 'how long one case may take', secondsToMs, 30_000)
    .action(async (target: string, options: { json?: boolean; timeLimit: number }) => {
      const { conformance } = await import('./conformance.js');
      const { text, failed } = await conformance(target, options);
      finish(text, failed > 0 ? 1 : 0);
    });
  program
    .command('bench')
    .summary('measure the store of a URL on a database of yours')
    .description(
      'Measures turns, the newest items of a long conversation, and pops. Works on conversations of its own and removes them, ' +
        'also when it is interrupted. Ends with 0 if everything that was read was what had been written, 1 if it was not or ' +
        'a call failed, 2 if nothing could be measured.',
    )
    .argument('<url>', 'the URL of a database, as openSessionStore() takes it')
    .option(
      '--rounds <number>',
      'how many calls of one caller are measured',
      wholeNumber,
      BENCH_DEFAULTS.rounds,
    )
    .option(
      '--callers <number>',
      'how many callers append at the same time',
      wholeNumber,
      BENCH_DEFAULTS.callers,
    )
    .option('--items <number>', 'how long the long conversation is', wholeNumber, BENCH_DEFAULTS.items)
    .option('--store <json>', 'options of the store, for example {"createTables":false}')
    .option('--json', 'print the report as JSON')
    .action(async (url: string, options: BenchCommandOptions) => {
      const { benchCommand } = await import('./bench.js');
      const { text, error, code } = await benchCommand(url, options);
      if (error === undefined) finish(text, code);
      else fail(error, code);
    });
  return program;
}

/** Ends the program once the text is written, whatever an implementation under test has left open. */
function finish(text: string, code: number): void {
  process.stdout.write(text, () => process.exit(code));
}

function fail(message: string, code: number): void {
  process.stderr.write(`error: ${message}\n`, () => process.exit(code));
}

async function main(): Promise<void> {
  try {
    await commandLine().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : MISUSE;
    else if (error instanceof UsageError) fail(error.message, MISUSE);
    else throw error;
  }
}

void main();
