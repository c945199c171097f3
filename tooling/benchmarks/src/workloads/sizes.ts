import type { Arena, Entry } from '../arena.ts';
import { checkItems, makeTurn, newestItems, TURN_ITEMS } from '../items.ts';
import type { WorkloadResult } from '../results.ts';
import { medianTime } from './timing.ts';

const READ = 20;

/** Reads the newest items of a conversation that is long already, and appends to it. */
export async function ofSize(arena: Arena, items: number): Promise<WorkloadResult[]> {
  const conversation = `size-${items}`;
  /** How many turns each database has: contenders with the same tables share one. */
  const turns = new Map<string, number>();
  const turnsOf = ({ url }: Entry) => turns.get(url) ?? 0;
  for (const entry of arena.entries) {
    if (turns.has(entry.url)) continue;
    await fill(arena, entry, conversation, items / TURN_ITEMS);
    turns.set(entry.url, items / TURN_ITEMS);
  }
  const read = await arena.compare({
    workload: `newest-20-of-${items}`,
    title: `newest 20 of ${items.toLocaleString('en')} items`,
    unit: 'ms',
    measure(entry) {
      const expected = newestItems(conversation, turnsOf(entry), READ);
      return medianTime(
        arena.effort.operations,
        () => () => entry.conversations.newest(conversation, READ),
        (actual) => checkItems(actual, expected),
      );
    },
  });
  const append = await arena.compare({
    workload: `append-to-${items}`,
    title: `append a turn to ${items.toLocaleString('en')} items`,
    unit: 'ms',
    measure: (entry) =>
      medianTime(arena.effort.operations, () => {
        const turn = turnsOf(entry);
        turns.set(entry.url, turn + 1);
        const turnItems = makeTurn(conversation, turn);
        return () => entry.conversations.append(conversation, turnItems);
      }),
    async verify(entry) {
      checkItems(
        await entry.conversations.newest(conversation, 100),
        newestItems(conversation, turnsOf(entry), 100),
      );
    },
  });
  return [read, append];
}

async function fill(arena: Arena, entry: Entry, conversation: string, turns: number): Promise<void> {
  if (entry.contender.rank === 'ours' || entry.contender.rank === 'by-hand')
    return arena.engine.fill(entry.url, conversation, turns);
  if (entry.conversations.fill) return entry.conversations.fill(conversation, turns);
  for (let turn = 0; turn < turns; turn++)
    await entry.conversations.append(conversation, makeTurn(conversation, turn));
}
