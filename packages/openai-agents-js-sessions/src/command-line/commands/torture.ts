import { type Command, Option } from 'commander';
import { addCommand, secondsToMs, wholeNumber } from '../command.js';
import { endWith } from '../ending.js';
import type { TortureCommandOptions } from '../torture.js';

/** `sessions torture`. */
export function addTorture(program: Command): void {
  addCommand(program, {
    name: 'torture',
    summary:
      'have processes write while things go wrong, and compare what is stored with what they were told',
    description:
      'Works on conversations of its own, whose ids begin with torture-, and removes them. Ends with 0 if nothing was wrong, 1 if something was, ' +
      '2 if nothing could be tried.',
    examples: ['sessions torture sqlite:./sessions.db --rounds 1 --writers 2 --seed monday'],
  })
    .argument(
      '<target>',
      'the URL of a database of ours, or a module (JavaScript or TypeScript) that exports open()',
    )
    .option(
      '--url <url>',
      'what the open(id, url) of a module is given, by way of a network that can be made bad',
    )
    .option('--rounds <number>', 'how often each fault strikes', wholeNumber, 3)
    .option('--writers <number>', 'how many processes write', wholeNumber, 3)
    .option('--callers <number>', 'how many calls each makes at the same time', wholeNumber, 4)
    .option('--fault <text>', 'only the faults whose names have this text in them')
    .option('--seed <text>', 'where the random moments come from')
    .addOption(
      new Option('--time-limit <seconds>', 'after how long a call hangs')
        .argParser(secondsToMs)
        .default(60_000, '60'),
    )
    .option('--store <json>', 'options of the store, for example {"timeout":5000}')
    .option('--json', 'print the report as JSON')
    .action(async (target: string, options: TortureCommandOptions) => {
      const { tortureCommand } = await import('../torture.js');
      const { text, isSound } = await tortureCommand(target, options);
      await endWith(text, isSound ? 0 : 1, options.json);
    });
}
