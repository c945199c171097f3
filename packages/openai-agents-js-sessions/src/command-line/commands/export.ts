import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { addDatabaseCommand, addUrlArgument, addYesOption } from '../command.js';
import { type Database, type DatabaseOptions, onDatabase } from '../database.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { confirm } from '../terminal/confirm.js';
import { counted } from '../terminal/counted.js';
import { ProgressLine } from '../terminal/progress-line.js';

interface ExportOptions extends DatabaseOptions {
  readonly id?: readonly string[];
  readonly output?: string;
  readonly yes?: boolean;
}

/** `sessions export`. */
export function addExport(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'export',
    summary: 'write conversations to a file, as JSON lines',
    description:
      'Writes conversations with all that is kept of them, and runs that are not over, as JSON lines: to standard output, or to a file. Those of all ' +
      'tenants too, unless --tenant says which. An encrypted database is exported in the clear.',
    tenant: 'only the conversations of this tenant',
    examples: [
      'sessions export sqlite:./sessions.db > sessions.jsonl',
      'sessions export --output sessions.jsonl sqlite:./sessions.db',
      'sessions export --tenant acme --id chat_1 sqlite:./sessions.db',
    ],
  });
  addYesOption(addUrlArgument(command))
    .option('--id <id>', 'only this conversation; may be repeated', (id: string, ids: string[] = []) => [
      ...ids,
      id,
    ])
    .option('-o, --output <file>', 'a file, which is there only when it is whole')
    .action((url: string | undefined, options: ExportOptions) =>
      onDatabase(url, options, (database) => exportTo(database, options)),
    );
}

async function exportTo(database: Database, options: ExportOptions): Promise<void> {
  const { output: file, quiet = false } = options;
  const progress = new ProgressLine(quiet || file === undefined);
  if (file === undefined) {
    for await (const line of linesFor(database, options, progress)) await database.output.write(line);
    return;
  }
  if (await stat(file).catch(() => undefined))
    await confirm('The file is there already. Replace it?', { ...options, signal: database.signal });
  const part = `${file}.part`;
  try {
    await pipeline(linesFor(database, options, progress), createWriteStream(part));
    await rename(part, file);
  } finally {
    progress.end();
    await rm(part, { force: true });
  }
}

async function* linesFor(
  { store, signal }: Database,
  { id: ids, tenant }: ExportOptions,
  progress: ProgressLine,
): AsyncGenerator<string> {
  const { exportSessions } = await import('@stackone/sessions-core');
  const { LineWriter } = await import('../exchange/lines.js');
  const writer = new LineWriter();
  yield writer.begin();
  let sessions = 0;
  let unread = 0;
  const absent = new Set(ids);
  for await (const record of exportSessions(store, { ids, tenant, signal, runs: true })) {
    if ('steps' in record) {
      yield writer.run(record);
      absent.delete(record.sessionId);
      continue;
    }
    yield* writer.session(record);
    absent.delete(record.id);
    unread += record.unread ?? 0;
    progress.show(counted(++sessions, 'conversation'));
  }
  yield writer.end();
  if (absent.size > 0)
    throw new CommandFailure(`${absent.size} of the conversations are not there.`, EXIT.notFound);
  if (unread > 0)
    throw new CommandFailure(
      `left out, no item or opened by no key: ${counted(unread, 'row')}.`,
      EXIT.failed,
    );
}
