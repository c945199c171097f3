import type { Command } from 'commander';
import { addDatabaseCommand, addUrlArgument, wholeNumber } from '../command.js';
import { type DatabaseOptions, onDatabase } from '../database.js';
import { printableLine } from '../terminal/printable.js';

interface ForkOptions extends DatabaseOptions {
  readonly upTo?: number;
}

/** `sessions fork`. */
export function addFork(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'fork',
    summary: 'copy a conversation to another id',
    description:
      'Makes a conversation of the items of another one, which stays as it is. It never takes the place of another conversation.',
    examples: [
      'sessions fork chat_123 chat_123_again sqlite:./sessions.db',
      'sessions fork chat_123 beginning_of_chat_123 --up-to 2 sqlite:./sessions.db',
    ],
  })
    .argument('<id>', 'the id of the conversation')
    .argument('<new-id>', 'the id of the copy');
  addUrlArgument(command)
    .option('--up-to <number>', 'only so many of the oldest items: choose the end of a turn', wholeNumber)
    .action((id: string, newId: string, url: string | undefined, options: ForkOptions) =>
      onDatabase(url, options, async ({ sessions, output }) => {
        const info = await sessions.fork(id, newId, { upTo: options.upTo });
        await (output.isJson ? output.json(info) : output.lines(`forked to ${printableLine(info.id)}`));
      }),
    );
}
