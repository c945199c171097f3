#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { addBench } from './commands/bench.js';
import { addComplete } from './commands/complete.js';
import { addConformance } from './commands/conformance.js';
import { addCopy } from './commands/copy.js';
import { addDelete } from './commands/delete.js';
import { addDoctor } from './commands/doctor.js';
import { addExport } from './commands/export.js';
import { addFork } from './commands/fork.js';
import { addGrep } from './commands/grep.js';
import { addImport } from './commands/import.js';
import { addList } from './commands/list.js';
import { addPrune } from './commands/prune.js';
import { addReencrypt } from './commands/reencrypt.js';
import { addRename } from './commands/rename.js';
import { addRewind } from './commands/rewind.js';
import { addRuns } from './commands/runs.js';
import { addSchema } from './commands/schema.js';
import { addShow } from './commands/show.js';
import { addStats } from './commands/stats.js';
import { addStudio } from './commands/studio.js';
import { addTail } from './commands/tail.js';
import { addTorture } from './commands/torture.js';
import { addTurns } from './commands/turns.js';
import { failWith, fitting } from './ending.js';
import { CommandFailure, EXIT, exitCodeOf } from './exit-codes.js';
import { HELP, underHelp } from './help.js';
import { Interrupted } from './interruption.js';
import { ReaderGone } from './terminal/output.js';
import { oneLine, UsageError } from './usage-error.js';

/** In the order of the help. */
const COMMANDS = [
  addList,
  addShow,
  addTail,
  addStudio,
  addTurns,
  addGrep,
  addStats,
  addRuns,
  addDelete,
  addRename,
  addFork,
  addRewind,
  addPrune,
  addExport,
  addImport,
  addCopy,
  addSchema,
  addDoctor,
  addReencrypt,
  addBench,
  addConformance,
  addTorture,
];

const EXIT_CODES =
  '\nEnds with 0 when it is done, 1 when it failed, 2 when it was asked in a way that makes no sense, 3 when a database, conversation or ' +
  'turn is not there, 4 when it was refused: by the database, or by the answer to a question.\n';

/** What is wrong with the command line, on one line, and without a URL and what comes after it: it may hold a password. */
function misuse({ message }: CommanderError): string {
  return message
    .replace(/^error: /, '')
    .replace(/:\/\/.*/s, '://...')
    .replace(/\s*\n\s*/g, ' ');
}

/** What commands do is loaded when they run, so that the others and the help cost nothing. */
function commandLine(): Command {
  const program = new Command('sessions')
    .description('Tools for the sessions of the OpenAI Agents JS SDK.')
    .version(manifest.version)
    .configureHelp(HELP)
    // told where all errors are
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', underHelp(EXIT_CODES))
    .exitOverride();
  for (const add of COMMANDS) add(program);
  return program;
}

async function main(): Promise<void> {
  try {
    const program = commandLine();
    addComplete(program, commandLine);
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) process.exitCode = EXIT.done;
      else if (error.code === 'commander.help')
        process.exitCode = EXIT.misuse; // the help is there
      else await failWith(misuse(error), EXIT.misuse);
    } else if (error instanceof UsageError || error instanceof TypeError)
      await failWith(oneLine(error), EXIT.misuse);
    else if (error instanceof ReaderGone) process.exitCode = EXIT.done;
    else if (error instanceof Interrupted) {
      process.stderr.write(`${await fitting(error.message)}\n`);
      process.exitCode = error.exitCode;
    } else if (error instanceof CommandFailure) await failWith(error.message, error.exitCode);
    else await failWith(oneLine(error), exitCodeOf((error as { code?: unknown }).code));
  }
}

void main();
