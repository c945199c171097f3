import type { Arena, Entry } from '../arena.ts';
import { checkItems, makeItem, makeTurn, TURN_ITEMS } from '../items.ts';
import type { WorkloadResult } from '../results.ts';
import { timed } from './timing.ts';

/** Where the server is: what is added to the names of a workload. */
export interface Distance {
  readonly workload: string;
  readonly title: string;
}

const NEAR: Distance = { workload: '', title: '' };

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

/** A pop of the newest item. */
export function pop(arena: Arena, away = NEAR): Promise<WorkloadResult> {
  return arena.compare({
    workload: `pop${away.workload}`,
    title: `pop the newest item${away.title}`,
    unit: 'ms',
    repeats: arena.effort.operations,
    async measure({ conversations }, round, repeat) {
      const { pop: popFrom } = conversations;
      if (!popFrom) return undefined;
      const turn = `${round}-${repeat}`;
      await conversations.append('popped', makeTurn('popped', turn));
      const { ms, answer } = await timed(() => popFrom('popped'));
      checkItems([answer], [makeItem('popped', turn, TURN_ITEMS - 1)]);
      return ms;
    },
  });
}

/** Replaces the newest two items of a turn, if they are what is expected, and once for each operation id. */
export function replaceSuffix(arena: Arena, away = NEAR): Promise<WorkloadResult> {
  return arena.compare({
    workload: `replace-suffix${away.workload}`,
    title: `replace the newest 2 items${away.title}`,
    unit: 'ms',
    repeats: arena.effort.operations,
    async measure({ conversations }, round, repeat) {
      const { replaceSuffix: replaceIn } = conversations;
      if (!replaceIn) return undefined;
      const operation = `${round}-${repeat}`;
      const old = makeTurn('replaced', `${operation}-old`);
      const replacement = makeTurn('replaced', `${operation}-new`).slice(2);
      await conversations.append('replaced', old);
      const { ms } = await timed(() => replaceIn('replaced', operation, old.slice(2), replacement));
      checkItems(await conversations.newest('replaced', TURN_ITEMS), [...old.slice(0, 2), ...replacement]);
      return ms;
    },
  });
}
