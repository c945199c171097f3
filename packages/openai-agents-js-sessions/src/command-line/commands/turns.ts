import type { Turn } from '@stackone/sessions-core';
import type { Command } from 'commander';
import { addDatabaseCommand, addUrlArgument, wholeNumber } from '../command.js';
import { type Database, type DatabaseOptions, noSuchConversation, onDatabase } from '../database.js';
import { printableLine, printableTime } from '../terminal/printable.js';

interface TurnsOptions extends DatabaseOptions {
  readonly last: number;
}

/** The most that is read at once. */
const PAGE = 100;

/** `sessions turns`. */
export function addTurns(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'turns',
    summary: 'list the turns of a conversation',
    description:
      'Lists the newest turns of a conversation: each is what the user said, with all that followed it. ' +
      '"sessions rewind" takes their ids.',
    examples: [
      'sessions turns chat_123 sqlite:./sessions.db',
      'sessions turns chat_123 --last 3 --json sqlite:./sessions.db',
    ],
  }).argument('<id>', 'the id of the conversation');
  addUrlArgument(command)
    .option('--last <number>', 'how many at most', wholeNumber, 20)
    .action((id: string, url: string | undefined, options: TurnsOptions) =>
      onDatabase(url, options, (database) => turns(database, id, options)),
    );
}

async function turns(database: Database, id: string, { last }: TurnsOptions): Promise<void> {
  const { sessions, output } = database;
  const { textOf } = await import('@stackone/sessions-core');
  const { data, hasMore } = await newest(database, id, last);
  if (data.length === 0 && !(await sessions.retrieve(id))) noSuchConversation();
  if (output.isJson) {
    for (const { id: turn, createdAt, items, input } of data)
      await output.json({ id: turn, createdAt, items: items.length, text: textOf(input) });
    return;
  }
  const { Columns } = await import('../terminal/columns.js');
  const rows = data.map(({ id: turn, createdAt, items, input }) => [
    printableLine(turn),
    printableTime(createdAt),
    String(items.length),
    printableLine(textOf(input)),
  ]);
  if (rows.length > 0)
    await output.lines(...new Columns(['ID', 'TIME', 'ITEMS', 'TEXT'], output.columns).lines(rows));
  if (hasMore) output.hint(`There are more: --last ${last * 10}.`);
}

/** So many of the newest turns, oldest first. */
async function newest({ session, signal }: Database, id: string, last: number) {
  let data: readonly Turn[] = [];
  let hasMore = true;
  while (hasMore && data.length < last) {
    signal.throwIfAborted();
    const limit = Math.min(last - data.length, PAGE);
    const page = await session(id).turns({ limit, before: data[0]?.id });
    data = [...page.data, ...data];
    hasMore = page.hasMore;
  }
  return { data, hasMore };
}
