import type { PruneOptions } from '@stackone/sessions-core';
import { type Command, Option } from 'commander';
import { addDatabaseCommand, addUrlArgument, addYesOption, timeOrAge, wholeNumber } from '../command.js';
import { type Database, type DatabaseOptions, onDatabase } from '../database.js';
import { confirm } from '../terminal/confirm.js';
import { counted } from '../terminal/counted.js';
import { printableTime } from '../terminal/printable.js';
import { withProgressLine } from '../terminal/progress-line.js';
import { UsageError } from '../usage-error.js';

interface PruneCommandOptions extends DatabaseOptions {
  readonly olderThan?: Date;
  readonly keepTurns?: number;
  readonly keepItems?: number;
  readonly yes?: boolean;
}

/** `sessions prune`. */
export function addPrune(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'prune',
    summary: 'remove what is old',
    description:
      'Removes conversations whose last turn is old, or what is older than the newest turns or items of each, in small transactions. Where it ' +
      'was interrupted, say it again: it goes on with what is left.',
    examples: [
      'sessions prune --older-than 90d --yes sqlite:./sessions.db',
      'sessions prune --keep-turns 1 --yes --json sqlite:./sessions.db',
    ],
  });
  addYesOption(addUrlArgument(command))
    .option(
      '--older-than <age or time>',
      'conversations whose last turn is earlier: 90d, 12h, or 2026-01-31',
      timeOrAge,
    )
    .option('--keep-turns <number>', 'keep so many of the newest turns of each conversation', wholeNumber)
    .addOption(
      new Option(
        '--keep-items <number>',
        'keep so many of the newest items, and what a model needs before them',
      )
        .argParser(wholeNumber)
        .conflicts('keepTurns'),
    )
    .action((url: string | undefined, options: PruneCommandOptions) => {
      const { olderThan, keepItems, keepTurns } = options;
      if (olderThan === undefined && keepItems === undefined && keepTurns === undefined)
        throw new UsageError('What is old? Give --older-than, --keep-turns or --keep-items.');
      return onDatabase(url, options, (database) => pruneAll(database, options));
    });
}

async function pruneAll(
  { store, sessions, output, signal }: Database,
  options: PruneCommandOptions,
): Promise<void> {
  const { olderThan, keepItems, keepTurns, tenant, quiet = false } = options;
  const keep =
    keepItems !== undefined
      ? { items: keepItems }
      : keepTurns !== undefined
        ? { turns: keepTurns }
        : undefined;
  await confirm(await questionFor(sessions, options), { ...options, signal });
  const scope = tenant === undefined ? store : store.scoped(tenant);
  const done = await withProgressLine(
    quiet,
    'What was removed is gone; the same command goes on with the rest.',
    (show) => {
      const onProgress: PruneOptions['onProgress'] = ({ conversations, shortened, removed }) =>
        show(
          `${counted(conversations, 'conversation')} removed, ${shortened} shortened, ${counted(removed.messages, 'item')}`,
        );
      return scope.prune({ olderThan, keep, onProgress, signal });
    },
  );
  const { conversations, shortened, removed } = done;
  await (output.isJson
    ? output.json(done)
    : output.lines(
        `removed ${counted(conversations, 'conversation')} and shortened ${shortened}: ${counted(removed.messages, 'item')} gone`,
      ));
}

async function questionFor(
  sessions: Database['sessions'],
  { olderThan, keepItems, keepTurns }: PruneCommandOptions,
): Promise<string> {
  const old =
    olderThan &&
    `${counted(await sessions.count({ changedBefore: olderThan }), 'conversation')} not changed since ${printableTime(olderThan)}`;
  const kept =
    keepItems !== undefined
      ? counted(keepItems, 'item')
      : keepTurns !== undefined
        ? counted(keepTurns, 'turn')
        : undefined;
  const beginnings = kept && `all but the newest ${kept} of each conversation`;
  return `Remove ${[old, beginnings].filter((one) => one !== undefined).join(', and ')}?`;
}
