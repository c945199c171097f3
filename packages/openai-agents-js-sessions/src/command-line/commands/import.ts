import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import type { SessionRecord } from '@stackone/sessions-core';
import type { RunRecord } from '@stackone/sessions-core/backend';
import type { Command } from 'commander';
import { addDatabaseCommand, addUrlArgument } from '../command.js';
import { type DatabaseOptions, onDatabase } from '../database.js';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { keepHeapSmall } from '../small-heap.js';

/** `sessions import`. */
export function addImport(program: Command): void {
  const command = addDatabaseCommand(program, {
    name: 'import',
    summary: 'read conversations from a file that "export" wrote',
    description:
      'Writes the conversations of an export to a database, with their times, and makes its tables if they are not there. What is ' +
      'there already is never changed: where it was interrupted, say it again.',
    tenant: 'only the conversations of this tenant',
    examples: [
      'sessions export --output sessions.jsonl sqlite:./sessions.db && sessions import sessions.jsonl sqlite:./other.db',
      'sessions export sqlite:./sessions.db | sessions import - sqlite:./other.db --json',
    ],
  }).argument('<file>', 'the file; - for standard input');
  addUrlArgument(command).action(async (file: string, url: string | undefined, options: DatabaseOptions) => {
    if (file !== '-')
      await access(file).catch(() => {
        throw new CommandFailure(
          'The file cannot be read: it is not there, or this user may not.',
          EXIT.notFound,
        );
      });
    keepHeapSmall();
    await onDatabase(
      url,
      options,
      async ({ store, output, signal }) => {
        const { importSessions } = await import('@stackone/sessions-core');
        const { linesOf, readRecords } = await import('../exchange/lines.js');
        const { report, withProgress } = await import('../exchange/report.js');
        const input = file === '-' ? process.stdin.setEncoding('utf8') : createReadStream(file, 'utf8');
        const records = ofTenant(readRecords(linesOf(input)), options.tenant);
        const done = await withProgress(options.quiet, (onProgress) =>
          importSessions(store, records, { onProgress, signal }),
        );
        await report(output, done);
      },
      { makesTables: true },
    );
  });
}

async function* ofTenant(
  records: AsyncIterable<SessionRecord | RunRecord>,
  tenant: string | undefined,
): AsyncGenerator<SessionRecord | RunRecord> {
  for await (const record of records) if (tenant === undefined || record.tenant === tenant) yield record;
}
