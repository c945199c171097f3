import type { Command } from 'commander';
import { addDatabaseCommand, addUrlArgument, secondsToMs, wholeNumber } from '../command.js';
import { type Database, type DatabaseOptions, noSuchConversation, onDatabase } from '../database.js';

interface TailOptions extends DatabaseOptions {
  readonly last: number;
  readonly follow?: boolean;
  readonly interval: number;
}

/** In ms. */
const SHORTEST_INTERVAL = 10;

/** `sessions tail`. */
export function addTail(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'tail',
    summary: 'show the newest items of a conversation, and those to come',
    description:
      'Shows the newest items of a conversation, as "show" does. With --follow it goes on with those that are added, until Ctrl+C ends it.',
    examples: [
      'sessions tail chat_123 sqlite:./sessions.db',
      'sessions tail chat_123 --last 3 --json sqlite:./sessions.db',
    ],
  }).argument('<id>', 'the id of the conversation');
  addUrlArgument(command)
    .option('--last <number>', 'how many items at first', wholeNumber, 10)
    .option('-f, --follow', 'go on with what is added')
    .option('--interval <seconds>', 'how often it looks for what is added', secondsToMs, 1000)
    .action((id: string, url: string | undefined, options: TailOptions) =>
      onDatabase(url, options, (database) => tail(database, id, options)),
    );
}

async function tail(database: Database, id: string, options: TailOptions): Promise<void> {
  const { sessions, session, signal } = database;
  const { newestItems, printItems } = await import('../conversation/show.js');
  if (!(await sessions.retrieve(id))) noSuchConversation();
  const entries = await newestItems(database, id, options.last);
  await printItems(database.output, entries, { isFirst: true });
  if (!options.follow) return;
  const { together } = await import('../conversation/together.js');
  const interval = Math.max(Math.round(options.interval), SHORTEST_INTERVAL);
  const watch = session(id).watch({ after: entries.at(-1)?.id, interval, signal });
  for await (const added of together(watch)) await printItems(database.output, added, {});
  signal.throwIfAborted();
}
