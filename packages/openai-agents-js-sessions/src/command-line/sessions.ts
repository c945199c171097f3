#!/usr/bin/env node
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { UsageError } from './usage-error.js';

/** What the program ends with when it was called in a way that makes no sense. */
const MISUSE = 2;

function secondsToMs(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 86_400)) throw new InvalidArgumentError('It must be a number of seconds.');
  return seconds * 1000;
}

/** Commands are loaded when they run, so that the others and the help cost nothing. */
function commandLine(): Command {
  const program = new Command('sessions')
    .description('Tools for the sessions of the OpenAI Agents JS SDK.')
    .version(manifest.version)
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
  return program;
}

/** Ends the program once the text is written, whatever an implementation under test has left open. */
function finish(text: string, code: number): void {
  process.stdout.write(text, () => process.exit(code));
}

function fail(message: string): void {
  process.stderr.write(`error: ${message}\n`, () => process.exit(MISUSE));
}

async function main(): Promise<void> {
  try {
    await commandLine().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : MISUSE;
    else if (error instanceof UsageError) fail(error.message);
    else throw error;
  }
}

void main();
