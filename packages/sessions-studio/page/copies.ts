import type { EntriesPage, ShownEntry } from '../src/wire.ts';
import { ask } from './server.ts';

/** The items of entries, those that were cut read again as a whole. */
export async function wholeItems(id: string, entries: readonly ShownEntry[]): Promise<unknown[]> {
  const items: unknown[] = [];
  for (const [at, entry] of entries.entries()) items.push(await wholeItem(id, entry, entries, at));
  return items;
}

async function wholeItem(id: string, entry: ShownEntry, entries: readonly ShownEntry[], at: number) {
  if (!entry.isCut) return entry.item;
  const previous = entries[at - 1];
  const place = previous ? { after: previous.id } : { before: entries[at + 1]?.id };
  const { data } = await ask<EntriesPage>('entries', { id, ...place, whole: 1 });
  const [found] = data;
  if (found?.id !== entry.id) throw new Error('The conversation was changed meanwhile.');
  return found.item;
}

/** An item, or several, as JSON. */
export function asJson(items: unknown): string {
  return JSON.stringify(items, null, 2);
}

/** The request that gives these items, for a shell. The token is not in it: it stands in the address that the command printed. */
export function asCurl(id: string, entries: readonly ShownEntry[]): string {
  const query = new URLSearchParams({ id, limit: String(Math.min(Math.max(entries.length, 1), 200)) });
  // URLSearchParams leaves no quote of a shell
  const url = new URL(`./api/entries?${query}`, location.href.split('#')[0]);
  return `curl -H "Authorization: Bearer $STUDIO_TOKEN" '${url}'`;
}

/** A module of a test that begins with these items. */
export function asFixture(id: string, items: readonly unknown[]): string {
  return `import type { AgentInputItem } from '@openai/agents';

/** The conversation ${JSON.stringify(id).replaceAll('*/', '*\\u002f')}: \`await session.addItems(items)\` puts it into a store. */
export const items: AgentInputItem[] = ${asJson(items)};
`;
}
