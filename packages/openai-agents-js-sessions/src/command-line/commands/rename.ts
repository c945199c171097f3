import type { Command } from 'commander';
import { addDatabaseCommand, addUrlArgument } from '../command.js';
import { type DatabaseOptions, onDatabase } from '../database.js';
import { printableLine } from '../terminal/printable.js';

/** `sessions rename`. */
export function addRename(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'rename',
    summary: 'give a conversation another id',
    description:
      'Gives a conversation another id, with its items, times, title, metadata and usage, in one transaction. ' +
      'It never takes the place of another conversation.',
    examples: ['sessions rename chat_123 chat_123_old sqlite:./sessions.db'],
  })
    .argument('<id>', 'the id of the conversation')
    .argument('<new-id>', 'its new id');
  addUrlArgument(command).action(
    (id: string, newId: string, url: string | undefined, options: DatabaseOptions) =>
      onDatabase(url, options, async ({ sessions, output }) => {
        const info = await sessions.rename(id, newId);
        await (output.isJson ? output.json(info) : output.lines(`renamed to ${printableLine(info.id)}`));
      }),
  );
}
