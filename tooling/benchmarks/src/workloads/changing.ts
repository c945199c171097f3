import type { Arena, Entry } from '../arena.ts';
import { checkItems, makeItem, makeTurn, TURN_ITEMS } from '../items.ts';
import type { WorkloadResult } from '../results.ts';
import { medianTime } from './timing.ts';

/** The first turn of a conversation that is not there yet. */
export function firstTurn(arena: Arena): Promise<WorkloadResult> {
  const made = new Map<Entry, string[]>();
  return arena.compare({
    workload: 'first-turn',
    title: 'first turn of a new conversation',
    unit: 'ms',
    measure: (entry, round) =>
      medianTime(arena.effort.operations, (call) => {
        const conversation = `first-${round}-${call}`;
        made.set(entry, [...(made.get(entry) ?? []), conversation]);
        const items = makeTurn(conversation, 0);
        return () => entry.conversations.append(conversation, items);
      }),
    async verify(entry) {
      for (const conversation of made.get(entry) ?? [])
        checkItems(await entry.conversations.newest(conversation, 100), makeTurn(conversation, 0));
    },
  });
}

/** Pops of the newest item. */
export function pop(arena: Arena): Promise<WorkloadResult> {
  return arena.compare({
    workload: 'pop',
    title: 'pop the newest item',
    unit: 'ms',
    async measure({ conversations }, round) {
      const { operations } = arena.effort;
      if (!conversations.pop) return undefined;
      const turns = Math.ceil(operations / TURN_ITEMS);
      for (let turn = 0; turn < turns; turn++)
        await conversations.append('popped', makeTurn('popped', `${round}-${turn}`));
      return medianTime(
        operations,
        () => () => conversations.pop?.('popped') ?? Promise.resolve(undefined),
        (item, call) => {
          const position = turns * TURN_ITEMS - 1 - call;
          const turn = `${round}-${Math.floor(position / TURN_ITEMS)}`;
          checkItems([item], [makeItem('popped', turn, position % TURN_ITEMS)]);
        },
      );
    },
  });
}

/** Replaces the newest two items of a turn, if they are what is expected, and once for each operation id. */
export function replaceSuffix(arena: Arena): Promise<WorkloadResult> {
  return arena.compare({
    workload: 'replace-suffix',
    title: 'replace the newest 2 items',
    unit: 'ms',
    async measure({ conversations }, round) {
      if (!conversations.replaceSuffix) return undefined;
      const turn = (call: number, kind: string) => makeTurn('replaced', `${round}-${call}-${kind}`);
      const time = await medianTime(arena.effort.operations, async (call) => {
        await conversations.append('replaced', turn(call, 'old'));
        const operation = `${round}-${call}`;
        const expected = turn(call, 'old').slice(2);
        const replacement = turn(call, 'new').slice(2);
        return async () => conversations.replaceSuffix?.('replaced', operation, expected, replacement);
      });
      const last = arena.effort.operations - 1;
      checkItems(await conversations.newest('replaced', TURN_ITEMS), [
        ...turn(last, 'old').slice(0, 2),
        ...turn(last, 'new').slice(2),
      ]);
      return time;
    },
  });
}
