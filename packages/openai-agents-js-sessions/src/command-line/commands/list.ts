import type { SessionInfo, SessionListOptions } from '@stackone/sessions-core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addDatabaseCommand, addUrlArgument, time, wholeNumber } from '../command.js';
import { type Database, type DatabaseOptions, onDatabase } from '../database.js';
import { printableLine, printableTime } from '../terminal/printable.js';

interface ListOptions extends DatabaseOptions {
  readonly prefix?: string;
  readonly changedAfter?: Date;
  readonly changedBefore?: Date;
  readonly metadata?: Record<string, string | number | boolean>;
  readonly by: 'changed' | 'created' | 'id';
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly all?: boolean;
  readonly count?: boolean;
}

/** The most that is read at once. */
const PAGE = 1000;

/** `sessions list`. */
export function addList(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'list',
    summary: 'list conversations',
    description: 'Lists conversations, the one that changed last first.',
    examples: [
      'sessions list sqlite:./sessions.db',
      'sessions list --prefix chat_ --by created --order asc --all --json sqlite:./sessions.db',
      'sessions list --changed-after 2026-11-01 --count sqlite:./sessions.db',
      'sessions list --metadata topic=billing sqlite:./sessions.db',
    ],
  });
  addUrlArgument(command)
    .option('--prefix <text>', 'only those whose ids begin with this')
    .option('--changed-after <time>', 'only those that changed later, like 2026-11-28T12:00:00Z', time)
    .option('--changed-before <time>', 'only those that changed earlier', time)
    .option('--metadata <key=value>', 'only those with this in their metadata; may be repeated', metadata)
    .addOption(
      new Option('--by <what>', 'what they are sorted by')
        .choices(['changed', 'created', 'id'])
        .default('changed'),
    )
    .addOption(
      new Option('--order <order>', 'the newest first, or last').choices(['asc', 'desc']).default('desc'),
    )
    .option('--limit <number>', 'how many at most', wholeNumber, 20)
    .option('--all', 'all of them')
    .option('--count', 'print only how many there are')
    .action((url: string | undefined, options: ListOptions) =>
      onDatabase(url, options, (database) => (options.count ? count : list)(database, options)),
    );
}

/** A value is JSON where it is a number, true or false; else, and in quotes, it is a text. */
function metadata(text: string, before: ListOptions['metadata']): ListOptions['metadata'] {
  const [, key = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === '') throw new InvalidArgumentError('It must be like topic=billing.');
  return { ...before, [key]: scalar(value) };
}

function scalar(text: string): string | number | boolean {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  } catch {
    // it is a text without quotes
  }
  return text;
}

function filterOf({ prefix, changedAfter, changedBefore, metadata: wanted }: ListOptions) {
  return { idPrefix: prefix, changedAfter, changedBefore, metadata: wanted };
}

async function count({ sessions, output }: Database, options: ListOptions): Promise<void> {
  const number = await sessions.count(filterOf(options));
  await (output.isJson ? output.json({ count: number }) : output.lines(String(number)));
}

async function list(database: Database, options: ListOptions): Promise<void> {
  const { by, order, limit, all } = options;
  const { printPages } = await import('../terminal/pages.js');
  const asked: SessionListOptions = { ...filterOf(options), by, order };
  const listing = {
    head: ['ID', 'CHANGED', 'TITLE'],
    rows: (info: SessionInfo) => [row(info)],
    none: 'There are no such conversations.',
    limit,
    all,
    pageSize: PAGE,
  };
  await printPages(database, listing, (page) => database.sessions.list({ ...asked, ...page }));
}

function row({ id, updatedAt, title = '' }: SessionInfo): string[] {
  return [printableLine(id), printableTime(updatedAt), printableLine(title)];
}
