import type { Turn } from '@stackone/sessions-core';
import type { Command } from 'commander';
import { addDatabaseCommand, addUrlArgument, addYesOption } from '../command.js';
import { type Database, type DatabaseOptions, noSuchConversation, onDatabase } from '../database.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { confirm } from '../terminal/confirm.js';
import { printable } from '../terminal/printable.js';

interface RewindOptions extends DatabaseOptions {
  readonly turn?: string;
  readonly yes?: boolean;
}

/** `sessions rewind`. */
export function addRewind(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'rewind',
    summary: 'remove the newest turns of a conversation',
    description:
      'Removes a turn and all that follows it, so that the conversation is what it was before the user said that. ' +
      'Prints what the user had said. "sessions turns" has the ids of turns.',
    examples: ['sessions rewind chat_123 --yes sqlite:./sessions.db'],
  }).argument('<id>', 'the id of the conversation');
  addYesOption(addUrlArgument(command))
    .option('--turn <id>', 'the first turn that goes (default: the newest one)')
    .action((id: string, url: string | undefined, options: RewindOptions) =>
      onDatabase(url, options, (database) => rewind(database, id, options)),
    );
}

async function rewind(database: Database, id: string, options: RewindOptions): Promise<void> {
  const { session, sessions, output, signal } = database;
  const turn = options.turn ?? (await newestTurn(database, id))?.id;
  if (turn === undefined) {
    if (!(await sessions.retrieve(id))) noSuchConversation();
    throw new CommandFailure('The conversation has no turn.', EXIT.notFound);
  }
  const which = options.turn === undefined ? 'the newest turn' : 'this turn and all that follow it';
  await confirm(`Remove ${which} from the conversation?`, { ...options, signal });
  const input = await session(id).rewind(turn);
  const { textOf } = await import('@stackone/sessions-core');
  const text = textOf(input);
  await (output.isJson ? output.json({ id, turn, text }) : output.lines(printable(text)));
}

async function newestTurn({ session }: Database, id: string): Promise<Turn | undefined> {
  const { data } = await session(id).turns({ limit: 1 });
  return data[0];
}
