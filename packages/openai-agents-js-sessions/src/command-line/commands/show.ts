import type { Command } from 'commander';
import { addDatabaseCommand, addUrlArgument, wholeNumber } from '../command.js';
import { type DatabaseOptions, onDatabase } from '../database.js';

/** What `sessions show` is told. */
export interface ShowOptions extends DatabaseOptions {
  readonly last?: number;
  readonly full?: boolean;
  readonly pager?: boolean;
}

/** `sessions show`. */
export function addShow(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'show',
    summary: 'show a conversation',
    description:
      'Shows a conversation: who said what when, calls of tools with what they answered, what the model thought. ' +
      'With --json each line is an item as it is stored, with its id, its time and its turn. ' +
      'In a terminal it goes through $PAGER, if that is set.',
    examples: [
      'sessions show chat_123 sqlite:./sessions.db',
      'sessions show chat_123 --last 20 --full sqlite:./sessions.db',
      'sessions show chat_123 --json sqlite:./sessions.db',
    ],
  }).argument('<id>', 'the id of the conversation');
  addUrlArgument(command)
    .option('--last <number>', 'only the newest items', wholeNumber)
    .option('--full', 'all of long texts of tools, too')
    .option('--no-pager', 'print it all at once')
    .action((id: string, url: string | undefined, options: ShowOptions) =>
      onDatabase(url, options, async (database) => {
        const { show } = await import('../conversation/show.js');
        await show(database, id, options);
      }),
    );
}
