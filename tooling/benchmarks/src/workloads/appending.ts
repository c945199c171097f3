import type { Arena, Entry } from '../arena.ts';
import { checkInterleaved, checkItems, makeTurn, newestItems, TURN_ITEMS } from '../items.ts';
import type { WorkloadResult } from '../results.ts';
import { timed } from './timing.ts';

/** One caller, one conversation, one turn after the other. */
export function appendAlone(arena: Arena): Promise<WorkloadResult> {
  const turns = new Map<Entry, number>();
  return arena.compare({
    workload: 'append-alone',
    title: 'append a turn, alone',
    unit: 'ms',
    repeats: arena.effort.operations,
    async measure(entry) {
      const turn = turns.get(entry) ?? 0;
      turns.set(entry, turn + 1);
      const items = makeTurn('alone', turn);
      return (await timed(() => entry.conversations.append('alone', items))).ms;
    },
    async verify(entry) {
      const count = turns.get(entry) ?? 0;
      checkItems(
        await entry.conversations.newest('alone', count * TURN_ITEMS),
        newestItems('alone', count, count * TURN_ITEMS),
      );
    },
  });
}

/** Callers that append turns at the same time, each to a conversation of its own or all to one. */
export function appendTogether(arena: Arena, callers: number, shared = false): Promise<WorkloadResult> {
  const name = (caller: number) => (shared ? `shared-${callers}` : `of-${callers}-${caller}`);
  /** What each caller has appended. */
  const appended = new Map<Entry, string[][]>();
  return arena.compare({
    workload: shared ? `append-${callers}-one` : `append-${callers}`,
    title: `append turns, ${callers} callers, ${shared ? 'ONE conversation' : `${callers} conversations`}`,
    unit: 'turns/s',
    async measure(entry, round) {
      const all = appended.get(entry) ?? Array.from({ length: callers }, () => []);
      appended.set(entry, all);
      let turns = 0;
      const started = performance.now();
      const end = started + arena.effort.callersTime;
      await Promise.all(
        all.map(async (own, caller) => {
          // at least one each, and in the first round no more: that one makes the conversations
          do {
            const turn = `${caller}-${own.length}`;
            own.push(turn);
            await entry.conversations.append(name(caller), makeTurn(name(caller), turn));
            turns += 1;
          } while (round > 0 && performance.now() < end);
        }),
      );
      return (turns / (performance.now() - started)) * 1000;
    },
    async verify(entry) {
      const all = appended.get(entry) ?? [];
      const groups = shared ? [all] : all.map((own) => [own]);
      for (const [caller, group] of groups.entries()) {
        const items = await entry.conversations.newest(name(caller), (group.flat().length + 1) * TURN_ITEMS);
        checkInterleaved(items, name(caller), group);
      }
    },
  });
}
