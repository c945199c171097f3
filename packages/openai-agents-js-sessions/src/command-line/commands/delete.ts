import type { Command } from 'commander';
import { addDatabaseCommand, addYesOption, secondsToMs } from '../command.js';
import { type Database, type DatabaseOptions, noSuchConversation, onDatabase } from '../database.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { confirm } from '../terminal/confirm.js';
import { counted } from '../terminal/counted.js';
import { printableLine } from '../terminal/printable.js';
import { withProgressLine } from '../terminal/progress-line.js';
import { UsageError } from '../usage-error.js';

interface DeleteOptions extends DatabaseOptions {
  readonly all?: boolean;
  readonly refuseFor?: number;
  readonly yes?: boolean;
}

/** In ms. */
const HOUR = 3_600_000;

/** `sessions delete`. */
export function addDelete(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'delete',
    summary: 'delete conversations',
    description:
      'Deletes conversations with all that is kept of them, or all of a tenant. A run that is under way cannot bring one back ' +
      'for the time of --refuse-for. Where it was interrupted, say it again: it goes on with what is left.',
    examples: [
      'sessions delete chat_123 --yes --url sqlite:./sessions.db',
      'sessions delete chat_123 chat_456 --yes --json --url sqlite:./sessions.db',
      'sessions delete --tenant acme --all --yes --url sqlite:./sessions.db',
    ],
  });
  addYesOption(command.argument('[ids...]', 'the ids of the conversations'))
    .option('--all', 'all conversations of the tenant of --tenant')
    .option(
      '--refuse-for <seconds>',
      'for how long nobody can begin them again (default: 3600, where the database has the table for it)',
      refusal,
    )
    .action((ids: string[], options: DeleteOptions) => {
      const { all = false, tenant } = options;
      if (all && ids.length > 0) throw new UsageError('Give ids, or --all.');
      if (all && tenant === undefined) throw new UsageError('--all is for the conversations of a --tenant.');
      if (!all && ids.length === 0) throw new UsageError('Which conversations? Give their ids.');
      return onDatabase(undefined, options, (database) =>
        all && tenant !== undefined
          ? deleteTenant(database, tenant, options)
          : deleteConversations(database, [...new Set(ids)], options),
      );
    });
}

const refusal = (text: string) => (text === '0' ? 0 : secondsToMs(text));

function refuseFor({ store }: Database, asked: number | undefined): number {
  return asked ?? (store.supports.erasure ? HOUR : 0);
}

const GOING_ON = 'What was deleted is gone; the same command goes on with the rest.';

/** What is gone so far. */
interface Erased {
  readonly conversations: number;
  readonly removed: { readonly messages: number };
}

function shownProgress({ conversations, removed }: Erased): string {
  return `${counted(conversations, 'conversation')}, ${counted(removed.messages, 'item')}`;
}

async function deleteConversations(
  database: Database,
  ids: readonly string[],
  options: DeleteOptions,
): Promise<void> {
  const { sessions, output, signal } = database;
  const found = await Promise.all(ids.map((id) => sessions.retrieve(id)));
  const there = found.flatMap((info) => info ?? []);
  if (ids.length === 1 && there.length === 0) noSuchConversation();
  const [first] = there;
  const named =
    there.length === 1 && first
      ? `the conversation ${printableLine(first.title ?? first.id)}`
      : counted(there.length, 'conversation');
  if (there.length > 0) await confirm(`Delete ${named}, with all items?`, { ...options, signal });
  const refused = refuseFor(database, options.refuseFor);
  for (const id of ids) {
    const { conversations, removed } = await withProgressLine(options.quiet, GOING_ON, (show) => {
      signal.throwIfAborted();
      const onProgress = (erased: Erased) => show(shownProgress(erased));
      return sessions.delete({ ids: [id], refuseFor: refused, signal, onProgress });
    });
    if (output.isJson) await output.json({ id, deleted: conversations > 0, removed });
    else if (conversations > 0)
      await output.lines(`deleted ${printableLine(id)}: ${counted(removed.messages, 'item')}`);
    else await output.lines(`not there: ${printableLine(id)}`);
  }
  if (there.length < ids.length)
    throw new CommandFailure(
      `${ids.length - there.length} of the conversations were not there.`,
      EXIT.notFound,
    );
}

async function deleteTenant(database: Database, tenant: string, options: DeleteOptions): Promise<void> {
  const { sessions, output, signal } = database;
  const number = await sessions.count();
  await confirm(
    `Delete ${number === 1 ? 'the one conversation' : `all ${number} conversations`} of the tenant ${printableLine(tenant)}?`,
    {
      ...options,
      signal,
    },
  );
  const refused = refuseFor(database, options.refuseFor);
  const erased = await withProgressLine(options.quiet, GOING_ON, (show) => {
    const onProgress = (done: Erased) => show(shownProgress(done));
    return sessions.delete({ tenant, refuseFor: refused, signal, onProgress });
  });
  if (output.isJson) await output.json(erased);
  else
    await output.lines(
      `deleted ${counted(erased.conversations, 'conversation')}: ${counted(erased.removed.messages, 'item')}`,
    );
}
