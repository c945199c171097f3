import type { ImportProgress, SessionStore } from '@stackone/sessions-core';
import type { Command } from 'commander';
import { addCommand, secondsToMs, wholeNumber } from '../command.js';
import { openStore, storeOptions } from '../database.js';
import { variable } from '../database-url.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { interruptible } from '../interruption.js';
import { keepHeapSmall } from '../small-heap.js';
import { counted } from '../terminal/counted.js';
import { Output } from '../terminal/output.js';
import { UsageError } from '../usage-error.js';

interface CopyOptions {
  readonly env?: string;
  readonly tenant?: string;
  readonly storeFrom?: string;
  readonly storeTo?: string;
  readonly concurrency: number;
  readonly verify?: boolean;
  readonly follow?: boolean;
  readonly untilIdle?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `sessions copy`. */
export function addCopy(program: Command): void {
  addCommand(program, {
    name: 'copy',
    summary: 'copy all conversations to another database',
    description:
      'Copies conversations from one database to another, of whichever engine and format, encrypted or not: items in their order with ' +
      'their times, titles, metadata, what models used, remembered operation ids, and runs that are not over, of all tenants. What is ' +
      'there already is never changed: where it was interrupted, say it again.',
    examples: [
      'sessions copy sqlite:./sessions.db sqlite:./copy.db',
      'sessions copy sqlite:./sessions.db sqlite:./copy.db --verify --json',
      'sessions copy sqlite:./sessions.db sqlite:./copy.db --follow --until-idle 1',
    ],
  })
    .argument('[from]', 'the URL of the database that is read, else SESSIONS_FROM_URL of the environment')
    .argument(
      '[to]',
      'the URL of the database that is written to, else SESSIONS_TO_URL; its tables are made if they are not there',
    )
    .option('--verify', 'compare every conversation on both sides afterwards')
    .option(
      '--follow',
      'go on with what changes, until Ctrl+C: all is compared then once more, and what is missing is moved',
    )
    .option(
      '--until-idle <seconds>',
      'with --follow: end so when for so long no conversation got a turn',
      secondsToMs,
    )
    .option('--concurrency <number>', 'how many transactions are under way at the same time', wholeNumber, 4)
    .option('--tenant <tenant>', 'only the conversations of this tenant')
    .option('--store-from <json>', 'options of the first store')
    .option('--store-to <json>', 'options of the second store')
    .option(
      '--env <file>',
      'read SESSIONS_FROM_URL, SESSIONS_TO_URL and SESSIONS_FROM_ENCRYPTION_KEY, SESSIONS_TO_ENCRYPTION_KEY from this file',
    )
    .option('--json', 'print what was done as JSON')
    .option('--quiet', 'print no warnings and notes')
    .action((from: string | undefined, to: string | undefined, options: CopyOptions) =>
      copy(from, to, options),
    );
}

async function copy(from: string | undefined, to: string | undefined, options: CopyOptions): Promise<void> {
  const { env, storeFrom, storeTo, follow, untilIdle, verify } = options;
  if (untilIdle !== undefined && !follow) throw new UsageError('--until-idle is for --follow.');
  if (follow && verify) throw new UsageError('--follow compares at its end: leave --verify out.');
  const fromUrl = from ?? variable(['SESSIONS_FROM_URL'], env);
  const toUrl = to ?? variable(['SESSIONS_TO_URL'], env);
  if (fromUrl === undefined || toUrl === undefined)
    throw new UsageError('From where to where? Give two URLs, or set SESSIONS_FROM_URL and SESSIONS_TO_URL.');
  const output = new Output(options);
  await output.getReady();
  keepHeapSmall();
  await interruptible(async (signal) => {
    const source = storeOptions({
      store: storeFrom,
      env,
      key: 'SESSIONS_FROM_ENCRYPTION_KEY',
      option: '--store-from',
    });
    const target = storeOptions({
      store: storeTo,
      env,
      key: 'SESSIONS_TO_ENCRYPTION_KEY',
      option: '--store-to',
    });
    const read = await openStore(fromUrl, { ...source, createTables: false }, output);
    try {
      const written = await openStore(toUrl, target, output);
      try {
        await copyAll(read, written, output, { ...options, signal });
      } finally {
        await written.close();
      }
    } finally {
      await read.close();
    }
  });
}

async function copyAll(
  from: SessionStore,
  to: SessionStore,
  output: Output,
  {
    tenant,
    concurrency,
    verify = false,
    follow,
    untilIdle,
    quiet,
    signal,
  }: CopyOptions & { readonly signal: AbortSignal },
): Promise<void> {
  const { copyStore } = await import('@stackone/sessions-core');
  const { report, withProgress } = await import('../exchange/report.js');
  const once = () =>
    withProgress(quiet, (onProgress) => copyStore(from, to, { tenant, concurrency, onProgress, signal }));
  // asked to end, it ends well; asked once more, at once
  const following = () =>
    withProgress(quiet, (onProgress) =>
      copyStore(from, to, { tenant, concurrency, onProgress, follow: { cutOver: signal, untilIdle } }),
    );
  const done = follow ? await following() : await once();
  // a second copy compares what is there, and writes what came meanwhile
  const compared = verify ? await once() : undefined;
  if (compared && compared.different.length > done.different.length) await notTheSame(output, compared);
  await report(output, done, compared?.same);
}

async function notTheSame(output: Output, compared: ImportProgress): Promise<never> {
  if (output.isJson) await output.json(compared);
  throw new CommandFailure(
    `not the same in both: ${counted(compared.different.length, 'conversation')}, changed meanwhile, or the copy is wrong.`,
    EXIT.failed,
  );
}
