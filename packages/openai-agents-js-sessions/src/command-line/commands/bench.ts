import type { Command } from 'commander';
import { BENCH_DEFAULTS } from '../../bench-defaults.js';
import type { BenchCommandOptions } from '../bench.js';
import { addCommand, wholeNumber } from '../command.js';
import { endWith, failWith } from '../ending.js';

/** `sessions bench`. */
export function addBench(program: Command): void {
  addCommand(program, {
    name: 'bench',
    summary: 'measure the store of a URL on a database of yours',
    description:
      'Measures turns, the newest items of a long conversation, and pops. Works on conversations of its own and removes them, ' +
      'also when it is interrupted. Ends with 0 if everything that was read was what had been written, 1 if it was not or ' +
      'a call failed, 2 if nothing could be measured.',
    examples: ['sessions bench sqlite:./sessions.db --rounds 3 --callers 8 --items 100'],
  })
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
      const { benchCommand } = await import('../bench.js');
      const { text, error, code } = await benchCommand(url, options);
      if (error === undefined) await endWith(text, code, options.json);
      else await failWith(error, code);
    });
}
