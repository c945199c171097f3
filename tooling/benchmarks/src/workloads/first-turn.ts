import type { Arena, Entry } from '../arena.ts';
import { checkItems, makeTurn } from '../items.ts';
import type { WorkloadResult } from '../results.ts';
import { timed } from './timing.ts';

/** The first turn of a conversation that is not there yet. */
export function firstTurn(arena: Arena): Promise<WorkloadResult> {
  const made = new Map<Entry, string[]>();
  return arena.compare({
    workload: 'first-turn',
    title: 'first turn of a new conversation',
    unit: 'ms',
    repeats: arena.effort.operations,
    async measure(entry, round, repeat) {
      const conversation = `first-${round}-${repeat}`;
      made.set(entry, [...(made.get(entry) ?? []), conversation]);
      const items = makeTurn(conversation, 0);
      return (await timed(() => entry.conversations.append(conversation, items))).ms;
    },
    async verify(entry) {
      for (const conversation of made.get(entry) ?? [])
        checkItems(await entry.conversations.newest(conversation, 100), makeTurn(conversation, 0));
    },
  });
}
