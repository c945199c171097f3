import type { ImportProgress, SessionName } from '@stackone/sessions-core';
import { CommandFailure, EXIT } from '../exit-codes.js';
import { counted } from '../terminal/counted.js';
import type { Output } from '../terminal/output.js';
import { printableLine } from '../terminal/printable.js';
import { withProgressLine } from '../terminal/progress-line.js';

/** Shows how far an import or a copy is, and after an interruption says how to go on. */
export function withProgress(
  quiet: boolean | undefined,
  work: (onProgress: (progress: ImportProgress) => void) => Promise<ImportProgress>,
): Promise<ImportProgress> {
  return withProgressLine(quiet, 'What was written stays; the same command goes on with the rest.', (show) =>
    work(({ sessions, items, runs }) =>
      show(
        `${counted(sessions, 'conversation')}, ${counted(items, 'item')}${runs > 0 ? `, ${counted(runs, 'run')}` : ''}`,
      ),
    ),
  );
}

/**
 * Tells what an import or a copy did.
 *
 * @param verified - How many conversations were compared afterwards, and are the same.
 * @throws CommandFailure where something is not as it was in the source.
 */
export async function report(output: Output, done: ImportProgress, verified?: number): Promise<void> {
  const { stored, items, runs, same, different, erased, unread, unkept } = done;
  if (output.isJson) await output.json({ ...done, verified });
  else
    await output.lines(
      `written: ${counted(stored, 'conversation')} with ${counted(items, 'item')}; there already: ${same}`,
    );
  if (runs > 0 && !output.isJson) await output.lines(`written: ${counted(runs, 'run')} not over yet`);
  if (verified !== undefined && !output.isJson)
    await output.lines(`verified, the same in both: ${counted(verified, 'conversation')}`);
  for (const name of different) output.note(`not written, another one is there: ${shown(name)}`);
  for (const name of erased) output.note(`not written, it was erased a short time ago: ${shown(name)}`);
  if (unread > 0) output.note(`left out, no item or opened by no key: ${counted(unread, 'row')}`);
  if (unkept > 0)
    output.note(
      `not kept: ${unkept} numbers of models, operation ids or runs that this database has no table or no keys for`,
    );
  const refused = different.length + erased.length;
  if (refused > 0)
    throw new CommandFailure(`not written: ${counted(refused, 'conversation')}.`, EXIT.refused);
  if (unread > 0) throw new CommandFailure(`left out: ${counted(unread, 'row')}.`, EXIT.failed);
}

function shown({ id, tenant }: SessionName): string {
  return tenant === undefined
    ? printableLine(id)
    : `${printableLine(id)} of the tenant ${printableLine(tenant)}`;
}
