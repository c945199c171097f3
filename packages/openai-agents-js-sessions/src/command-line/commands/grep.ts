import type { HistoryItem } from '@stackone/sessions-core';
import { type Command, InvalidArgumentError } from 'commander';
import { addDatabaseCommand, addUrlArgument, wholeNumber } from '../command.js';
import { type Database, type DatabaseOptions, noSuchConversation, onDatabase } from '../database.js';
import { CommandFailure, EXIT } from '../exit-codes.js';

interface GrepOptions extends DatabaseOptions {
  readonly id?: string;
  readonly ignoreCase?: boolean;
  readonly limit?: number;
}

/** `sessions grep`. */
export function addGrep(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'grep',
    summary: 'look for a text in conversations',
    description:
      'Looks for a text in what was said, what was passed to tools and what they answered: in all conversations, one after the other, or in ' +
      'one. It reads them all, page by page. Ends with 3 where it is nowhere.',
    examples: [
      'sessions grep order sqlite:./sessions.db',
      'sessions grep --ignore-case --id chat_123 "WAS SENT" sqlite:./sessions.db',
      'sessions grep --limit 1 --json order sqlite:./sessions.db',
    ],
  }).argument('<text>', 'the text', (text: string) => {
    if (text === '') throw new InvalidArgumentError('It must not be empty.');
    return text;
  });
  addUrlArgument(command)
    .option('--id <id>', 'only in this conversation')
    .option('-i, --ignore-case', 'upper and lower case are the same')
    .option('--limit <number>', 'how many items at most', wholeNumber)
    .action((text: string, url: string | undefined, options: GrepOptions) =>
      onDatabase(url, options, (database) => grep(database, text, options)),
    );
}

async function grep(database: Database, text: string, options: GrepOptions): Promise<void> {
  const { sessions, output, signal } = database;
  const { limit = Number.POSITIVE_INFINITY, ignoreCase = false } = options;
  const { excerptOf, jsonOfMatch, lineOfMatch } = await import('../conversation/matches.js');
  if (options.id !== undefined && !(await sessions.retrieve(options.id))) noSuchConversation();
  let found = 0;
  for await (const { id, entry } of entriesOf(database, options.id)) {
    signal.throwIfAborted();
    const excerpt = excerptOf(entry.item, text, ignoreCase);
    if (excerpt === undefined) continue;
    await (output.isJson
      ? output.json(jsonOfMatch(id, entry, excerpt))
      : output.lines(lineOfMatch(output, id, entry, excerpt)));
    if (++found >= limit) return;
  }
  if (found === 0) throw new CommandFailure('The text is in no item.', EXIT.notFound);
}

async function* entriesOf(
  { sessions, session }: Database,
  id: string | undefined,
): AsyncGenerator<{ readonly id: string; readonly entry: HistoryItem }> {
  if (id !== undefined) {
    for await (const entry of session(id).items()) yield { id, entry };
    return;
  }
  for await (const info of sessions.list({ by: 'id', order: 'asc', limit: 200 }))
    for await (const entry of session(info.id).items()) yield { id: info.id, entry };
}
