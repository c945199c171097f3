import { setTimeout as wait } from 'node:timers/promises';
import type { HistoryItem } from '@stackone/sessions-core';
import type { Command } from 'commander';
import { addDatabaseCommand, addUrlArgument, secondsToMs, wholeNumber } from '../command.js';
import { type Database, type DatabaseOptions, noSuchConversation, onDatabase } from '../database.js';

interface TailOptions extends DatabaseOptions {
  readonly last: number;
  readonly follow?: boolean;
  readonly interval: number;
}

/** The most that is read at once. */
const PAGE = 1000;

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
  const print = (entries: readonly HistoryItem[]) => printItems(database.output, entries, false);
  if (!(await sessions.retrieve(id))) noSuchConversation();
  let entries = await newestItems(database, id, options.last);
  await print(entries);
  for (let last = entries.at(-1)?.id; options.follow; last = entries.at(-1)?.id ?? last) {
    await wait(options.interval, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
    const page = await session(id).history({ limit: PAGE, after: last });
    entries = [...page.data];
    await print(entries);
  }
}
