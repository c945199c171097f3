import type { ShownEntry } from '../src/wire.ts';
import { fileAddress } from './server.ts';
import { wholeItem } from './whole-item.ts';

/** The items of entries, those that were cut read again as a whole. */
export async function wholeItems(id: string, entries: readonly ShownEntry[]): Promise<unknown[]> {
  const items: unknown[] = [];
  for (const entry of entries) items.push(await wholeItem(id, entry, entries));
  return items;
}

/** An item, or several, as JSON. */
export function asJson(items: unknown): string {
  return JSON.stringify(items, null, 2);
}

/** The request that gives these items, for a shell. The token is not in it: it stands in the address that the command printed. */
export function asCurl(id: string, entries: readonly ShownEntry[]): string {
  const query = new URLSearchParams({ id, limit: String(Math.min(Math.max(entries.length, 1), 200)) });
  // URLSearchParams leaves no quote of a shell
  return `curl -H "Authorization: Bearer $STUDIO_TOKEN" '${fileAddress(`api/entries?${query}`)}'`;
}

/** A module of a test that begins with these items. */
export function asFixture(id: string, items: readonly unknown[]): string {
  return `import type { AgentInputItem } from '@openai/agents';

/** The conversation ${JSON.stringify(id).replaceAll('*/', '*\\u002f')}: \`await session.addItems(items)\` puts it into a store. */
export const items: AgentInputItem[] = ${asJson(items)};
`;
}
