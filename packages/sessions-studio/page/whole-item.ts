import type { EntriesPage, ShownEntry } from '../src/wire.ts';
import { ask } from './server.ts';

/**
 * The item of an entry, read again where its long texts were cut.
 *
 * @param entries - The entries that it stands among.
 * @throws Error where the conversation was changed meanwhile.
 */
export async function wholeItem(
  id: string,
  entry: ShownEntry,
  entries: readonly ShownEntry[],
): Promise<unknown> {
  if (!entry.isCut) return entry.item;
  const at = entries.indexOf(entry);
  const previous = entries[at - 1];
  const place = previous ? { after: previous.id } : { before: entries[at + 1]?.id };
  const { data } = await ask<EntriesPage>('entries', { id, ...place, whole: 1 });
  const [found] = data;
  if (found?.id !== entry.id) throw new Error('The conversation was changed meanwhile.');
  return found.item;
}
